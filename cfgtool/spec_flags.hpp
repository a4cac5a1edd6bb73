/// \file
/// The flags of `cfgtool resolve --spec`.
#pragma once

#include <string>
#include <vector>

#include "attention_plugins/host/loader.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

struct SpecFlags {
  bool spec = false;
  std::string mapping = "verl";           ///< a framework whose mapping comes with cfgtool, or a file
  std::vector<std::string> plugin_paths;  ///< files or folders
  bool allow_writable_plugins = false;

  attention::LoadOptions load_options() const;
};

/// Declares them on `app`, which has Hydra's flags already.
void add_spec_flags(CLI::App& app, SpecFlags& flags);

}  // namespace cfgtool
