/// \file
/// The resolvers that are always there: OmegaConf's `oc.*`, and Hydra's `now`, `python_version` and `hydra`.
#pragma once

#include <string_view>
#include <vector>

#include "config_engine/resolve.hpp"

namespace cfgtool {

/// nullptr if there is no built-in resolver of that name.
const RegisteredResolver* find_builtin_resolver(std::string_view name);

std::vector<std::string> builtin_resolver_names();

}  // namespace cfgtool
