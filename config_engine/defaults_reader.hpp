/// \file
/// Reads the `defaults` value of a config file into entries.
#pragma once

#include <string>
#include <vector>

#include "config_engine/default_element.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// \param node the value of `defaults` in `tree`
/// \param config_path the config's name for error messages
/// \throws ConfigError for what is not a defaults list
std::vector<InputDefault> read_defaults_list(const Tree& tree, NodeId node, const std::string& config_path,
                                             VersionBase version_base);

}  // namespace cfgtool
