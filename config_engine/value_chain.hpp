/// \file
/// The chain of a value: every place that set it, that set something above it or in its place, or that deleted it.
#pragma once

#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// One event.
struct ChainLink {
  SourcePos pos;  ///< of the value that was set, or of the key in a deleting override
  uint32_t step = 0;
  /// Dotted: the value's own; of a list, scalar or interpolation above it; or of what an interpolation there led to.
  std::string key;
  NodeId node = kNoNode;  ///< what had or has the value, with the key that it had
  bool is_deletion = false;
};

/// \param tree Composition::tree or Composition::hydra of that composition, which knows what was replaced
/// \param node a value in it
/// \return oldest first; the last one is what holds. A map above the value is no event: what it says of the value is
std::vector<ChainLink> value_chain(const Composition& composition, const Tree& tree, NodeId node);

}  // namespace cfgtool
