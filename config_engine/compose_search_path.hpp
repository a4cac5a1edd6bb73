/// \file
/// hydra.searchpath: further folders that the primary config or the command line asks for.
#pragma once

#include "config_engine/compose.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

/// Appends them to the search path, with a warning for each that is not there.
/// \throws ConfigError if it is no list of strings
void extend_search_path(ConfigRepository& repository, const ComposeRequest& request, Composition& out);

}  // namespace cfgtool
