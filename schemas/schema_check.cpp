#include "schemas/schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/schema_checker.hpp"
#include "schemas/schema_words.hpp"
#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

constexpr const char* kUsedHere = "used here";

/// Puts a problem into words and places.
class Reporter {
 public:
  Reporter(const Schema& schema, const Tree& tree, const CheckOptions& options)
      : schema_(schema), tree_(tree), options_(options) {}

  Diagnostic report(SchemaProblem&& problem) const {
    Diagnostic out;
    out.severity = problem.severity;
    out.stage = Stage::kValidate;
    out.code = std::move(problem.code);
    out.message = std::move(problem.message);
    out.notes = std::move(problem.notes);
    out.key_path = tree_.key_path(problem.node);
    if (!problem.key.empty()) out.key_path = below(out.key_path, problem.key);
    if (options_.override_of) out.fix = what_to_type(problem, out.code, out.key_path);
    add_labels(problem, out);
    add_step(problem.node, out);
    const std::string_view description = schema_.compiled().parts[problem.part].text("description");
    if (!description.empty()) out.notes.push_back(fmt::format("the schema says: {}", shortened(description, 1'000)));
    return out;
  }

 private:
  static std::string below(const std::string& parent, const std::string& key) {
    return parent.empty() ? key : parent + "." + key;
  }

  std::string what_to_type(const SchemaProblem& problem, const std::string& code, const std::string& path) const {
    if (code == "schema-required") return "+" + path + "=…";
    if (problem.nearest.empty()) return {};
    const Override* const word = options_.override_of(tree_.step(problem.node));
    const bool sets_it = word && word->key_or_group == path;
    const std::string_view line = sets_it ? std::string_view(word->input_line) : std::string_view();
    const std::string_view key = line.substr(0, line.find('='));
    if (code == "schema-enum") return (sets_it ? std::string(key) : path) + "=" + problem.nearest;
    // A key that is misspelt: in a file the note says enough.
    if (code != "schema-unknown-key" || !sets_it) return {};
    const NodeId parent = tree_[problem.node].parent;
    const bool is_there = tree_.find(parent, Key(problem.nearest)) != kNoNode;
    return fmt::format("{}{}{}", is_there ? "" : "+", below(tree_.key_path(parent), problem.nearest),
                       line.substr(key.size()));
  }

  void add_labels(const SchemaProblem& problem, Diagnostic& out) const {
    const NodeId at = problem.key.empty() ? problem.node : place_for_missing_key(problem.node);
    const Node& node = tree_[at];
    const bool at_key = problem.at_key || !problem.key.empty() || !node.pos;
    const SourcePos pos = at_key && node.key_pos ? node.key_pos : node.pos;
    if (pos) out.labels.push_back({pos, at_key ? key_length(node) : value_length(node), {}});
    const SourcePos use = place_of_use(problem.node);
    if (use && !(use == pos)) out.labels.push_back({use, 1, kUsedHere});
  }

  /// The mapping's own key; a mapping that a package opened has none, and is shown by the first key that was written.
  NodeId place_for_missing_key(NodeId map) const {
    if (is_written_there(tree_[map])) return map;
    for (const NodeId child : tree_.children(map)) {
      if (is_written_there(tree_[child])) return child;
    }
    return map;
  }

  bool is_written_there(const Node& node) const {
    return node.key_pos && text_at(node.key_pos).starts_with(node.key().text);
  }

  std::string_view text_at(SourcePos pos) const {
    SourceLocation place;
    if (!options_.sources || !options_.sources->locate(pos, &place)) return {};
    return place.line_text.substr(std::min<size_t>(place.column - 1, place.line_text.size()));
  }

  /// Where the interpolation stands that the value came through; nowhere if it stands there itself.
  SourcePos place_of_use(NodeId id) const {
    if (!options_.written) return {};
    const Tree& written = *options_.written;
    for (; id != kNoNode; id = tree_[id].parent) {
      // What interpolations bring is added behind the nodes that were written.
      if (id < written.size()) return written[id].kind == NodeKind::kInterpolation ? written[id].pos : SourcePos{};
    }
    return {};
  }

  uint32_t key_length(const Node& node) const {
    if (options_.sources && !is_written_there(node)) return 1;
    return static_cast<uint32_t>(std::max<size_t>(node.key().text.size(), 1));
  }

  uint32_t value_length(const Node& node) const {
    if (node.is_text()) return std::max<uint32_t>(node.length, 1);
    if (node.is_container()) return 1;
    return static_cast<uint32_t>(
        std::max<size_t>(std::min(text_at(node.pos).find_first_of(" ,]}#\t\r"), text_at(node.pos).size()), 1));
  }

  void add_step(NodeId node, Diagnostic& out) const {
    if (!options_.step_name) return;
    const std::string name = options_.step_name(tree_.step(node));
    if (!name.empty()) out.notes.push_back("put there by " + name);
  }

  const Schema& schema_;
  const Tree& tree_;
  const CheckOptions& options_;
};

/// A required key that is there, but misspelt, is one mistake: the unknown key says it.
void drop_what_a_misspelt_key_explains(const Tree& tree, std::vector<SchemaProblem>& problems) {
  const auto is_explained = [&](const SchemaProblem& lacking) {
    if (lacking.key.empty()) return false;
    return std::any_of(problems.begin(), problems.end(), [&](const SchemaProblem& other) {
      return other.code == "schema-unknown-key" && tree[other.node].parent == lacking.node &&
             other.nearest == lacking.key;
    });
  };
  std::vector<SchemaProblem> kept;
  for (const SchemaProblem& problem : problems) {
    if (!is_explained(problem)) kept.push_back(problem);
  }
  problems = std::move(kept);
}

/// A deprecated key that is null or has its default does no harm: configurations keep such keys for those who still
/// look for them.
bool says_something(const SchemaPart& part, const Tree& tree, NodeId node) {
  if (tree[node].kind == NodeKind::kNull) return false;
  const NodeId usual = part.member("default");
  return usual == kNoNode || to_json_value(tree, node) != to_json_value(*part.tree, usual);
}

/// What a key's subschema says of its use.
void note_read_only_and_deprecated(const Schema& schema, const Tree& tree, const std::vector<AppliedSchema>& applied,
                                   const CheckOptions& options, std::vector<SchemaProblem>& problems) {
  for (const auto [node, part_number] : applied) {
    if (problems.size() >= SchemaChecker::kMostProblems) return;
    const SchemaPart& part = schema.compiled().parts[part_number];
    if (part.flag("readOnly") && options.override_of && options.override_of(tree.step(node))) {
      problems.push_back({"schema-read-only",
                          node,
                          false,
                          {},
                          part_number,
                          fmt::format("'{}' is read-only: no override may change it", tree.key_path(node)),
                          {},
                          {}});
    }
    if (!part.flag("deprecated") || !says_something(part, tree, node)) continue;
    const std::string_view instead = part.text("deprecationMessage");
    problems.push_back(
        {"schema-deprecated",
         node,
         false,
         {},
         part_number,
         fmt::format("'{}' is deprecated{}{}", tree.key_path(node), instead.empty() ? "" : ": ", instead),
         {},
         {},
         Severity::kWarning});
  }
}

Diagnostic too_many_problems(const Tree& tree, NodeId root) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kValidate;
  diagnostic.code = "schema-limit";
  diagnostic.message =
      fmt::format("there are {} problems or more: no others are looked for", SchemaChecker::kMostProblems);
  if (tree[root].pos) diagnostic.labels.push_back({tree[root].pos, 1, {}});
  return diagnostic;
}

/// A value that does not fit where it was written, nor where interpolations bring it, is one mistake.
void fold_uses(std::vector<Diagnostic>& problems) {
  const auto is_use = [](const Diagnostic& problem) {
    return problem.labels.size() == 2 && problem.labels[1].text == kUsedHere;
  };
  std::vector<bool> folded(problems.size());
  for (size_t i = 0; i < problems.size(); ++i) {
    if (folded[i] || problems[i].labels.empty()) continue;
    for (size_t j = 0; j < problems.size(); ++j) {
      // Of several uses and nothing else, the first stays.
      if (j == i || folded[j] || !is_use(problems[j]) || (is_use(problems[i]) && j < i)) continue;
      if (problems[j].code != problems[i].code || !(problems[j].labels[0].pos == problems[i].labels[0].pos)) continue;
      folded[j] = true;
      problems[i].labels.push_back(
          {problems[j].labels[1].pos, 1, fmt::format("used here, for '{}'", problems[j].key_path)});
    }
  }
  size_t i = 0;
  std::erase_if(problems, [&](const Diagnostic& /*problem*/) { return folded[i++]; });
}

void number_nodes(const Tree& tree, NodeId id, std::vector<size_t>& ranks, size_t& next) {
  ranks[id] = next++;
  for (const NodeId child : tree.children(id))
    number_nodes(tree, child, ranks, next);
}

}  // namespace

std::vector<Diagnostic> check_tree(const Schema& schema, const Tree& tree, NodeId root, const CheckOptions& options) {
  SchemaChecker checker(schema.compiled(), tree, options.strict);
  std::vector<SchemaProblem> problems = checker.check(root);
  note_read_only_and_deprecated(schema, tree, checker.applied(), options, problems);
  const bool are_all = problems.size() < SchemaChecker::kMostProblems;
  if (options.strict) {
    std::vector<SchemaProblem> unnamed = checker.unnamed_keys(root);
    std::move(unnamed.begin(), unnamed.end(), std::back_inserter(problems));
  }
  drop_what_a_misspelt_key_explains(tree, problems);
  // Constraints come in the library's order; people read from top to bottom.
  if (problems.size() > 1) {
    std::vector<size_t> ranks(tree.size());
    size_t next = 0;
    number_nodes(tree, root, ranks, next);
    std::stable_sort(problems.begin(), problems.end(),
                     [&](const SchemaProblem& a, const SchemaProblem& b) { return ranks[a.node] < ranks[b.node]; });
  }
  std::vector<Diagnostic> out;
  const Reporter reporter(schema, tree, options);
  for (SchemaProblem& problem : problems) {
    Diagnostic diagnostic = reporter.report(std::move(problem));
    // Two ways through the schema may find the same.
    const bool known = std::any_of(out.begin(), out.end(), [&](const Diagnostic& other) {
      return other.code == diagnostic.code && other.key_path == diagnostic.key_path &&
             other.message == diagnostic.message;
    });
    if (!known) out.push_back(std::move(diagnostic));
  }
  fold_uses(out);
  if (!are_all) out.push_back(too_many_problems(tree, root));
  return out;
}

}  // namespace cfgtool
