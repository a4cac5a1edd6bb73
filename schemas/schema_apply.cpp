#include "schemas/schema_apply.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "schemas/schema_checker.hpp"

namespace cfgtool {

namespace {

/// The one type, beside null, that a subschema allows; empty if it says nothing, or allows several.
std::string_view only_type(const SchemaPart& part) {
  const NodeId written = part.member("type");
  if (written == kNoNode) return {};
  const Tree& tree = *part.tree;
  if (tree[written].is_text()) return tree[written].text();
  std::string_view only;
  for (const NodeId child : tree.children(written)) {
    if (!tree[child].is_text() || tree[child].text() == "null") continue;
    if (!only.empty()) return {};
    only = tree[child].text();
  }
  return only;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// omegaconf: IntegerNode, which refuses 1e3; to JSON Schema that is an integer, so that it becomes one here.
std::optional<Node> as_integer(const Node& node, SourceMap& sources) {
  constexpr double kExact = 9007199254740992;  // 2^53: up to there no integer is left out
  if (node.kind == NodeKind::kFloat && node.real == std::floor(node.real) && std::fabs(node.real) <= kExact)
    return Node::of_int(static_cast<int64_t>(node.real));
  if (node.kind != NodeKind::kString) return std::nullopt;
  const std::optional<PythonInt> number = python_int(node.text());
  if (!number) return std::nullopt;
  return number->fits ? Node::of_int(number->value) : Node::of_text(NodeKind::kBigInt, sources.keep(number->digits));
}

// omegaconf: FloatNode
std::optional<Node> as_number(const Node& node) {
  if (node.kind == NodeKind::kInt) return Node::of_float(static_cast<double>(node.integer));
  if (node.kind != NodeKind::kString && node.kind != NodeKind::kBigInt) return std::nullopt;
  const std::optional<double> number = python_float(node.text());
  return number ? std::optional(Node::of_float(*number)) : std::nullopt;
}

// omegaconf: BooleanNode
std::optional<Node> as_boolean(const Node& node) {
  if (node.kind == NodeKind::kInt) return Node::of_bool(node.integer != 0);
  if (node.kind == NodeKind::kBigInt) return Node::of_bool(true);
  if (node.kind != NodeKind::kString) return std::nullopt;
  const std::string word = lower(node.text());
  if (word == "yes" || word == "y" || word == "on" || word == "true") return Node::of_bool(true);
  if (word == "no" || word == "n" || word == "off" || word == "false") return Node::of_bool(false);
  // A text that Python's int() reads counts as that number.
  const std::optional<PythonInt> number = python_int(node.text());
  return number ? std::optional(Node::of_bool(!number->fits || number->value != 0)) : std::nullopt;
}

// omegaconf: StringNode
std::optional<Node> as_string(const Tree& tree, NodeId id, SourceMap& sources) {
  const NodeKind kind = tree[id].kind;
  const bool is_number = kind == NodeKind::kInt || kind == NodeKind::kBigInt || kind == NodeKind::kFloat;
  if (!is_number && kind != NodeKind::kBool) return std::nullopt;
  return Node::of_text(NodeKind::kString, sources.keep(python_str(tree, id)));
}

void coerce(Tree& tree, NodeId id, std::string_view type, SourceMap& sources) {
  std::optional<Node> value;
  if (type == "integer") value = as_integer(tree[id], sources);
  if (type == "number") value = as_number(tree[id]);
  if (type == "boolean") value = as_boolean(tree[id]);
  if (type == "string") value = as_string(tree, id, sources);
  if (!value) return;
  value->pos = tree[id].pos;
  value->step = tree[id].step;
  value->history = tree[id].history;
  tree.set_value(id, *value);
}

class Application {
 public:
  Application(const Schema& schema, Composition& composition)
      : schema_(schema), compiled_(schema.compiled()), composition_(composition), tree_(composition.tree) {}

  void coerce_overrides() {
    for (const auto [node, part] : applied()) {
      const uint32_t step = tree_[node].step;
      const bool overridden =
          step < composition_.steps.size() && composition_.steps[step].kind == ComposeStep::Kind::kOverride;
      if (overridden) coerce(tree_, node, only_type(compiled_.parts[part]), *composition_.sources);
    }
  }

  void add_defaults() {
    // A default may be a mapping with defaults of its own.
    while (add_defaults_once()) {
    }
  }

 private:
  std::vector<AppliedSchema> applied() const {
    SchemaChecker checker(compiled_, tree_, false);
    checker.check(tree_.root());
    return checker.applied();
  }

  bool add_defaults_once() {
    bool added = false;
    for (const auto [node, part_number] : applied()) {
      if (tree_[node].kind != NodeKind::kMap) continue;
      const SchemaPart& part = compiled_.parts[part_number];
      for (const SchemaProperty& property : compiled_.properties[part_number]) {
        const Key key = (*part.tree)[property.name].key();
        const SchemaPart& value = compiled_.parts[property.part];
        const NodeId usual = value.member("default");
        if (usual == kNoNode || tree_.find(node, key) != kNoNode) continue;
        add_copy(node, value, usual, key);
        added = true;
      }
    }
    return added;
  }

  void add_copy(NodeId parent, const SchemaPart& part, NodeId source, const Key& key) {
    Node node = own(part, source);
    node.set_key({key.kind, composition_.sources->keep(key.text)});
    fill(tree_.add(parent, node), part, source);
  }

  void fill(NodeId to, const SchemaPart& part, NodeId source) {
    for (const NodeId child : part.tree->children(source)) {
      Node node = own(part, child);
      const Key key = (*part.tree)[child].key();
      node.set_key({key.kind, composition_.sources->keep(key.text)});
      fill(tree_.add(to, node), part, child);
    }
  }

  /// The value without its children, with texts and places in the composition's own sources.
  Node own(const SchemaPart& part, NodeId source) {
    const Node& from = (*part.tree)[source];
    Node node = from.kind == NodeKind::kMap ? Node::map() : from.kind == NodeKind::kList ? Node::list() : from;
    if (node.is_text() || node.kind == NodeKind::kBytes || node.kind == NodeKind::kBigInt)
      node.text_data = composition_.sources->keep(node.text()).data();
    node.parent = node.next = node.previous = kNoNode;
    node.step = node.history = 0;
    node.pos = own(part, from.pos);
    node.key_pos = own(part, from.key_pos);
    return node;
  }

  SourcePos own(const SchemaPart& part, SourcePos pos) {
    if (!pos) return {};
    const auto [entry, is_new] = documents_.try_emplace(part.document.offset);
    if (is_new) {
      SourceLocation file;
      schema_.sources()->locate(part.document, &file);
      entry->second = composition_.sources->add(file.kind, std::string(file.name),
                                                std::string(schema_.sources()->text(part.document)));
    }
    return entry->second + (pos.offset - part.document.offset);
  }

  const Schema& schema_;
  const Schema::Compiled& compiled_;
  Composition& composition_;
  Tree& tree_;
  std::map<uint32_t, SourcePos> documents_;  // by where they begin in the schema's sources; where, in ours
};

}  // namespace

void apply_schema(const Schema& schema, const ApplyOptions& options, Composition& composition) {
  try {
    Application application(schema, composition);
    if (options.coerce) application.coerce_overrides();
    if (options.with_defaults) application.add_defaults();
  } catch (ConfigError& error) {
    error.set_sources(composition.sources);
    throw;
  }
}

}  // namespace cfgtool
