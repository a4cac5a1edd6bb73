/// \file
/// One config file as Hydra reads it: YAML, and the `# @package` header above it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The same for every composition that uses the file.
struct ConfigFile {
  Tree tree;                                  ///< the whole file; the root may be a map or a list
  std::optional<std::string> package_header;  ///< the text behind `# @package`
  SourcePos begin;                            ///< the file's first byte
  bool is_builtin = false;                    ///< one of Hydra's own
  std::vector<Diagnostic> duplicates;         ///< keys that are given twice: to be refused, or passed over
};

/// Reads the text whose first byte is at `begin`, which `sources` holds already. The result depends on nothing but the
/// text. \throws ConfigError (without sources) for what is no YAML as OmegaConf loads it, no mapping or list, or has an
/// interpolation that does not parse
ConfigFile parse_config_file(SourceMap& sources, SourcePos begin);

}  // namespace cfgtool
