#include "schemas/schema_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"
#include "schemas/schema_constraints.hpp"
#include "schemas/schema_words.hpp"
#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

// A schema that refers to itself for the same value goes on for ever, and nested alternatives can double the work with
// each level.
constexpr size_t kDeepest = 2'000;
constexpr size_t kMostSteps = 20'000'000;
constexpr size_t kStepsOfSubschema = 8;     // a step is what a key, a required name or a value of an enumeration takes
constexpr size_t kMostToTellApart = 1'000;  // alternatives

bool is_false(const Node& node) {
  return node.kind == NodeKind::kBool && !node.boolean;
}

}  // namespace

std::vector<SchemaProblem> SchemaChecker::check(NodeId root) {
  Problems problems;
  all_problems_ = &problems;
  fits(*schema_.top, root, &problems);
  return problems;
}

void SchemaChecker::refuse_limit(const std::string& what) const {
  Diagnostic diagnostic;
  diagnostic.code = "schema-limit";
  diagnostic.message = fmt::format("{}: the check gives up", what);
  diagnostic.key_path = tree_.key_path(node_);
  if (here().pos) diagnostic.labels.push_back({here().pos, 1, {}});
  throw ConfigError(std::move(diagnostic));
}

void SchemaChecker::take_steps(size_t steps) {
  effort_.steps += steps;
  if (effort_.steps > kMostSteps) refuse_limit(fmt::format("the schema takes more than {} steps", kMostSteps));
}

std::vector<std::string> SchemaChecker::near(std::string_view wanted, const std::vector<std::string>& known) {
  const size_t effort = known.size() * (1 + wanted.size()) * (1 + wanted.size());
  if (effort > effort_.guesses_left) return {};
  effort_.guesses_left -= effort;
  return nearest_names(wanted, known, 1);
}

bool SchemaChecker::fits(const Subschema& subschema, NodeId node, Problems* problems) {
  const auto* const written = dynamic_cast<const PartSubschema*>(&subschema);
  const uint32_t part = written ? written->part() : part_;
  if (written && problems && problems == all_problems_) applied_.push_back({node, part});
  // What is not known yet fits everything: `???`, and interpolations that only the training program can follow.
  const NodeKind kind = tree_[node].kind;
  if (kind == NodeKind::kMissing || kind == NodeKind::kInterpolation) return true;
  if (written) schema_.constraints->make(*written);
  const NodeId node_before = std::exchange(node_, node);
  if (++depth_ > kDeepest) refuse_limit("the schema applies itself to this value without end");
  take_steps(kStepsOfSubschema);
  const uint32_t part_before = std::exchange(part_, part);
  Problems* const problems_before = std::exchange(problems_, problems);
  const bool is_to_go_on = wants_words();
  valijson::Subschema::ApplyFunction apply = [this](const valijson::constraints::Constraint& constraint) {
    return constraint.accept(*this);
  };
  const bool answer = is_to_go_on ? subschema.apply(apply) : subschema.applyStrict(apply);
  problems_ = problems_before;
  part_ = part_before;
  node_ = node_before;
  --depth_;
  return answer;
}

bool SchemaChecker::refuse(std::string code, std::string message, std::vector<std::string> notes, std::string meant) {
  if (wants_words()) {
    problems_->push_back(
        {std::move(code), node_, false, {}, part_, std::move(message), std::move(notes), std::move(meant)});
  }
  return false;
}

bool SchemaChecker::refuse_key(std::string code, NodeId child, std::string message, std::vector<std::string> notes,
                               std::string meant) {
  if (wants_words()) {
    problems_->push_back(
        {std::move(code), child, true, {}, part_, std::move(message), std::move(notes), std::move(meant)});
  }
  return false;
}

std::string SchemaChecker::path(NodeId id) const {
  std::string path = tree_.key_path(id);
  return path.empty() ? "the top level" : fmt::format("'{}'", path);
}

bool SchemaChecker::is_number() const {
  return here().kind == NodeKind::kInt || here().kind == NodeKind::kBigInt || here().kind == NodeKind::kFloat;
}

double SchemaChecker::number() const {
  if (here().kind == NodeKind::kInt) return static_cast<double>(here().integer);
  if (here().kind == NodeKind::kFloat) return here().real;
  return std::strtod(std::string(here().text()).c_str(), nullptr);
}

std::vector<SchemaProblem> SchemaChecker::unnamed_keys(NodeId root) {
  Problems problems;
  find_unnamed_keys(root, problems);
  return problems;
}

void SchemaChecker::find_unnamed_keys(NodeId map, Problems& problems) {
  for (const NodeId child : tree_.children(map)) {
    if (!marks_[map].has_names || marks_[child].is_named) {
      find_unnamed_keys(child, problems);
      continue;
    }
    node_ = map;
    part_ = marks_[map].part;
    problems_ = &problems;
    std::vector<std::string> known;
    const NodeId properties = part().member("properties");
    for (const NodeId name : part().tree->children(properties))
      known.emplace_back((*part().tree)[name].key().text);
    refuse_unknown_key(child, known);
  }
}

// --- Lists ---

bool SchemaChecker::check_count(NodeKind kind, bool fits, std::string_view allowed) {
  if (here().kind != kind || fits) return true;
  return wants_words()
             ? refuse("schema-count", fmt::format("{} has {}, but must have {}", subject(),
                                                  kind == NodeKind::kList ? counted(here().length, "item", "items")
                                                                          : counted(here().length, "key", "keys"),
                                                  allowed))
             : false;
}

bool SchemaChecker::visit(const MaxItemsConstraint& constraint) {
  return check_count(NodeKind::kList, here().length <= constraint.getMaxItems(),
                     fmt::format("at most {}", constraint.getMaxItems()));
}

bool SchemaChecker::visit(const MinItemsConstraint& constraint) {
  return check_count(NodeKind::kList, here().length >= constraint.getMinItems(),
                     fmt::format("at least {}", constraint.getMinItems()));
}

bool SchemaChecker::visit(const UniqueItemsConstraint& /*constraint*/) {
  if (here().kind != NodeKind::kList) return true;
  // Numbers are equal as values: 1 and 1.0 are the same item, which the library's ordering of values knows.
  take_steps(here().length);
  std::vector<std::pair<nlohmann::json, NodeId>> items;
  for (const NodeId child : tree_.children(node_))
    items.emplace_back(to_json_value(tree_, child), child);
  std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto twice =
      std::adjacent_find(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == items.end()) return true;
  if (!wants_words()) return false;
  const NodeId node = std::exchange(node_, (twice + 1)->second);
  refuse("schema-duplicate-item", fmt::format("{} is {}, as is item {} already: no item may be there twice", subject(),
                                              value_in_words(tree_, node_), tree_.index_of(twice->second)));
  node_ = node;
  return false;
}

bool SchemaChecker::visit(const SingularItemsConstraint& constraint) {
  if (here().kind != NodeKind::kList) return true;
  bool all_fit = true;
  for (const NodeId child : tree_.children(node_)) {
    all_fit &= fits(*constraint.getItemsSubschema(), child, problems_);
    if (!all_fit && !wants_words()) return false;
  }
  return all_fit;
}

bool SchemaChecker::visit(const LinearItemsConstraint& constraint) {
  if (here().kind != NodeKind::kList) return true;
  NodeId child = here().child.first;
  bool all_fit = true;
  constraint.applyToItemSubschemas([&](unsigned /*index*/, const Subschema* subschema) {
    if (child == kNoNode) return false;
    all_fit &= fits(*subschema, child, problems_);
    child = tree_[child].next;
    return true;
  });
  const Subschema* const rest = constraint.getAdditionalItemsSubschema();
  for (; child != kNoNode; child = tree_[child].next) {
    if (rest) {
      all_fit &= fits(*rest, child, problems_);
    } else {
      all_fit = refuse_key(
          "schema-count", child,
          fmt::format("{} is one item too many: there may be {}", path(child), constraint.getItemSubschemaCount()));
    }
  }
  return all_fit;
}

bool SchemaChecker::visit(const ContainsConstraint& constraint) {
  if (here().kind != NodeKind::kList) return true;
  for (const NodeId child : tree_.children(node_)) {
    if (fits(*constraint.getSubschema(), child, nullptr)) return true;
  }
  return wants_words()
             ? refuse("schema-contains", fmt::format("{} has no item of the kind that it must have", subject()))
             : false;
}

// --- Mappings ---

bool SchemaChecker::visit(const MaxPropertiesConstraint& constraint) {
  return check_count(NodeKind::kMap, here().length <= constraint.getMaxProperties(),
                     fmt::format("at most {}", constraint.getMaxProperties()));
}

bool SchemaChecker::visit(const MinPropertiesConstraint& constraint) {
  return check_count(NodeKind::kMap, here().length >= constraint.getMinProperties(),
                     fmt::format("at least {}", constraint.getMinProperties()));
}

/// Where other keys are allowed, nothing else says that one of them was meant to be `key`.
std::vector<std::string> SchemaChecker::notes_on_misspelt(const std::string& key) {
  const size_t effort = here().length + schema_.properties[part_].size();
  if (effort > effort_.guesses_left) return {};
  effort_.guesses_left -= effort;
  std::set<std::string_view> named;
  for (const SchemaProperty& property : schema_.properties[part_])
    named.insert((*part().tree)[property.name].key().text);
  std::vector<std::string> others;
  for (const NodeId child : tree_.children(node_)) {
    const std::string_view name = tree_[child].key().text;
    if (!named.contains(name)) others.emplace_back(name);
  }
  const std::vector<std::string> nearest = near(key, others);
  if (nearest.empty()) return {};
  return {fmt::format("it has '{}': did you mean '{}'?", nearest[0], key)};
}

bool SchemaChecker::visit(const RequiredConstraint& constraint) {
  if (here().kind != NodeKind::kMap) return true;
  bool all_there = true;
  constraint.applyToRequiredProperties([&](const auto& name) {
    take_steps(1);
    const std::string key(name.c_str(), name.size());
    if (tree_.find(node_, Key(key)) != kNoNode) return true;
    all_there = false;
    if (!wants_words()) return false;
    problems_->push_back({"schema-required",
                          node_,
                          false,
                          key,
                          part_,
                          fmt::format("{} lacks the key '{}'", subject(), key),
                          notes_on_misspelt(key),
                          {}});
    return true;
  });
  return all_there;
}

bool SchemaChecker::refuse_unknown_key(NodeId child, const std::vector<std::string>& known) {
  if (!wants_words()) return false;
  const std::string name(tree_[child].key().text);
  std::vector<std::string> notes;
  std::string meant;
  const std::vector<std::string> nearest = near(name, known);
  if (!nearest.empty()) {
    notes.push_back(fmt::format("did you mean '{}'?", nearest[0]));
    meant = nearest[0];
  } else if (!known.empty() && known.size() <= kMostListed) {
    notes.push_back(fmt::format("its keys are {}", fmt::join(known, ", ")));
  }
  const std::string parent = tree_.key_path(node_);
  return refuse_key(
      "schema-unknown-key", child,
      parent.empty() ? fmt::format("there is no key '{}'", name) : fmt::format("'{}' has no key '{}'", parent, name),
      std::move(notes), std::move(meant));
}

std::vector<std::string> SchemaChecker::names_of(const PropertiesConstraint& constraint) const {
  std::vector<std::string> names;
  if (!wants_words()) return names;
  constraint.applyToProperties([&](const auto& name, const Subschema* /*subschema*/) {
    names.emplace_back(name.c_str(), name.size());
    return true;
  });
  return names;
}

bool SchemaChecker::visit(const PropertiesConstraint& constraint) {
  if (here().kind != NodeKind::kMap) return true;
  bool all_fit = true;
  std::vector<NodeId> matched;  // sorted: which children some property or pattern is about
  const auto check = [&](const Subschema* subschema, NodeId child) {
    matched.push_back(child);
    if (!marks_.empty()) marks_[child].is_named = true;
    all_fit &= fits(*subschema, child, problems_);
    return all_fit || wants_words();
  };
  bool has_names = false;
  constraint.applyToProperties([&](const auto& name, const Subschema* subschema) {
    take_steps(1);
    has_names = true;
    const std::string_view key(name.c_str(), name.size());
    const NodeId child = tree_.find(node_, Key(key));
    return child == kNoNode || check(subschema, child);
  });
  constraint.applyToPatternProperties([&](const auto& name, const Subschema* subschema) {
    const std::string pattern(name.c_str(), name.size());
    for (const NodeId child : tree_.children(node_)) {
      if (found(pattern, tree_[child].key().text) && !check(subschema, child)) return false;
    }
    return true;
  });
  if (!all_fit && !wants_words()) return false;
  if (has_names && !marks_.empty()) {
    marks_[node_].has_names = true;
    marks_[node_].part = part_;
  }
  const Subschema* const others = constraint.getAdditionalPropertiesSubschema();
  if (!others) return all_fit;
  const NodeId written = part().member("additionalProperties");
  const bool closed = written != kNoNode && is_false((*part().tree)[written]);
  std::sort(matched.begin(), matched.end());
  for (const NodeId child : tree_.children(node_)) {
    if (std::binary_search(matched.begin(), matched.end(), child)) continue;
    // Whatever is said of other keys, be it that they may be there.
    if (!marks_.empty()) marks_[child].is_named |= others != SchemaConstraints::empty_subschema();
    all_fit &= closed ? refuse_unknown_key(child, names_of(constraint)) : fits(*others, child, problems_);
    if (!all_fit && !wants_words()) return false;
  }
  return all_fit;
}

bool SchemaChecker::check_name(std::string_view name, NodeId child, const Subschema& subschema) {
  // A name is a value of its own.
  Tree names;
  Node text = Node::of_text(NodeKind::kString, name);
  text.pos = tree_[child].key_pos;
  names.set_value(names.root(), text);
  SchemaChecker checker(schema_, names);
  checker.effort_ = effort_;
  const bool is_good = checker.fits(subschema, names.root(), nullptr);
  effort_ = checker.effort_;
  if (is_good || !problems_) return is_good;
  return refuse_key("schema-key-name", child, fmt::format("the key {} has a name that may not be", path(child)));
}

bool SchemaChecker::visit(const PropertyNamesConstraint& constraint) {
  if (here().kind != NodeKind::kMap) return true;
  bool all_fit = true;
  for (const NodeId child : tree_.children(node_))
    all_fit &= check_name(tree_[child].key().text, child, *constraint.getSubschema());
  return all_fit;
}

bool SchemaChecker::visit(const DependenciesConstraint& constraint) {
  if (here().kind != NodeKind::kMap) return true;
  bool all_fit = true;
  constraint.applyToPropertyDependencies([&](const auto& name, const auto& needed) {
    const std::string key(name.c_str(), name.size());
    const NodeId child = tree_.find(node_, Key(key));
    if (child == kNoNode) return true;
    for (const auto& other : needed) {
      const std::string other_key(other.c_str(), other.size());
      if (tree_.find(node_, Key(other_key)) != kNoNode) continue;
      all_fit = refuse_key("schema-dependency", child, fmt::format("{} needs '{}' beside it", path(child), other_key));
    }
    return true;
  });
  constraint.applyToSchemaDependencies([&](const auto& name, const Subschema* subschema) {
    if (tree_.find(node_, Key(std::string_view(name.c_str(), name.size()))) != kNoNode)
      all_fit &= fits_here(*subschema);
    return true;
  });
  return all_fit;
}

// --- Schemas of schemas ---

template <typename Constraint>
std::vector<const valijson::Subschema*> SchemaChecker::alternatives(const Constraint& constraint) const {
  std::vector<const Subschema*> all;
  constraint.applyToSubschemas([&](unsigned /*index*/, const Subschema* subschema) {
    all.push_back(subschema);
    return true;
  });
  return all;
}

bool SchemaChecker::visit(const AllOfConstraint& constraint) {
  bool all_fit = true;
  for (const Subschema* const subschema : alternatives(constraint)) {
    all_fit &= fits_here(*subschema);
    if (!all_fit && !wants_words()) return false;
  }
  return all_fit;
}

/// None fits. Where the value's own type or a constant in it rules all but one alternative out, that one was meant.
bool SchemaChecker::report_alternatives(const std::vector<const Subschema*>& all, const char* keyword) {
  if (!wants_words()) return false;
  std::vector<std::string> notes;
  std::vector<Problems> meant;
  for (const Subschema* const subschema : all) {
    if (all.size() > kMostToTellApart) break;
    Problems problems;
    fits(*subschema, node_, &problems);
    if (problems.empty()) continue;
    notes.push_back(fmt::format("alternative {}: {}", notes.size() + 1, problems.front().message));
    const bool other_kind = std::any_of(problems.begin(), problems.end(), [&](const SchemaProblem& problem) {
      return (problem.node == node_ && problem.code == "schema-type") ||
             (problem.code == "schema-const" && tree_[problem.node].parent == node_);
    });
    if (!other_kind) meant.push_back(std::move(problems));
  }
  if (meant.size() == 1) {
    std::move(meant[0].begin(), meant[0].end(), std::back_inserter(*problems_));
    return false;
  }
  if (notes.size() > kMostListed) notes.resize(kMostListed);
  return refuse("schema-alternatives",
                fmt::format("{} is {}, which fits none of the {} alternatives ({})", subject(),
                            value_in_words(tree_, node_), all.size(), keyword),
                std::move(notes));
}

bool SchemaChecker::visit(const AnyOfConstraint& constraint) {
  const std::vector<const Subschema*> all = alternatives(constraint);
  for (const Subschema* const subschema : all) {
    if (fits(*subschema, node_, nullptr)) return true;
  }
  return report_alternatives(all, "anyOf");
}

bool SchemaChecker::visit(const OneOfConstraint& constraint) {
  const std::vector<const Subschema*> all = alternatives(constraint);
  const auto count = std::count_if(all.begin(), all.end(),
                                   [&](const Subschema* subschema) { return fits(*subschema, node_, nullptr); });
  if (count == 1) return true;
  if (count == 0) return report_alternatives(all, "oneOf");
  if (!wants_words()) return false;
  return refuse("schema-alternatives",
                fmt::format("{} is {}, which fits {} of the {} alternatives, but must fit one (oneOf)", subject(),
                            value_in_words(tree_, node_), count, all.size()));
}

bool SchemaChecker::visit(const ConditionalConstraint& constraint) {
  const Subschema* const next = fits(*constraint.getIfSubschema(), node_, nullptr) ? constraint.getThenSubschema()
                                                                                   : constraint.getElseSubschema();
  return !next || fits_here(*next);
}

bool SchemaChecker::visit(const NotConstraint& constraint) {
  if (!fits(*constraint.getSubschema(), node_, nullptr)) return true;
  if (!wants_words()) return false;
  const bool never = part().node != kNoNode && is_false((*part().tree)[part().node]);
  return never ? refuse("schema-never", fmt::format("{} may not be there", subject()))
               : refuse("schema-not", fmt::format("{} is {}, which is what it must not be (not)", subject(),
                                                  value_in_words(tree_, node_)));
}

bool SchemaChecker::visit(const PolyConstraint& /*constraint*/) {
  return true;  // nothing of ours
}

}  // namespace cfgtool
