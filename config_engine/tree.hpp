/// \file
/// The value tree: a composed or parsed configuration as one flat array of small nodes. Copying a tree is copying the
/// array.
///
/// Texts are views into the SourceMap that the tree was made with and live as long as that map.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config_engine/node.hpp"
#include "config_engine/node_origins.hpp"

namespace cfgtool {

class Tree {
 public:
  /// A tree has one root from the beginning: an empty map.
  Tree();

  /// A tree of the nodes that another one had: `nodes[i]` is what other[i] was.
  static Tree of_nodes(std::vector<Node> nodes);

  NodeId root() const { return 0; }
  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Node& operator[](NodeId id) { return nodes_[id]; }
  size_t size() const { return nodes_.size(); }
  void reserve(size_t nodes) {
    nodes_.reserve(nodes);
    origins_.reserve(nodes);
  }

  /// Appends `node` (with its key set, if `parent` is a map; the key must not be there yet). References to nodes do not
  /// survive.
  NodeId add(NodeId parent, Node node);
  /// Appends `node` so that it knows `parent` without being one of its children: a value on the side, such as a
  /// resolver's result. Found by its id only.
  NodeId add_detached(Node node, NodeId parent);
  /// Unlinks `child`; its nodes stay in the array, unreachable.
  void remove(NodeId child);
  /// Makes `id` hold `value`, dropping its children; its key, parent, origin and place among its siblings stay.
  void set_value(NodeId id, const Node& value);
  /// Makes `id` hold a deep copy of `from[source]`; `id`'s key, parent and place among its siblings stay. `from` may be
  /// *this as long as `id` does not lie below `source`.
  void assign(NodeId id, const Tree& from, NodeId source);
  /// Appends a deep copy of `from[source]`, key included, to `parent`.
  NodeId add_copy(NodeId parent, const Tree& from, NodeId source);
  /// The same under another key, which stood at `key_pos`.
  NodeId add_copy(NodeId parent, const Tree& from, NodeId source, const Key& key, SourcePos key_pos);

  /// The child of a map, or kNoNode (also when `map` is not a map).
  NodeId find(NodeId map, const Key& key) const;
  /// The child of a list by position from 0, or kNoNode.
  NodeId item(NodeId list, size_t index) const;
  /// A list item's position.
  size_t index_of(NodeId item) const;

  /// `a.b[0].c` as OmegaConf's full_key writes it; empty for the root.
  std::string key_path(NodeId id) const;

  /// All nodes that are added from now on are put there by this step: an index into the composition's steps; 0 = not
  /// known.
  void begin_step(uint32_t step) { origins_.begin_step(step, static_cast<NodeId>(nodes_.size())); }
  /// Which composition step put the value there.
  uint32_t step(NodeId id) const { return origins_.step(id); }
  /// What it replaced, the newest first.
  std::vector<EarlierValue> earlier(NodeId id) const { return origins_.earlier(id); }
  /// The node whose container replace() put in the place of `id`'s, an interpolation to it; kNoNode if that did not
  /// happen.
  NodeId copied_from(NodeId id) const { return origins_.copied_from(id); }
  /// assign() by the step that has begun last, which is remembered with what was there; not where no step has begun.
  void replace(NodeId id, const Tree& from, NodeId source);
  /// assign() by the step that put the source there, in this tree.
  void replace_by_own(NodeId id, NodeId source);
  /// The step that has begun last put the value of `id` there; of what was there before, nothing is to be known.
  void set_new(NodeId id) { origins_.set_step(id, origins_.current_step()); }
  /// Says that the step that put `other` there put the value of `id` there.
  void set_step_of(NodeId id, NodeId other) { origins_.set_step(id, step(other)); }
  /// What the value of `id` replaced is not to be known any more.
  void forget_earlier(NodeId id) { set_step_of(id, id); }

  /// Children in order: `for (NodeId child : tree.children(id))`. Empty for scalars.
  class Children {
   public:
    struct Iterator {
      const Tree* tree;
      NodeId id;
      NodeId operator*() const { return id; }
      Iterator& operator++() {
        id = tree->nodes_[id].next;
        return *this;
      }
      friend bool operator!=(const Iterator& a, const Iterator& b) { return a.id != b.id; }
    };
    Children(const Tree* tree, NodeId first) : tree_(tree), first_(first) {}
    Iterator begin() const { return {tree_, first_}; }
    Iterator end() const { return {tree_, kNoNode}; }

   private:
    const Tree* tree_;
    NodeId first_;
  };
  Children children(NodeId id) const { return {this, nodes_[id].is_container() ? nodes_[id].child.first : kNoNode}; }

 private:
  /// A hash table of one map's children, by key: their ids, in a power of two of slots.
  class KeyIndex {
   public:
    void rebuild(const Tree& tree, NodeId map);
    void insert(const Tree& tree, NodeId child);
    void erase(const Tree& tree, NodeId child);
    NodeId find(const Tree& tree, const Key& key) const;

   private:
    void place(const Tree& tree, NodeId child);

    std::vector<NodeId> slots_;  // kNoNode: empty; kErased: empty, but a search goes on
    size_t used_ = 0;            // slots that end no search
  };

  void replace_by(uint32_t step, NodeId id, const Tree& from, NodeId source);
  void copy_children(NodeId to, const Tree& from, NodeId source);
  bool has_neighbouring_children(NodeId id) const;
  void update_index(NodeId map, NodeId added);

  std::vector<Node> nodes_;
  NodeOrigins origins_;
  std::unordered_map<NodeId, KeyIndex> indexes_;  // of maps with many keys only
};

}  // namespace cfgtool
