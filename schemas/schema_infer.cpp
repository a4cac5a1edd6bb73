#include "schemas/schema_infer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config_engine/yaml_writer.hpp"
#include "schemas/group_choices.hpp"
#include "schemas/value_shape.hpp"

namespace cfgtool {

namespace {

/// `composition`'s tree with everything in place that can be followed.
Tree followed_tree(const Composition& composition) {
  Tree tree = composition.tree;
  const ResolveContext context = composition.resolve_context();
  std::vector<Diagnostic> failures;
  Resolver(tree, *composition.sources, context).resolve_in_place(tree.root(), &failures);
  return tree;
}

SeenTree seen_tree(const Composition& composition, const Tree& tree) {
  SeenTree seen{*composition.sources, tree};
  for (const auto& [key, choice] : composition.defaults.known_choices) {
    if (const auto* option = std::get_if<std::string>(&choice)) seen.choices.emplace_back(key, *option);
  }
  return seen;
}

/// Whether a schema can give it as a default: it means the same wherever it stands, and JSON has a word for it.
bool can_be_default(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  switch (node.kind) {
    case NodeKind::kMissing:
    case NodeKind::kInterpolation:
    case NodeKind::kBytes:
      return false;
    case NodeKind::kFloat:
      return std::isfinite(node.real);
    default:
      break;
  }
  for (const NodeId child : tree.children(id)) {
    if (!can_be_default(tree, child)) return false;
  }
  return true;
}

/// Writes shapes as schemas into a tree of its own.
class SchemaWriter {
 public:
  /// \param defaults the tree whose values are the defaults, as they were written
  SchemaWriter(const Tree& defaults, const std::vector<GroupChoices>& groups, const InferOptions& options)
      : defaults_(defaults), groups_(groups), options_(options) {}

  void write_root(const std::string& title, const ValueShape& shape) {
    const NodeId root = tree_.root();
    add_text(root, "$schema", "http://json-schema.org/draft-07/schema");
    if (!title.empty()) add_text(root, "title", title);
    if (!groups_.empty()) {
      const NodeId annotation = add(root, "x-groups", Node::map());
      for (const GroupChoices& group : groups_)
        add_texts(annotation, group.key, group.options);
    }
    write_shape(root, shape, defaults_.root());
  }

  std::string yaml() const { return write_yaml(tree_, tree_.root()); }
  size_t keys() const { return keys_; }

 private:
  NodeId add(NodeId parent, std::string_view key, Node value) {
    value.set_key(texts_.keep(key));
    return tree_.add(parent, value);
  }
  void add_text(NodeId parent, std::string_view key, std::string_view text) {
    add(parent, key, Node::of_text(NodeKind::kString, texts_.keep(text)));
  }
  void add_texts(NodeId parent, std::string_view key, const std::vector<std::string>& texts) {
    const NodeId list = add(parent, key, Node::list());
    for (const std::string& text : texts)
      tree_.add(list, Node::of_text(NodeKind::kString, texts_.keep(text)));
  }

  void write_shape(NodeId into, const ValueShape& shape, NodeId default_value) {
    if (!shape.description().empty()) add_text(into, "description", shape.description());
    const std::vector<std::string> types = shape.types();
    if (types.size() == 1) add_text(into, "type", types[0]);
    if (types.size() > 1) add_texts(into, "type", types);
    const std::vector<std::string> names = shape.option_names(groups_);
    if (!names.empty()) add_texts(into, "enum", names);
    // A mapping's keys have their own.
    const bool is_leaf = default_value != kNoNode && defaults_[default_value].kind != NodeKind::kMap;
    if (is_leaf && can_be_default(defaults_, default_value))
      tree_.add_copy(into, defaults_, default_value, "default", {});
    if (shape.items() && shape.items()->was_seen())
      write_shape(add(into, "items", Node::map()), *shape.items(), kNoNode);
    write_members(into, shape, default_value);
  }

  void write_members(NodeId into, const ValueShape& shape, NodeId default_value) {
    std::vector<std::string> required;
    for (const ValueShape::Member& member : shape.members()) {
      if (shape.is_required(member)) required.push_back(member.name);
    }
    if (!required.empty()) add_texts(into, "required", required);
    if (!shape.members().empty()) {
      const NodeId properties = add(into, "properties", Node::map());
      for (const ValueShape::Member& member : shape.members()) {
        ++keys_;
        // What only some options have, another must not get from the schema.
        const bool is_everywhere = default_value != kNoNode && shape.is_required(member);
        const NodeId value = is_everywhere ? defaults_.find(default_value, member.name) : kNoNode;
        write_shape(add(properties, member.name, Node::map()), *member.shape, value);
      }
    }
    if (shape.unnameable()) {
      write_shape(add(into, "additionalProperties", Node::map()), *shape.unnameable(), kNoNode);
    } else if (options_.closed && !shape.members().empty()) {
      add(into, "additionalProperties", Node::of_bool(false));
    }
  }

  const Tree& defaults_;
  const std::vector<GroupChoices>& groups_;
  const InferOptions& options_;
  SourceMap texts_;
  Tree tree_;
  size_t keys_ = 0;
};

}  // namespace

InferredSchema infer_schema(const std::shared_ptr<FileStore>& store, ComposeRequest request,
                            const InferOptions& options) {
  // A mandatory group may be open: each of its options is composed in its turn.
  request.skip_missing = true;
  InferredSchema out;
  ValueShape shape;
  std::shared_ptr<const Composition> primary;
  ChoiceVisitor visitor;
  visitor.composed = [&](const std::shared_ptr<const Composition>& composition, const std::vector<std::string>&) {
    if (!primary) primary = composition;
    const Tree tree = followed_tree(*composition);
    shape.see(seen_tree(*composition, tree), tree.root());
    ++out.compositions;
  };
  visitor.failed = [&](const ConfigError& error, const std::vector<std::string>& words) {
    out.skipped.push_back({fmt::format("{}", fmt::join(words, " ")), error});
  };
  const std::vector<GroupChoices> groups = compose_each_choice(store, request, visitor);
  SchemaWriter writer(primary->tree, groups, options);
  writer.write_root(request.config_name.value_or(""), shape);
  out.yaml = writer.yaml();
  out.keys = writer.keys();
  return out;
}

}  // namespace cfgtool
