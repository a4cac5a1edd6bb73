/// \file
/// Applies the overrides that change values (not those that choose options) to the merged tree, as
/// hydra/_internal/config_loader_impl.py does with OmegaConf.update.
#pragma once

#include <cstdint>

#include "config_engine/override.hpp"
#include "config_engine/resolve.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// \param resolver of `tree`: some overrides look through interpolations
/// \return the node that was deleted, which still lies in the tree's array, or kNoNode
/// \throws ConfigError (without sources), worded as Hydra words it
NodeId apply_value_override(Tree& tree, Resolver& resolver, const Override& word);

}  // namespace cfgtool
