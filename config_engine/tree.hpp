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

#include "config_engine/source.hpp"

namespace cfgtool {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = 0xffffffffu;

enum class NodeKind : uint8_t {
  kNull,
  kBool,
  kInt,     ///< fits into 64 bits
  kBigInt,  ///< an integer beyond 64 bits: `text` holds its decimal digits, with a leading '-' if negative
  kFloat,
  kString,
  kBytes,          ///< `text` holds the raw bytes
  kInterpolation,  ///< a string with "${" in it; `text` is the raw string (OmegaConf: ValueKind.INTERPOLATION)
  kMissing,        ///< the string "???"
  kMap,
  kList,
};

enum class KeyKind : uint8_t { kString, kInt, kFloat, kBool, kBytes, kNull };

/// A mapping's key. `text` of a non-string key is Python's str() of it (`16`, `1.5`, `True`), so that kind and text
/// together identify it: the key 1 and the key "1" are two keys.
struct Key {
  KeyKind kind = KeyKind::kString;
  std::string_view text;

  Key() = default;
  Key(std::string_view string_key) : text(string_key) {}    // NOLINT: a name is a key
  Key(const char* string_key) : text(string_key) {}         // NOLINT
  Key(const std::string& string_key) : text(string_key) {}  // NOLINT
  Key(KeyKind key_kind, std::string_view key_text) : kind(key_kind), text(key_text) {}
  /// As Python's dict sees it: 1, 1.0 and True are one key, 1 and "1" are two.
  friend bool operator==(const Key& a, const Key& b) {
    if (a.kind == b.kind) return a.text == b.text;
    return a.is_number() && b.is_number() && a.number_text() == b.number_text();
  }
  bool is_number() const { return kind == KeyKind::kInt || kind == KeyKind::kFloat || kind == KeyKind::kBool; }
  /// Equal for equal numbers: `1` for 1, 1.0 and True.
  std::string_view number_text() const;
};

#ifdef CFGTOOL_WITHOUT_PLACES
/// tests/bench/provenance_cost.cpp measures an engine whose nodes do not know where they come from: what is assigned to
/// this is not kept.
struct NoPlace : SourcePos {
  const NoPlace& operator=(SourcePos) const { return *this; }
};
inline constexpr bool kNodesKnowPlaces = false;
#else
inline constexpr bool kNodesKnowPlaces = true;
#endif

/// One value. Trivially copyable.
struct Node {
  NodeKind kind = NodeKind::kNull;
  KeyKind key_kind = KeyKind::kString;
  uint32_t key_length = 0;
  const char* key_data = "";
  union {
    bool boolean;
    int64_t integer;
    double real;
    const char* text_data;
    struct {
      NodeId first, last;  // children, in insertion order
    } child;
  };
  uint32_t length = 0;  ///< bytes of text, or number of children
  NodeId parent = kNoNode;
  NodeId next = kNoNode;      ///< the next child of the same parent
  NodeId previous = kNoNode;  ///< the one before
#ifndef CFGTOOL_WITHOUT_PLACES
  SourcePos pos;      ///< of the value
  SourcePos key_pos;  ///< of the key, or of a list item's value
#else
  static inline NoPlace pos, key_pos;
#endif

  Node() : integer(0) {}
  static Node null() {
    return {};
  }
  static Node of_bool(bool value);
  static Node of_int(int64_t value);
  static Node of_float(double value);
  /// A string; "???" becomes kMissing and a text with "${" in it kInterpolation.
  static Node of_string(std::string_view text);
  static Node of_text(NodeKind kind, std::string_view text);
  static Node map();
  static Node list();

  Key key() const {
    return {key_kind, {key_data, key_length}};
  }
  void set_key(Key key);
  /// Of kString, kInterpolation, kMissing, kBytes, kBigInt.
  std::string_view text() const {
    return {text_data, length};
  }
  bool is_container() const {
    return kind == NodeKind::kMap || kind == NodeKind::kList;
  }
  /// Python's str, whatever it means.
  bool is_text() const {
    return kind == NodeKind::kString || kind == NodeKind::kInterpolation || kind == NodeKind::kMissing;
  }
};

/// Python's name of the value's type: "int", "str", "NoneType", "dict", "list" …
const char* type_name(const Node& node);

/// A value that another one replaced.
struct EarlierValue {
  SourcePos pos;             ///< where it stands
  uint32_t step = 0;         ///< which composition step had put it there
  uint32_t replaced_by = 0;  ///< which step put another one in its place
  bool is_map = false;
  NodeId first_child = kNoNode;  ///< of a map: its children still lie in this tree's array, each with its `next`
};

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
  void reserve(size_t nodes) { nodes_.reserve(nodes); }

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
  void begin_step(uint32_t step);
  /// Which composition step put the value there: an index into the composition's steps; 0 = not known.
  uint32_t step(NodeId id) const;
  /// What it replaced, the newest first.
  std::vector<EarlierValue> earlier(NodeId id) const;
  /// assign() by the step that has begun last, which is remembered with what was there; not where no step has begun.
  void replace(NodeId id, const Tree& from, NodeId source);
  /// assign() by the step that put the source there, in this tree.
  void replace_by_own(NodeId id, NodeId source);
  /// The step that has begun last put the value of `id` there; of what was there before, nothing is to be known.
  void set_new(NodeId id) { set_origin(id, current_step()); }
  /// What the value of `id` replaced is not to be known any more.
  void forget_earlier(NodeId id) { set_origin(id, step(id)); }

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

  uint32_t current_step() const { return runs_.empty() ? 0 : runs_.back().step; }
  uint32_t step_of(uint32_t origin, NodeId id) const;
  uint32_t own_origin(NodeId id) const { return id < origins_.size() ? origins_[id] : 0; }
  void set_origin(NodeId id, uint32_t origin);
  void take_origin(NodeId id, const Tree& from, NodeId source);
  void replace_by(uint32_t step, NodeId id, const Tree& from, NodeId source);
  void copy_children(NodeId to, const Tree& from, NodeId source);
  bool has_neighbouring_children(NodeId id) const;
  void update_index(NodeId map, NodeId added);

  std::vector<Node> nodes_;
  // Who put a node there. Nodes are added step by step, so that most need not keep their step themselves: then a node's
  // origin is 0. Else it is the step, or with kReplaced an index into replacements_.
  struct StepRun {
    NodeId first;
    uint32_t step;
  };
  struct Replacement {
    uint32_t step;  // of the new value
    SourcePos old_pos;
    uint32_t old_origin;
  };
  struct ReplacedMap {
    uint32_t replacement;  // index
    NodeId first_child;
  };
  static constexpr uint32_t kReplaced = 0x80000000u;
  std::vector<StepRun> runs_;      // ascending; empty for a tree that no step made, as that of a file
  std::vector<uint32_t> origins_;  // by NodeId; of nodes behind its end 0
  std::vector<Replacement> replacements_;
  std::vector<ReplacedMap> replaced_maps_;        // ascending
  std::unordered_map<NodeId, KeyIndex> indexes_;  // of maps with many keys only
};

}  // namespace cfgtool
