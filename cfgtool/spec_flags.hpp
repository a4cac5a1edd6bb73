/// \file
/// The flags of `cfgtool resolve --spec`.
#pragma once

#include <string>

#include "attention_plugins/host/device_catalogue.hpp"
#include "cfgtool/plugin_flags.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

struct SpecFlags {
  bool spec = false;
  std::string model;    ///< a config.json or its folder; empty: what the configuration names
  std::string mapping;  ///< a framework whose mapping comes with cfgtool, or a file; empty: not named
  PluginFlags plugins;
  std::string device;  ///< the GPU that the roles are to run on; empty: not named
  attention::DeviceFolders device_folders;
};

/// Declares them on `app`, which has Hydra's flags already.
void add_spec_flags(CLI::App& app, SpecFlags& flags);

}  // namespace cfgtool
