#include "config_engine/value_overrides.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/diagnostic.hpp"
#include "config_engine/hydra_schema.hpp"
#include "config_engine/interpolation.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/merge.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

bool is_number(const Node& node) {
  return node.kind == NodeKind::kBool || node.kind == NodeKind::kInt || node.kind == NodeKind::kFloat;
}

double as_number(const Node& node) {
  if (node.kind == NodeKind::kBool) return node.boolean ? 1 : 0;
  return node.kind == NodeKind::kInt ? static_cast<double>(node.integer) : node.real;
}

/// Python's ==: 1, 1.0 and True are equal; maps do not look at the order.
bool python_equal(const Tree& a_tree, NodeId a_id, const Tree& b_tree, NodeId b_id) {
  const Node& a = a_tree[a_id];
  const Node& b = b_tree[b_id];
  if (a.kind == NodeKind::kInt && b.kind == NodeKind::kInt) return a.integer == b.integer;
  if (is_number(a) && is_number(b)) return as_number(a) == as_number(b);
  if (type_name(a) != std::string_view(type_name(b))) return false;
  if (!a.is_container()) return a.kind == NodeKind::kNull || a.text() == b.text();
  if (a.length != b.length) return false;
  NodeId other = b.child.first;
  for (NodeId child : a_tree.children(a_id)) {
    const NodeId match = a.kind == NodeKind::kMap ? b_tree.find(b_id, a_tree[child].key()) : other;
    if (match == kNoNode || !python_equal(a_tree, child, b_tree, match)) return false;
    if (a.kind == NodeKind::kList) other = b_tree[other].next;
  }
  return true;
}

class ValueOverride {
 public:
  ValueOverride(Tree& tree, Resolver& resolver, const Override& word) : tree_(tree), resolver_(resolver), word_(word) {}

  /// \return the node that was deleted, or kNoNode
  NodeId apply();

 private:
  [[noreturn]] void refuse(std::string code, std::string message, SourcePos pos, std::string fix = {},
                           std::vector<std::string> notes = {});
  /// "Could not override": the map `map` has no `key`.
  [[noreturn]] void refuse_missing_key(NodeId map, std::string_view key);
  void suggest_key(NodeId map, std::string_view key, Diagnostic& diagnostic) const;
  [[noreturn]] void refuse_merge(std::string reason, NodeId culprit = kNoNode, std::string note = {});
  [[noreturn]] void refuse_index(std::string reason, NodeId list);
  [[noreturn]] void refuse_reading(const Diagnostic& problem);

  void remove();
  void add();
  void update(bool force_add);
  void extend_list();
  NodeId enter(NodeId container, std::string_view key, bool force_add);
  void set_last(NodeId container, std::string_view key, bool force_add);
  void merge_into(NodeId node, bool force_add);
  NodeId child(NodeId container, std::string_view key);
  NodeId selected(std::string_view key);
  void check_value();
  SourcePos key_part_pos(std::string_view part) const;

  FindContainer find_container() {
    return [this](Tree&, NodeId node) {
      try {
        const NodeId target = resolver_.dereference(node);
        return resolver_.is_plain_container(target) ? kNoNode : target;
      } catch (const ConfigError&) {
        return kNoNode;
      }
    };
  }

  Tree& tree_;
  Resolver& resolver_;
  const Override& word_;
  NodeId deleted_ = kNoNode;
  Node passed_ = Node::map();  // what enter() put a mapping in the place of; a map if nothing
};

void ValueOverride::refuse(std::string code, std::string message, SourcePos pos, std::string fix,
                           std::vector<std::string> notes) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos ? pos : word_.pos, 1, {}});
  diagnostic.fix = std::move(fix);
  diagnostic.notes = std::move(notes);
  diagnostic.key_path = word_.key_or_group;
  throw ConfigError(std::move(diagnostic));
}

/// The place in the word of a key part, which is a view into key_or_group.
SourcePos ValueOverride::key_part_pos(std::string_view part) const {
  const std::string& key = word_.key_or_group;
  if (part.data() < key.data() || part.data() > key.data() + key.size()) return word_.key_pos;
  return word_.key_pos + static_cast<size_t>(part.data() - key.data());
}

void ValueOverride::refuse_missing_key(NodeId map, std::string_view key) {
  const std::string path = tree_.key_path(map);
  Diagnostic diagnostic;
  diagnostic.code = "override-key-missing";
  diagnostic.message =
      fmt::format("Could not override '{}'.\nTo append to your config use +{}", word_.key_or_group, word_.input_line);
  diagnostic.key_path = word_.key_or_group;
  diagnostic.labels.push_back({key_part_pos(key), static_cast<uint32_t>(key.size()), {}});
  if (passed_.kind == NodeKind::kMap) {
    diagnostic.notes.push_back(path.empty() ? fmt::format("the configuration has no key '{}'", key)
                                            : fmt::format("'{}' has no key '{}'", path, key));
    const SourcePos place = container_place(tree_, map);
    if (map != tree_.root() && place)
      diagnostic.labels.push_back({place, 1, fmt::format("'{}' is defined here", path)});
  } else {
    const char* const what = passed_.kind == NodeKind::kNull      ? "null"
                             : passed_.kind == NodeKind::kMissing ? "mandatory and has no value yet"
                                                                  : "a single value, no mapping with keys";
    diagnostic.notes.push_back(fmt::format("'{}' is {}", path, what));
    if (passed_.pos) diagnostic.labels.push_back({passed_.pos, 1, fmt::format("'{}' is set here", path)});
  }
  // Adding the key would throw a value away.
  const bool may_add =
      passed_.kind == NodeKind::kMap || passed_.kind == NodeKind::kNull || passed_.kind == NodeKind::kMissing;
  if (may_add) diagnostic.fix = fmt::format("+{}", word_.input_line);
  suggest_key(map, key, diagnostic);
  throw ConfigError(std::move(diagnostic));
}

/// A name near to `key` in that map. It is put into the word only where the word could go there: what the key leads
/// through must be a mapping or list, and what a value replaces must be none of these unless the value is one.
void ValueOverride::suggest_key(NodeId map, std::string_view key, Diagnostic& diagnostic) const {
  std::vector<std::string> known;
  for (NodeId child : tree_.children(map)) {
    const Node& node = tree_[child];
    if (node.key_kind == KeyKind::kString) {
      known.emplace_back(node.key().text);
    } else if (ascii_lower(node.key().text) == ascii_lower(key)) {
      diagnostic.notes.push_back(
          fmt::format("its key {} is no text, and an override names only such: quote it in the file", node.key().text));
      diagnostic.fix.clear();
    }
  }
  const std::vector<std::string> near = nearest_names(key, known, 1);
  if (near.empty()) return;
  const std::string path = tree_.key_path(map);
  diagnostic.notes.push_back(fmt::format("did you mean '{}{}{}'?", path, path.empty() ? "" : ".", near[0]));
  const size_t at = static_cast<size_t>(key_part_pos(key).offset - word_.key_pos.offset);
  if (word_.key_or_group.compare(at, key.size(), key) != 0) return;  // it stands in the value, not in the key
  const NodeKind kind = tree_[tree_.find(map, Key(near[0]))].kind;
  const bool is_container = kind == NodeKind::kMap || kind == NodeKind::kList;
  const bool is_last = at + key.size() == word_.key_or_group.size();
  const bool wants_container = !is_last || word_.value[word_.value.root()].is_container();
  if (is_container != wants_container && kind != NodeKind::kNull && kind != NodeKind::kMissing) {
    if (is_container) diagnostic.notes.push_back(fmt::format("'{}' holds several values", near[0]));
    return;
  }
  // The rest of the key, if any, stays as it was typed.
  diagnostic.fix = std::string(word_.input_line);
  diagnostic.fix.replace(word_.key_pos.offset - word_.pos.offset + at, key.size(), near[0]);
}

/// No word makes a list longer.
void ValueOverride::refuse_index(std::string reason, NodeId list) {
  const int64_t length = tree_[list].length;
  refuse_merge(std::move(reason), list,
               fmt::format("this list has {} item{}; to have others, write all of them: {}=[…]", length,
                           length == 1 ? "" : "s", tree_.key_path(list)));
}

void ValueOverride::refuse_merge(std::string reason, NodeId culprit, std::string note) {
  Diagnostic diagnostic;
  diagnostic.code = "override-merge";
  diagnostic.message = fmt::format("Error merging override {}", word_.input_line);
  diagnostic.notes.push_back(std::move(reason));
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  diagnostic.labels.push_back({word_.value_pos ? word_.value_pos : word_.pos, 1, {}});
  if (culprit != kNoNode && tree_[culprit].pos) {
    const SourcePos place = container_place(tree_, culprit);
    const std::string path = tree_.key_path(culprit);
    diagnostic.labels.push_back({place ? place : tree_[culprit].pos, 1,
                                 place ? fmt::format("'{}' is defined here", path)
                                       : fmt::format("the package of this config makes '{}'", path)});
  }
  diagnostic.key_path = word_.key_or_group;
  throw ConfigError(std::move(diagnostic));
}

/// What OmegaConf refuses to hold, whoever gives it.
void ValueOverride::check_value() {
  const Tree& value = word_.value;
  for (NodeId id = 0; id < value.size(); ++id) {
    if (value[id].key_kind == KeyKind::kNull) refuse_merge("a key cannot be null; quote it to mean the text");
    if (value[id].kind != NodeKind::kInterpolation) continue;
    try {
      validate_interpolation(value[id].text(), {&resolver_.sources(), value[id].pos});
    } catch (ConfigError& error) {
      Diagnostic& diagnostic = error.diagnostics().front();
      diagnostic.notes.insert(diagnostic.notes.begin(), diagnostic.message);
      diagnostic.message = fmt::format("Error merging override {}", word_.input_line);
      throw;
    }
  }
}

/// OmegaConf.select: the value behind a key; kNoNode if there is none, or null, or `???`.
NodeId ValueOverride::selected(std::string_view key) {
  try {
    const NodeId found = resolver_.select(tree_.root(), fmt::format(".{}", key), false);
    if (found == kNoNode) return found;
    const NodeKind kind = tree_[found].kind;
    return kind == NodeKind::kNull || kind == NodeKind::kMissing ? kNoNode : found;
  } catch (const ConfigError& error) {
    const std::string& message = error.diagnostics().front().message;
    // Without a place it is the key itself that goes through a scalar, not an interpolation on its way.
    const bool in_key = error.diagnostics().front().labels.empty();
    if (in_key && message.starts_with("ConfigTypeError")) return kNoNode;
    if (in_key) refuse_merge(message.substr(0, message.find('\n')));
    refuse_reading(error.diagnostics().front());
  }
}

/// An interpolation on the way of the key fails: it is what has to change, not the word.
void ValueOverride::refuse_reading(const Diagnostic& problem) {
  Diagnostic diagnostic;
  diagnostic.code = "override-merge";
  diagnostic.message = fmt::format("Error merging override {}", word_.input_line);
  diagnostic.notes.push_back(problem.message.substr(0, problem.message.find('\n')));
  diagnostic.notes.insert(diagnostic.notes.end(), problem.notes.begin(), problem.notes.end());
  diagnostic.labels = problem.labels;
  diagnostic.labels.push_back({word_.key_pos, 1, "needs the value of this"});
  diagnostic.key_path = word_.key_or_group;
  throw ConfigError(std::move(diagnostic));
}

void ValueOverride::remove() {
  const std::string& key = word_.key_or_group;
  const NodeId found = selected(key);
  if (found == kNoNode) {
    std::vector<std::string> notes;
    const size_t dot = key.rfind('.');
    const NodeId parent = dot == std::string::npos ? tree_.root() : selected(key.substr(0, dot));
    std::string fix;
    if (parent != kNoNode && tree_[parent].is_container()) {
      std::vector<std::string> known;
      for (NodeId child : tree_.children(parent))
        known.emplace_back(tree_[child].key().text);
      const std::vector<std::string> near =
          nearest_names(dot == std::string::npos ? key : key.substr(dot + 1), known, 1);
      if (!near.empty() && !key.ends_with(near[0])) {
        const std::string meant = dot == std::string::npos ? near[0] : key.substr(0, dot + 1) + near[0];
        notes.push_back(fmt::format("did you mean '{}'?", meant));
        fix = "~" + meant;
      }
    }
    refuse("delete-key-missing", fmt::format("Could not delete from config. '{}' does not exist.", key), word_.key_pos,
           std::move(fix), std::move(notes));
  }
  const Tree& value = word_.value;
  const bool any_value = word_.has_value() && value[value.root()].kind != NodeKind::kNull;
  if (any_value && !python_equal(value, value.root(), tree_, found)) {
    refuse("delete-value-differs",
           fmt::format("Could not delete from config. The value of '{}' is {} and not {}.", key,
                       python_str(tree_, found), python_str(value, value.root())),
           word_.value_pos, fmt::format("~{}", key));
  }
  const size_t dot = key.rfind('.');
  if (const std::string_view type = hydra_class_at(dot == std::string::npos ? "" : key.substr(0, dot)); !type.empty())
    refuse_merge(fmt::format("{} (DictConfig) does not support deletion", type), found);
  const NodeId parent = dot == std::string::npos ? tree_.root() : selected(key.substr(0, dot));
  const NodeId gone = child(parent, dot == std::string::npos ? key : std::string_view(key).substr(dot + 1));
  if (gone == kNoNode) return;
  tree_.remove(gone);
  deleted_ = gone;
}

void ValueOverride::add() {
  const NodeId found = selected(word_.key_or_group);
  if (found != kNoNode && !word_.value[word_.value.root()].is_container()) {
    const std::string without_plus(word_.input_line.substr(1));
    Diagnostic diagnostic;
    diagnostic.code = "append-key-exists";
    diagnostic.message = fmt::format(
        "Could not append to config. An item is already at '{}'.\nEither remove + prefix: '{}'\nOr add a second + to "
        "add "
        "or override '{}': '+{}'\n",
        word_.key_or_group, without_plus, word_.key_or_group, word_.input_line);
    diagnostic.labels.push_back({word_.pos, 1, {}});
    if (tree_[found].pos) diagnostic.labels.push_back({tree_[found].pos, 1, "the item is defined here"});
    diagnostic.fix = without_plus;
    diagnostic.key_path = word_.key_or_group;
    throw ConfigError(std::move(diagnostic));
  }
  update(true);
}

/// A direct child by key or index; kNoNode if it is not there.
NodeId ValueOverride::child(NodeId container, std::string_view key) {
  if (tree_[container].kind == NodeKind::kMap) return tree_.find(container, Key(key));
  const auto index = list_index(key);
  if (!index) {
    refuse("override-list-index",
           fmt::format("'{}' is a list: '{}' is not an index of it", tree_.key_path(container), key),
           key_part_pos(key));
  }
  const int64_t length = tree_[container].length;
  const int64_t place = *index < 0 ? *index + length : *index;
  return place < 0 ? kNoNode : tree_.item(container, static_cast<size_t>(place));
}

/// The container under `key`, made where there is none.
NodeId ValueOverride::enter(NodeId container, std::string_view key, bool force_add) {
  NodeId next = child(container, key);
  if (next != kNoNode && tree_[next].is_container()) return next;
  if (next == kNoNode && tree_[container].kind == NodeKind::kList) refuse_index("list index out of range", container);
  if (next == kNoNode && !force_add) refuse_missing_key(container, key);
  if (next != kNoNode) passed_ = tree_[next];
  Tree empty;
  empty[empty.root()].pos = key_part_pos(key);
  Merger merger(tree_, {});
  if (next == kNoNode)
    return merger.append(container, Key(resolver_.sources().keep(key)), key_part_pos(key), empty, empty.root());
  merger.replace(next, empty, empty.root());
  return next;
}

void ValueOverride::merge_into(NodeId node, bool force_add) {
  const Tree& value = word_.value;
  const NodeId root = value.root();
  Merger merger(tree_, find_container(), !force_add);
  if (tree_[node].kind != value[root].kind) {
    refuse_merge("Cannot merge DictConfig with ListConfig", node);
  }
  if (value[root].kind == NodeKind::kList) {
    merger.replace(node, value, root);
    return;
  }
  try {
    merger.merge_map(node, value, root);
  } catch (const StructViolation& violation) {
    refuse_missing_key(violation.map, violation.key.text);
  } catch (const MergeConflict& conflict) {
    refuse_merge("Cannot merge DictConfig with ListConfig", conflict.destination);
  }
}

void ValueOverride::set_last(NodeId container, std::string_view key, bool force_add) {
  const Tree& value = word_.value;
  const NodeId node = child(container, key);
  if (node == kNoNode) {
    if (tree_[container].kind == NodeKind::kList) refuse_index("list assignment index out of range", container);
    if (!force_add) refuse_missing_key(container, key);
    check_value();
    Merger(tree_, {}).append(container, Key(resolver_.sources().keep(key)), key_part_pos(key), value, value.root());
    return;
  }
  check_value();
  if (value[value.root()].is_container() && tree_[node].is_container()) {
    merge_into(node, force_add);
  } else {
    Merger(tree_, {}).replace(node, value, value.root());
  }
}

// omegaconf: OmegaConf.update(merge=True)
void ValueOverride::update(bool force_add) {
  const std::vector<std::string_view> parts = split_key(word_.key_or_group);
  if (parts.size() > kDeepestKey) {
    refuse("override-nesting", fmt::format("the key has more than {} parts", kDeepestKey), word_.key_pos);
  }
  NodeId container = tree_.root();
  for (size_t i = 0; i + 1 < parts.size(); ++i)
    container = enter(container, parts[i], force_add);
  set_last(container, parts.back(), force_add);
}

/// Hydra 1.4's `key=extend_list(x,y)`: the items go behind those that are there.
void ValueOverride::extend_list() {
  check_value();
  const NodeId list = selected(word_.key_or_group);
  if (list == kNoNode || tree_[list].kind != NodeKind::kList) {
    refuse("override-extend-list",
           fmt::format("Could not append to config list. The existing value of '{}' is {} which is not a list.",
                       word_.key_or_group, list == kNoNode ? "None" : python_str(tree_, list)),
           word_.key_pos);
  }
  const Tree& value = word_.value;
  Merger merger(tree_, {});
  for (NodeId item : value.children(value.root()))
    merger.append(list, Key(), value[item].pos, value, item);
}

NodeId ValueOverride::apply() {
  if (word_.package) {
    refuse("override-no-group",
           fmt::format("Override {} looks like a config group override, but config group '{}' does not exist.",
                       word_.input_line, word_.key_or_group),
           word_.key_pos);
  }
  switch (word_.kind) {
    case OverrideKind::kDelete:
      remove();
      break;
    case OverrideKind::kAdd:
      add();
      break;
    case OverrideKind::kForceAdd:
      update(true);
      break;
    case OverrideKind::kChange:
      update(false);
      break;
    case OverrideKind::kExtendList:
      extend_list();
      break;
  }
  return deleted_;
}

}  // namespace

NodeId apply_value_override(Tree& tree, Resolver& resolver, const Override& word) {
  return ValueOverride(tree, resolver, word).apply();
}

}  // namespace cfgtool
