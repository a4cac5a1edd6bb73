/// \file
/// Merges a config into the composed tree as OmegaConf merges untyped configs (BaseContainer._map_merge), recording
/// what each value replaced. The tree knows which step it is (Tree::begin_step).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "config_engine/tree.hpp"

namespace cfgtool {

/// Where merging meets an interpolation in the destination, OmegaConf looks what it refers to: a container takes the
/// interpolation's place before anything is merged into it.
/// \return the map or list that the interpolation at `node` leads to, or kNoNode for a scalar or one that cannot be
/// resolved
using FindContainer = std::function<NodeId(Tree& tree, NodeId node)>;

/// A map met a list. `pos` of both, so that an error can name both culprits.
struct MergeConflict {
  NodeId destination = kNoNode;
  SourcePos destination_pos;
  SourcePos source_pos;
};

/// In struct mode: a key that the destination does not have.
struct StructViolation {
  NodeId map = kNoNode;  ///< the map that lacks it
  Key key;
};

class Merger {
 public:
  /// \param struct_mode no new keys: they throw StructViolation
  Merger(Tree& destination, FindContainer find_container, bool struct_mode = false);

  /// Merges `source[root]`, a map, into the map `into`.
  /// \throws MergeConflict
  void merge_map(NodeId into, const Tree& source, NodeId root);

  /// Merges the one value `source[value]` under `key` into the map `into`. \throws MergeConflict
  void merge_value(NodeId into, const Key& key, const Tree& source, NodeId value);

  /// The map under `key`, as merging an empty map there would leave it. \throws MergeConflict
  NodeId open_map(NodeId into, const Key& key, SourcePos pos);

  /// Replaces what `node` holds by a copy of `source[value]`.
  void replace(NodeId node, const Tree& source, NodeId value);

  /// Appends a copy of `source[value]` under `key`, which must not be there yet. The key's text must outlive the tree.
  NodeId append(NodeId into, const Key& key, SourcePos key_pos, const Tree& source, NodeId value);

 private:
  NodeId expand_interpolation(NodeId node);

  Tree& tree_;
  bool struct_mode_;
  FindContainer find_container_;
};

/// Where a container is written, for people. A map that only the packages of configs made has no place of its own:
/// then the first key that was written into it, or nowhere.
SourcePos container_place(const Tree& tree, NodeId container);

}  // namespace cfgtool
