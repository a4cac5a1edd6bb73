/// \file
/// The flags that say which attention plugins are loaded, and with which options.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/loader.hpp"
#include "config_engine/diagnostic.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cfgtool {

struct PluginFlags {
  std::vector<std::string> paths;                           ///< files or folders
  std::map<std::string, std::string, std::less<>> options;  ///< by plugin name, opaque
  bool allow_writable = false;

  attention::LoadOptions load_options() const;
};

/// Declares them on `app`; the caller may group them.
std::vector<CLI::Option*> add_plugin_flags(CLI::App& app, PluginFlags& flags);

/// Throws ConfigError (exit code 3) if there are options for a plugin that is not among `plugins`: what was asked for
/// would not happen. `not_opened` are sentences about plugins that refused, perhaps for their options.
void refuse_unused_options(const PluginFlags& flags,
                           const std::vector<std::shared_ptr<const attention::Plugin>>& plugins,
                           const std::vector<std::string>& not_opened, const std::shared_ptr<SourceMap>& sources);

}  // namespace cfgtool
