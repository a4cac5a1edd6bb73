/// \file
/// Which step of a composition put each node of a tree there, and what that replaced.
///
/// Nodes are added step by step, so that most need not keep their step: whose nodes those from some id on are is kept
/// instead. tests/bench/provenance_cost.cpp measures what is left.
#pragma once

#include <cstdint>
#include <unordered_map>
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

/// Of one tree. What composing needs is only written down here; what questions need is made when the first is asked, so
/// that not for several threads at once.
class NodeOrigins {
 public:
  /// For a tree of so many nodes, some of which will be replaced.
  void reserve(size_t nodes);
  /// Nodes from `first` on, which are not there yet, are put there by this step; 0 = not known.
  void begin_step(uint32_t step, NodeId first);
  uint32_t current_step() const { return runs_.empty() ? 0 : runs_.back().step; }
  /// Whether a step has begun: a file's tree has none.
  bool are_known() const { return !runs_.empty(); }

  uint32_t step(NodeId id) const;
  /// The newest first.
  std::vector<EarlierValue> earlier(NodeId id) const;
  NodeId copied_from(NodeId id) const;

  /// `step` put the value of `id` there; what was there before is not to be known.
  void set_step(NodeId id, uint32_t step);
  /// `step` put another value in the place of one that stood at `old_pos`.
  void set_replaced(NodeId id, uint32_t step, SourcePos old_pos) {
    if (kNodesKnowPlaces) changes_.push_back({id, step, old_pos, false});
  }
  /// What set_replaced was told last was a container.
  void set_replaced_container(NodeKind kind, NodeId first_child);
  void set_copied_from(NodeId id, NodeId source) { copies_.emplace_back(id, source); }
  /// `id` gets the origin of `source`, a node of the tree that `from` is of. What that had replaced is then known by
  /// its place only.
  void take(NodeId id, const NodeOrigins& from, NodeId source);

 private:
  struct Run {
    NodeId first;
    uint32_t step;
  };
  struct Change {
    NodeId id;
    uint32_t step;
    SourcePos old_pos;
    bool forgets;  // what was before
  };
  struct ReplacedContainer {
    uint32_t change;  // index
    NodeKind kind;
    NodeId first_child;
  };

  uint32_t step_of_run(NodeId id) const;
  void look_up_changes() const;
  uint32_t last_change(NodeId id) const;

  static constexpr uint32_t kNone = 0xffffffffu;
  std::vector<Run> runs_;                               // ascending
  std::vector<Change> changes_;                         // in the order in which they were made
  std::vector<ReplacedContainer> replaced_containers_;  // ascending
  std::vector<std::pair<NodeId, NodeId>> copies_;       // (id, source)
  // Of the first changes, as many as previous_ has:
  mutable std::unordered_map<NodeId, uint32_t> last_;  // the last one of a node
  mutable std::vector<uint32_t> previous_;             // by change: the one before of the same node, or kNone
};

}  // namespace cfgtool
