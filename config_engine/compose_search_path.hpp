/// \file
/// Where a composition looks for configs: the request's folders, then those that hydra.searchpath asks for, in the
/// primary config or on the command line.
#pragma once

#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

/// Hydra's own configs, the request's folders, and Hydra's dataclasses.
std::vector<SearchPathEntry> initial_search_path(const ComposeRequest& request);

/// Appends those of hydra.searchpath to the search path, with a warning for each that is not there.
/// \throws ConfigError if it is no list of strings
void extend_search_path(ConfigRepository& repository, const ComposeRequest& request, Composition& out);

}  // namespace cfgtool
