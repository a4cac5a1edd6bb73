#include "config_engine/tree.hpp"

#include <fmt/format.h>

#include <cassert>
#include <type_traits>

namespace cfgtool {

static_assert(std::is_trivially_copyable_v<Node>);
static_assert(sizeof(Node) <= 64);

namespace {
// Below this many keys a walk over the siblings is faster than a hash table.
constexpr uint32_t kIndexedMapSize = 24;
}  // namespace

std::string_view Key::number_text() const {
  if (kind == KeyKind::kBool) return text == "True" ? "1" : "0";
  return kind == KeyKind::kFloat && text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

Node Node::of_bool(bool value) {
  Node node;
  node.kind = NodeKind::kBool;
  node.boolean = value;
  return node;
}

Node Node::of_int(int64_t value) {
  Node node;
  node.kind = NodeKind::kInt;
  node.integer = value;
  return node;
}

Node Node::of_float(double value) {
  Node node;
  node.kind = NodeKind::kFloat;
  node.real = value;
  return node;
}

Node Node::of_text(NodeKind kind, std::string_view text) {
  Node node;
  node.kind = kind;
  node.text_data = text.data();
  node.length = static_cast<uint32_t>(text.size());
  return node;
}

Node Node::of_string(std::string_view text) {
  NodeKind kind = NodeKind::kString;
  if (text == "???") {
    kind = NodeKind::kMissing;
  } else if (text.find("${") != std::string_view::npos) {
    kind = NodeKind::kInterpolation;
  }
  return of_text(kind, text);
}

Node Node::map() {
  Node node;
  node.kind = NodeKind::kMap;
  node.child = {kNoNode, kNoNode};
  return node;
}

Node Node::list() {
  Node node = map();
  node.kind = NodeKind::kList;
  return node;
}

void Node::set_key(Key key) {
  key_kind = key.kind;
  key_data = key.text.data();
  key_length = static_cast<uint32_t>(key.text.size());
}

const char* type_name(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "NoneType";
    case NodeKind::kBool:
      return "bool";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return "int";
    case NodeKind::kFloat:
      return "float";
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      return "str";
    case NodeKind::kBytes:
      return "bytes";
    case NodeKind::kMap:
      return "dict";
    case NodeKind::kList:
      return "list";
  }
  return "";
}

Tree::Tree() : history_(1) {
  nodes_.push_back(Node::map());
}

NodeId Tree::add(NodeId parent, Node node) {
  const NodeId id = static_cast<NodeId>(nodes_.size());
  node.parent = parent;
  node.next = kNoNode;
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
  if (above.kind == NodeKind::kMap && above.length >= kIndexedMapSize) {
    if (auto index = indexes_.find(parent); index != indexes_.end()) {
      index->second.emplace(node.key(), id);
    } else {
      build_index(parent);
    }
  }
  return id;
}

NodeId Tree::add_detached(Node node, NodeId parent) {
  node.parent = parent;
  node.next = kNoNode;
  if (node.is_container()) {
    node.child = {kNoNode, kNoNode};
    node.length = 0;
  }
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

void Tree::build_index(NodeId map) {
  KeyIndex& index = indexes_[map];
  for (NodeId child : children(map))
    index.emplace(nodes_[child].key(), child);
}

void Tree::remove(NodeId child) {
  Node& above = nodes_[nodes_[child].parent];
  NodeId before = kNoNode;
  for (NodeId id = above.child.first; id != child; id = nodes_[id].next)
    before = id;
  if (before == kNoNode) {
    above.child.first = nodes_[child].next;
  } else {
    nodes_[before].next = nodes_[child].next;
  }
  if (above.child.last == child) above.child.last = before;
  --above.length;
  if (auto index = indexes_.find(nodes_[child].parent); index != indexes_.end()) {
    index->second.erase(nodes_[child].key());
  }
  nodes_[child].parent = kNoNode;
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
  if (node.kind == NodeKind::kMap) indexes_.erase(id);
  node = changed;
}

void Tree::assign(NodeId id, const Tree& from, NodeId source) {
  const Node value = from.nodes_[source];
  set_value(id, value);
  copy_children(id, from, source);
}

NodeId Tree::add_copy(NodeId parent, const Tree& from, NodeId source) {
  Node node = from.nodes_[source];
  if (node.is_container()) {
    node.child = {kNoNode, kNoNode};
    node.length = 0;
  }
  const NodeId id = add(parent, node);
  copy_children(id, from, source);
  return id;
}

void Tree::copy_children(NodeId to, const Tree& from, NodeId source) {
  if (!from.nodes_[source].is_container()) return;
  // Not recursive: a tree may be deeper than the stack.
  std::vector<std::pair<NodeId, NodeId>> pending{{to, source}};
  while (!pending.empty()) {
    const auto [into, outer] = pending.back();
    pending.pop_back();
    // The count is read first: where both trees are one, the list being copied must not grow under our feet.
    NodeId child = from.nodes_[outer].child.first;
    for (uint32_t left = from.nodes_[outer].length; left > 0; --left) {
      Node node = from.nodes_[child];
      const NodeId next = node.next;
      const bool deeper = node.is_container() && node.length > 0;
      if (node.is_container()) {
        node.child = {kNoNode, kNoNode};
        node.length = 0;
      }
      const NodeId copy = add(into, node);
      if (deeper) pending.emplace_back(copy, child);
      child = next;
    }
  }
}

NodeId Tree::find(NodeId map, const Key& key) const {
  const Node& node = nodes_[map];
  if (node.kind != NodeKind::kMap) return kNoNode;
  if (node.length >= kIndexedMapSize) {
    if (auto index = indexes_.find(map); index != indexes_.end()) {
      auto found = index->second.find(key);
      return found == index->second.end() ? kNoNode : found->second;
    }
  }
  for (NodeId child : children(map)) {
    if (nodes_[child].key() == key) return child;
  }
  return kNoNode;
}

NodeId Tree::item(NodeId list, size_t index) const {
  if (nodes_[list].kind != NodeKind::kList || index >= nodes_[list].length) return kNoNode;
  NodeId id = nodes_[list].child.first;
  while (index-- > 0)
    id = nodes_[id].next;
  return id;
}

size_t Tree::index_of(NodeId item) const {
  size_t index = 0;
  for (NodeId child : children(nodes_[item].parent)) {
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

uint32_t Tree::add_history(HistoryEntry entry) {
  history_.push_back(entry);
  return static_cast<uint32_t>(history_.size() - 1);
}

}  // namespace cfgtool
