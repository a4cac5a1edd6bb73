#include "schemas/schema_apply.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "config_engine/typed_value.hpp"
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

ValueType field_type(std::string_view type) {
  if (type == "integer") return ValueType::kInt;
  if (type == "number") return ValueType::kFloat;
  return type == "boolean" ? ValueType::kBool : ValueType::kString;
}

/// OmegaConf refuses 1e3 for an integer; to JSON Schema it is one, so that it becomes one here.
std::optional<Node> as_whole_number(const Node& node) {
  constexpr double kExact = 9007199254740992;  // 2^53: up to there no integer is left out
  const bool is_whole =
      node.kind == NodeKind::kFloat && node.real == std::floor(node.real) && std::fabs(node.real) <= kExact;
  return is_whole ? std::optional(Node::of_int(static_cast<int64_t>(node.real))) : std::nullopt;
}

void coerce(Tree& tree, NodeId id, std::string_view type, SourceMap& sources) {
  const bool is_scalar_type = type == "integer" || type == "number" || type == "boolean" || type == "string";
  const NodeKind kind = tree[id].kind;
  if (!is_scalar_type || kind == NodeKind::kMissing || kind == NodeKind::kInterpolation) return;
  std::optional<Node> value = typed_value(tree, id, field_type(type), sources);
  if (!value && type == "integer") value = as_whole_number(tree[id]);
  if (!value) return;
  value->pos = tree[id].pos;
  tree.set_value(id, *value);
}

class Application {
 public:
  Application(const Schema& schema, Composition& composition)
      : schema_(schema), compiled_(schema.compiled()), composition_(composition), tree_(composition.tree) {}

  void coerce_overrides() {
    for (const auto [node, part] : applied()) {
      const uint32_t step = tree_.step(node);
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
