#include "config_engine/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <tuple>

namespace cfgtool {

namespace {
// Below this many keys a walk over the siblings is faster than a hash table.
constexpr uint32_t kIndexedMapSize = 24;
constexpr NodeId kErased = kNoNode - 1;

bool lies_at_or_below(const Tree& tree, NodeId id, NodeId above) {
  while (id != above && id != kNoNode)
    id = tree[id].parent;
  return id == above;
}
}  // namespace

Tree::Tree() {
  nodes_.push_back(Node::map());
}

Tree Tree::of_nodes(std::vector<Node> nodes) {
  Tree tree;
  tree.nodes_ = std::move(nodes);
  for (NodeId id = 0; id < tree.size(); ++id) {
    const Node& node = tree[id];
    const bool is_removed = node.parent == kNoNode;
    if (node.next != kNoNode && !is_removed) tree[node.next].previous = id;
    if (node.kind == NodeKind::kMap && node.length >= kIndexedMapSize) tree.indexes_[id].rebuild(tree, id);
  }
  return tree;
}

NodeId Tree::add(NodeId parent, Node node) {
  const NodeId id = static_cast<NodeId>(nodes_.size());
  node.parent = parent;
  node.next = kNoNode;
  node.previous = nodes_[parent].child.last;
  nodes_.push_back(node);
  Node& above = nodes_[parent];
  assert(above.is_container());
  if (above.child.last == kNoNode) {
    above.child.first = id;
  } else {
    nodes_[above.child.last].next = id;
  }
  above.child.last = id;
  ++above.length;
  if (above.kind == NodeKind::kMap && above.length >= kIndexedMapSize) update_index(parent, id);
  return id;
}

NodeId Tree::add_detached(Node node, NodeId parent) {
  node.parent = parent;
  node.next = node.previous = kNoNode;
  if (node.is_container()) {
    node.child = {kNoNode, kNoNode};
    node.length = 0;
  }
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

void Tree::update_index(NodeId map, NodeId added) {
  const auto [index, is_new] = indexes_.try_emplace(map);
  if (is_new) {
    index->second.rebuild(*this, map);
  } else {
    index->second.insert(*this, added);
  }
}

namespace {
size_t hash_of(const Key& key) {
  return std::hash<std::string_view>()(key.is_number() ? key.number_text() : key.text);
}
}  // namespace

void Tree::KeyIndex::rebuild(const Tree& tree, NodeId map) {
  size_t slots = 64;
  while (slots < size_t{2} * tree[map].length)
    slots *= 2;
  slots_.assign(slots, kNoNode);
  used_ = tree[map].length;
  for (NodeId child : tree.children(map))
    place(tree, child);
}

void Tree::KeyIndex::place(const Tree& tree, NodeId child) {
  size_t slot = hash_of(tree[child].key());
  while (slots_[slot & (slots_.size() - 1)] != kNoNode)
    ++slot;
  slots_[slot & (slots_.size() - 1)] = child;
}

void Tree::KeyIndex::insert(const Tree& tree, NodeId child) {
  if (2 * (used_ + 1) > slots_.size()) {
    rebuild(tree, tree[child].parent);
    return;
  }
  ++used_;
  place(tree, child);
}

void Tree::KeyIndex::erase(const Tree& tree, NodeId child) {
  size_t slot = hash_of(tree[child].key());
  while (slots_[slot & (slots_.size() - 1)] != child)
    ++slot;
  slots_[slot & (slots_.size() - 1)] = kErased;
}

NodeId Tree::KeyIndex::find(const Tree& tree, const Key& key) const {
  for (size_t slot = hash_of(key);; ++slot) {
    const NodeId child = slots_[slot & (slots_.size() - 1)];
    if (child == kNoNode || (child != kErased && tree[child].key() == key)) return child;
  }
}

void Tree::remove(NodeId child) {
  Node& gone = nodes_[child];
  Node& above = nodes_[gone.parent];
  (gone.previous == kNoNode ? above.child.first : nodes_[gone.previous].next) = gone.next;
  (gone.next == kNoNode ? above.child.last : nodes_[gone.next].previous) = gone.previous;
  --above.length;
  if (auto index = indexes_.find(gone.parent); index != indexes_.end()) {
    // A map that is small again is not kept in the index: see add().
    if (above.length < kIndexedMapSize) {
      indexes_.erase(index);
    } else {
      index->second.erase(*this, child);
    }
  }
  gone.parent = kNoNode;
}

void Tree::set_value(NodeId id, const Node& value) {
  Node& node = nodes_[id];
  Node changed = value;
  if (changed.is_container()) {
    changed.child = {kNoNode, kNoNode};
    changed.length = 0;
  }
  changed.set_key(node.key());
  changed.key_pos = node.key_pos ? node.key_pos : value.key_pos;
  changed.parent = node.parent;
  changed.next = node.next;
  changed.previous = node.previous;
  if (node.kind == NodeKind::kMap) indexes_.erase(id);
  node = changed;
}

void Tree::assign(NodeId id, const Tree& from, NodeId source) {
  set_value(id, from.nodes_[source]);
  if (from.origins_.are_known()) origins_.take(id, from.origins_, source);
  copy_children(id, from, source);
}

NodeId Tree::add_copy(NodeId parent, const Tree& from, NodeId source) {
  return add_copy(parent, from, source, from.nodes_[source].key(), from.nodes_[source].key_pos);
}

NodeId Tree::add_copy(NodeId parent, const Tree& from, NodeId source, const Key& key, SourcePos key_pos) {
  Node node = from.nodes_[source];
  node.set_key(key);
  node.key_pos = key_pos;
  if (node.is_container()) {
    node.child = {kNoNode, kNoNode};
    node.length = 0;
  }
  const NodeId id = add(parent, node);
  if (from.origins_.are_known()) origins_.take(id, from.origins_, source);
  copy_children(id, from, source);
  return id;
}

void Tree::replace_by(uint32_t step, NodeId id, const Tree& from, NodeId source) {
  const SourcePos old_pos = nodes_[id].pos;
  const NodeKind old_kind = nodes_[id].kind;
  const NodeId old_child = nodes_[id].is_container() ? nodes_[id].child.first : kNoNode;
  set_value(id, from.nodes_[source]);
  copy_children(id, from, source);
  origins_.set_replaced(id, step, old_pos);
  if (old_kind == NodeKind::kMap || old_kind == NodeKind::kList) origins_.set_replaced_container(old_kind, old_child);
}

void Tree::replace(NodeId id, const Tree& from, NodeId source) {
  if (&from == this && lies_at_or_below(*this, id, source)) {
    // `${oc.select:a}` within a: what is copied must not grow meanwhile.
    Tree copy;
    copy.assign(copy.root(), from, source);
    replace(id, copy, copy.root());
    return;
  }
  if (origins_.current_step() == 0) {
    assign(id, from, source);
    return;
  }
  replace_by(origins_.current_step(), id, from, source);
  if (&from == this) origins_.set_copied_from(id, source);
}

void Tree::replace_by_own(NodeId id, NodeId source) {
  replace_by(step(source), id, *this, source);
}

// `to` has no children yet. Brothers get neighbouring ids.
void Tree::copy_children(NodeId to, const Tree& from, NodeId source) {
  if (!from.nodes_[source].is_container()) return;
  const bool has_origins = from.origins_.are_known();
  // Not recursive: a tree may be deeper than the stack.
  std::vector<std::pair<NodeId, NodeId>> pending;
  while (true) {
    // The count is read first: where both trees are one, the list being copied must not grow under our feet.
    const uint32_t count = from.nodes_[source].length;
    const NodeId first = static_cast<NodeId>(nodes_.size());
    NodeId child = from.nodes_[source].child.first;
    for (uint32_t i = 0; i < count; ++i) {
      Node node = from.nodes_[child];
      if (node.is_container()) {
        if (node.length > 0) pending.emplace_back(first + i, child);
        node.child = {kNoNode, kNoNode};
        node.length = 0;
      }
      node.parent = to;
      node.next = i + 1 < count ? first + i + 1 : kNoNode;
      node.previous = i > 0 ? first + i - 1 : kNoNode;
      const NodeId next_child = from.nodes_[child].next;
      nodes_.push_back(node);
      if (has_origins) origins_.take(first + i, from.origins_, child);
      child = next_child;
    }
    if (count > 0) nodes_[to].child = {first, first + count - 1};
    nodes_[to].length = count;
    if (count >= kIndexedMapSize && nodes_[to].kind == NodeKind::kMap) indexes_[to].rebuild(*this, to);
    if (pending.empty()) return;
    std::tie(to, source) = pending.back();
    pending.pop_back();
  }
}

NodeId Tree::find(NodeId map, const Key& key) const {
  const Node& node = nodes_[map];
  if (node.kind != NodeKind::kMap) return kNoNode;
  if (node.length >= kIndexedMapSize) {
    if (auto index = indexes_.find(map); index != indexes_.end()) return index->second.find(*this, key);
  }
  const auto length = static_cast<uint32_t>(key.text.size());
  for (NodeId child : children(map)) {
    // Most keys differ in their lengths or are strings both: the cheap questions first.
    const Node& candidate = nodes_[child];
    if (key.kind == KeyKind::kString && (candidate.key_length != length || candidate.key_kind != key.kind)) continue;
    if (candidate.key() == key) return child;
  }
  return kNoNode;
}

// So it is where they were copied, which is nearly everywhere in a composition. Brothers' ids always rise.
bool Tree::has_neighbouring_children(NodeId id) const {
  const Node& node = nodes_[id];
  return node.length > 0 && node.child.last - node.child.first == node.length - 1;
}

NodeId Tree::item(NodeId list, size_t index) const {
  if (nodes_[list].kind != NodeKind::kList || index >= nodes_[list].length) return kNoNode;
  if (has_neighbouring_children(list)) return nodes_[list].child.first + static_cast<NodeId>(index);
  NodeId id = nodes_[list].child.first;
  while (index-- > 0)
    id = nodes_[id].next;
  return id;
}

size_t Tree::index_of(NodeId item) const {
  const NodeId list = nodes_[item].parent;
  if (has_neighbouring_children(list)) return item - nodes_[list].child.first;
  size_t index = 0;
  for (NodeId child : children(list)) {
    if (child == item) return index;
    ++index;
  }
  return index;
}

std::string Tree::key_path(NodeId id) const {
  std::vector<NodeId> way;
  for (; id != root() && nodes_[id].parent != kNoNode; id = nodes_[id].parent)
    way.push_back(id);
  std::string path;
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    const Node& node = nodes_[*step];
    if (nodes_[node.parent].kind == NodeKind::kList) {
      path += fmt::format("[{}]", index_of(*step));
    } else {
      if (!path.empty()) path += '.';
      path += node.key().text;
    }
  }
  return path;
}

}  // namespace cfgtool
