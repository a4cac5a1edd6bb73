/// \file
/// Finds plugin files and loads those that are sound.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/plugin.hpp"
#include "attention_plugins/host/plugin_error.hpp"

namespace cfgtool::attention {

struct LoadOptions {
  /// Files or folders from the command line, then from the configuration: searched in this order. A folder means its
  /// *.so files in the order of their names; a relative path is taken from the working directory.
  std::vector<NamedPath> command_line_paths;
  std::vector<NamedPath> configuration_paths;
  bool use_environment = true;            ///< ATTENTION_PLUGIN_PATH, separated by colons, comes third
  bool use_default_folders = true;        ///< default_plugin_folders() come last
  bool allow_writable_by_others = false;  ///< accept files and folders that other users could change
  std::map<std::string, std::string, std::less<>> plugin_options;  ///< by plugin name, opaque
  LogFunction log;                                                 ///< may be empty
};

struct LoadedPlugins {
  std::vector<std::shared_ptr<const Plugin>> plugins;  ///< in search order
  std::vector<PluginProblem> warnings;                 ///< bad files met in folders, and plugins that were shadowed
};

/// Loads all plugins on the search path. Of two with the same name the first is used; the same file is loaded once.
/// Throws PluginError for a path that was named (on the command line, in the configuration, in ATTENTION_PLUGIN_PATH)
/// and is missing or a bad file or a folder without *.so files. A bad file met in a folder is a warning.
LoadedPlugins load_plugins(const LoadOptions& options);

/// Where plugins lie when nothing is said: for a program in the build tree, the build's folder; else beside the program
/// (attention_plugins/), in the library folder of the program's prefix, and in that of the prefix of this build.
std::vector<std::filesystem::path> default_plugin_folders();

}  // namespace cfgtool::attention
