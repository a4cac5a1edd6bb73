/// \file
/// Hydra's own part of a composition behind the overrides: what it notes in the hydra node, and refuses on the way.
#pragma once

#include "config_engine/compose.hpp"
#include "config_engine/resolve.hpp"

namespace cfgtool {

/// The end of Hydra's _load_configuration_impl. Without ComposeRequest::with_hydra only what it refuses.
/// \throws ConfigError without sources
void finish_hydra_node(Composition& composition, const ComposeRequest& request, Resolver& resolver);

}  // namespace cfgtool
