#include "config_engine/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <tuple>
#include <type_traits>

namespace cfgtool {

static_assert(std::is_trivially_copyable_v<Node>);
static_assert(sizeof(Node) <= 48);

namespace {
// Below this many keys a walk over the siblings is faster than a hash table.
constexpr uint32_t kIndexedMapSize = 24;
constexpr NodeId kErased = kNoNode - 1;
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
  if (!from.runs_.empty()) take_origin(id, from, source);
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
  if (!from.runs_.empty()) take_origin(id, from, source);
  copy_children(id, from, source);
  return id;
}

void Tree::begin_step(uint32_t step) {
  if (!kNodesKnowPlaces) return;
  const auto first = static_cast<NodeId>(nodes_.size());
  if (!runs_.empty() && runs_.back().first == first) runs_.pop_back();
  runs_.push_back({first, step});
}

uint32_t Tree::step_of(uint32_t origin, NodeId id) const {
  if ((origin & kReplaced) != 0) return replacements_[origin & ~kReplaced].step;
  if (origin != 0) return origin;
  const auto behind = std::upper_bound(runs_.begin(), runs_.end(), id,
                                       [](NodeId node, const StepRun& run) { return node < run.first; });
  return behind == runs_.begin() ? 0 : std::prev(behind)->step;
}

uint32_t Tree::step(NodeId id) const {
  return step_of(own_origin(id), id);
}

std::vector<EarlierValue> Tree::earlier(NodeId id) const {
  std::vector<EarlierValue> earlier;
  for (uint32_t origin = own_origin(id); (origin & kReplaced) != 0;) {
    const uint32_t index = origin & ~kReplaced;
    const Replacement& replaced = replacements_[index];
    origin = replaced.old_origin;
    EarlierValue& value = earlier.emplace_back();
    value = {replaced.old_pos, step_of(origin, id), replaced.step};
    const auto map = std::lower_bound(replaced_maps_.begin(), replaced_maps_.end(), index,
                                      [](const ReplacedMap& one, uint32_t wanted) { return one.replacement < wanted; });
    value.is_map = map != replaced_maps_.end() && map->replacement == index;
    if (value.is_map) value.first_child = map->first_child;
  }
  return earlier;
}

void Tree::set_origin(NodeId id, uint32_t origin) {
  if (!kNodesKnowPlaces) return;
  if (origins_.size() <= id) {
    if (origin == 0) return;
    origins_.reserve(nodes_.capacity());
    origins_.resize(nodes_.size());
  }
  origins_[id] = origin;
}

// Origins are indices into their own tree's replacements, or follow from the node's id.
void Tree::take_origin(NodeId id, const Tree& from, NodeId source) {
  uint32_t origin = from.own_origin(source);
  if ((origin & kReplaced) == 0 || &from == this) {
    set_origin(id, origin != 0 ? origin : from.step(source));
    return;
  }
  set_origin(id, static_cast<uint32_t>(replacements_.size()) | kReplaced);
  while ((origin & kReplaced) != 0) {
    replacements_.push_back(from.replacements_[origin & ~kReplaced]);
    origin = replacements_.back().old_origin;
    replacements_.back().old_origin = (origin & kReplaced) != 0
                                          ? static_cast<uint32_t>(replacements_.size()) | kReplaced
                                          : from.step_of(origin, source);
  }
}

void Tree::replace_by(uint32_t step, NodeId id, const Tree& from, NodeId source) {
  const Replacement replaced{step, nodes_[id].pos, own_origin(id)};
  if (nodes_[id].kind == NodeKind::kMap)
    replaced_maps_.push_back({static_cast<uint32_t>(replacements_.size()), nodes_[id].child.first});
  assign(id, from, source);
  if (!kNodesKnowPlaces) return;
  // Where one value is replaced, many are.
  if (replacements_.empty()) replacements_.reserve(nodes_.capacity() / 4);
  set_origin(id, static_cast<uint32_t>(replacements_.size()) | kReplaced);
  replacements_.push_back(replaced);
}

void Tree::replace(NodeId id, const Tree& from, NodeId source) {
  if (current_step() != 0) {
    replace_by(current_step(), id, from, source);
  } else {
    assign(id, from, source);
  }
}

void Tree::replace_by_own(NodeId id, NodeId source) {
  replace_by(step(source), id, *this, source);
}

// `to` has no children yet. Brothers get neighbouring ids.
void Tree::copy_children(NodeId to, const Tree& from, NodeId source) {
  if (!from.nodes_[source].is_container()) return;
  const bool has_origins = !from.runs_.empty();
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
      if (has_origins) take_origin(first + i, from, child);
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
