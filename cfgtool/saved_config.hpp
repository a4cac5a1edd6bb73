/// \file
/// A configuration as it was written into a run's folder.
#pragma once

#include <memory>
#include <string>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct SavedConfig {
  std::string text;
  Tree tree;  ///< with places in that file; its texts live as long as the sources
};

/// \throws ConfigError with sources, stage kRequest, if the file cannot be read or is damaged
SavedConfig read_saved_config(const std::shared_ptr<SourceMap>& sources, const std::string& path);

}  // namespace cfgtool
