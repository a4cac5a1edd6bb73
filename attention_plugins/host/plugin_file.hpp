/// \file
/// Looks at a plugin's file before any of its code may run.
#pragma once

#include <filesystem>

#include "attention_plugins/host/plugin.hpp"

namespace cfgtool::attention {

/// Throws PluginError unless `file` is a whole ELF shared object for this machine that names attn_plugin_entry.
/// The dynamic loader can crash on a file that is cut off, and runs a library's initialisers before anything is
/// checked.
void check_elf(const NamedPath& file);

/// Throws PluginError if anybody besides root, the user and the owner could change the file or folder: it, the folders
/// that the path leads through, and where symbolic links point.
void check_permissions(const NamedPath& file_or_folder);

}  // namespace cfgtool::attention
