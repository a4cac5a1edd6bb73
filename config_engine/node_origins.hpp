/// \file
/// Which step of a composition put each node of a tree there, and what that replaced.
///
/// Nodes are added step by step, so that most need not keep their step: whose nodes those from some id on are is kept
/// instead. tests/bench/provenance_cost.cpp measures what is left.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "config_engine/node.hpp"

namespace cfgtool {

/// A value that another one replaced.
struct EarlierValue {
  SourcePos pos;                    ///< where it stands
  uint32_t step = 0;                ///< which composition step had put it there
  uint32_t replaced_by = 0;         ///< which step put another one in its place
  NodeKind kind = NodeKind::kNull;  ///< kMap or kList; any other for what is no container
  NodeId first_child = kNoNode;  ///< of a container: its children still lie in this tree's array, linked as they were
};

/// Of one tree.
class NodeOrigins {
 public:
  /// What is kept of a node itself. 0: its step is that of the nodes around it; with kReplaced an index into
  /// replacements_; else its step.
  using Mark = uint32_t;

  /// For a tree of so many nodes, some of which will be replaced.
  void reserve(size_t nodes);
  /// Nodes from `first` on, which are not there yet, are put there by this step; 0 = not known.
  void begin_step(uint32_t step, NodeId first);
  uint32_t current_step() const { return runs_.empty() ? 0 : runs_.back().step; }
  /// Whether a step has begun: a file's tree has none.
  bool are_known() const { return !runs_.empty(); }

  uint32_t step(NodeId id) const { return step_of(mark(id), id); }
  /// The newest first.
  std::vector<EarlierValue> earlier(NodeId id) const;
  NodeId copied_from(NodeId id) const;
  Mark mark(NodeId id) const { return id < marks_.size() ? marks_[id] : 0; }

  void set_step(NodeId id, uint32_t step) { set_mark(id, step); }
  /// `step` put another value in the place of one that stood at `old_pos` and whose mark was `old_mark`.
  void set_replaced(NodeId id, uint32_t step, SourcePos old_pos, Mark old_mark);
  /// What set_replaced was told last was a container.
  void set_replaced_container(NodeKind kind, NodeId first_child);
  void set_copied_from(NodeId id, NodeId source) { copies_.emplace_back(id, source); }
  /// `id` gets the origin of `source`, a node of the tree that `from` is of. What that had replaced is then known by
  /// its place only, unless the tree is this one.
  void take(NodeId id, const NodeOrigins& from, NodeId source);

 private:
  struct Run {
    NodeId first;
    uint32_t step;
  };
  struct Replacement {
    uint32_t step;  // of the new value
    SourcePos old_pos;
    Mark old_mark;
  };
  struct ReplacedContainer {
    uint32_t replacement;  // index
    NodeKind kind;
    NodeId first_child;
  };
  static constexpr Mark kReplaced = 0x80000000u;

  uint32_t step_of(Mark mark, NodeId id) const;
  void set_mark(NodeId id, Mark mark);

  std::vector<Run> runs_;    // ascending
  std::vector<Mark> marks_;  // by NodeId; of nodes behind its end 0
  std::vector<Replacement> replacements_;
  std::vector<ReplacedContainer> replaced_containers_;  // ascending
  std::vector<std::pair<NodeId, NodeId>> copies_;       // (id, source)
};

}  // namespace cfgtool
