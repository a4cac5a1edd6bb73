/// \file
/// Reads a YAML file into a tree, with OmegaConf's types for scalars.
#pragma once

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// Reads the text whose first byte is at `begin`, which `sources` holds already. The root is what OmegaConf.load gives:
/// a map or a list; a map for an empty file. \throws ConfigError (without sources), code `yaml-…`, for what PyYAML or
/// OmegaConf refuse
Tree read_yaml(SourceMap& sources, SourcePos begin);

}  // namespace cfgtool
