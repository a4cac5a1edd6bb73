#include "config_engine/merge.hpp"

namespace cfgtool {

Merger::Merger(Tree& destination, FindContainer find_container, bool struct_mode)
    : tree_(destination), struct_mode_(struct_mode), find_container_(std::move(find_container)) {}

void Merger::replace(NodeId node, const Tree& source, NodeId value) {
  tree_.replace(node, source, value);
}

NodeId Merger::append(NodeId into, const Key& key, SourcePos key_pos, const Tree& source, NodeId value) {
  return tree_.add_copy(into, source, value, key, key_pos);
}

// Returns the container that now stands in the interpolation's place, or `node` as it was.
NodeId Merger::expand_interpolation(NodeId node) {
  if (tree_[node].kind != NodeKind::kInterpolation || !find_container_) return node;
  const NodeId target = find_container_(tree_, node);
  if (target == kNoNode || !tree_[target].is_container()) return node;
  const NodeId first_copy = static_cast<NodeId>(tree_.size());
  tree_.replace(node, tree_, target);
  // What was copied keeps the places and steps of the values that the interpolation referred to.
  for (NodeId id = first_copy; id < tree_.size(); ++id)
    tree_.forget_earlier(id);
  return node;
}

void Merger::merge_map(NodeId into, const Tree& source, NodeId root) {
  for (NodeId child : source.children(root))
    merge_value(into, source[child].key(), source, child);
}

void Merger::merge_value(NodeId into, const Key& key, const Tree& source, NodeId value) {
  const Node& from = source[value];
  const NodeId found = tree_.find(into, key);
  if (found == kNoNode) {
    if (struct_mode_) throw StructViolation{into, key};
    append(into, key, from.key_pos, source, value);
    return;
  }
  const NodeId node = expand_interpolation(found);
  const NodeKind kind = tree_[node].kind;
  // `???` says "to be given": it takes nothing away.
  if (from.kind == NodeKind::kMissing) return;
  if (kind == NodeKind::kMap && from.kind == NodeKind::kMap && (from.length > 0 || tree_[node].length > 0)) {
    merge_map(node, source, value);
  } else if (tree_[node].is_container() && from.is_container() && kind != from.kind) {
    throw MergeConflict{node, tree_[node].pos, from.pos};
  } else {
    replace(node, source, value);
  }
}

NodeId Merger::open_map(NodeId into, const Key& key, SourcePos pos) {
  Node empty = Node::map();
  empty.pos = pos;
  Tree one;
  empty.set_key(key);
  empty.key_pos = pos;
  const NodeId map = one.add(one.root(), empty);
  merge_value(into, key, one, map);
  return tree_.find(into, key);
}

SourcePos container_place(const Tree& tree, NodeId container) {
  // See open_map: both places are then that of the config's content.
  const auto is_of_package = [&](NodeId node) {
    return tree[node].kind == NodeKind::kMap && tree[node].key_pos == tree[node].pos;
  };
  if (!is_of_package(container)) return tree[container].pos;
  for (NodeId child : tree.children(container)) {
    if (!is_of_package(child)) return tree[child].key_pos;
  }
  return {};
}

}  // namespace cfgtool
