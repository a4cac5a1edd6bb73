/// \file
/// The values in which two trees differ.
#pragma once

#include <vector>

#include "config_engine/tree.hpp"

namespace cfgtool {

/// One value that is not the same: a scalar or an empty container, or a container where the other tree has no container
/// of that kind.
struct TreeDifference {
  NodeId left = kNoNode;   ///< kNoNode: only the right tree has it
  NodeId right = kNoNode;  ///< kNoNode: only the left tree has it
};

/// In the order of the left tree, what only the right one has behind its neighbours there. Values are the same if
/// Python's repr() of them is: 1 is not 1.0, and nan is nan. The order of keys does not count; items of lists are
/// compared by their position.
std::vector<TreeDifference> differences(const Tree& left, const Tree& right);

}  // namespace cfgtool
