#include "config_engine/merge.hpp"

namespace cfgtool {

Merger::Merger(Tree& destination, uint32_t step, FindContainer find_container, bool struct_mode)
    : tree_(destination), step_(step), struct_mode_(struct_mode), find_container_(std::move(find_container)) {}

// Every node from `first` on was copied by this step.
void Merger::stamp_from(NodeId first) {
  if (step_ == 0) return;
  for (NodeId id = first; id < tree_.size(); ++id)
    tree_[id].step = step_;
}

void Merger::remember(NodeId node, uint32_t old_step, SourcePos old_pos, uint32_t old_history) {
  if (step_ == 0) return;
  tree_[node].history = tree_.add_history({old_pos, old_step, old_history});
  tree_[node].step = step_;
}

void Merger::replace(NodeId node, const Tree& source, NodeId value) {
  const Node old = tree_[node];
  const NodeId first_copy = static_cast<NodeId>(tree_.size());
  tree_.assign(node, source, value);
  stamp_from(first_copy);
  remember(node, old.step, old.pos, old.history);
}

NodeId Merger::append(NodeId into, const Key& key, SourcePos key_pos, const Tree& source, NodeId value) {
  const NodeId id = tree_.add_copy(into, source, value, key, key_pos);
  stamp_from(id);
  return id;
}

// Returns the container that now stands in the interpolation's place, or `node` as it was.
NodeId Merger::expand_interpolation(NodeId node) {
  if (tree_[node].kind != NodeKind::kInterpolation || !find_container_) return node;
  const NodeId target = find_container_(tree_, node);
  if (target == kNoNode || !tree_[target].is_container()) return node;
  const Node old = tree_[node];
  const NodeId first_copy = static_cast<NodeId>(tree_.size());
  tree_.assign(node, tree_, target);
  // What was copied keeps the places and steps of the values that the interpolation referred to.
  for (NodeId id = first_copy; id < tree_.size(); ++id)
    tree_[id].history = 0;
  remember(node, old.step, old.pos, old.history);
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
  if (kind == NodeKind::kMap && from.kind == NodeKind::kMap) {
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
