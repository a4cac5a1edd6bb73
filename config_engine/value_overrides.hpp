/// \file
/// Applies the overrides that change values (not those that choose options) to the merged tree, as
/// hydra/_internal/config_loader_impl.py does with OmegaConf.update.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config_engine/override.hpp"
#include "config_engine/resolve.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// A value that an override deleted: its nodes are still in the tree's array.
struct DeletedValue {
  std::string key;
  NodeId node = kNoNode;
  SourcePos pos;  ///< of the override
  uint32_t step = 0;
};

/// \param resolver of `tree`: some overrides look through interpolations
/// \param step what to write into Node::step of each value that is added or replaced
/// \param deleted by earlier overrides; grows. What is added under such a key has the deleted value in its history
/// \throws ConfigError (without sources), worded as Hydra words it
void apply_value_override(Tree& tree, Resolver& resolver, const Override& word, uint32_t step,
                          std::vector<DeletedValue>& deleted);

}  // namespace cfgtool
