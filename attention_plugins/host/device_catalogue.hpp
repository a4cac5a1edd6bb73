/// \file
/// Finds GPUs that are elsewhere by name, as `--device h100` names them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/device_file.hpp"

namespace cfgtool::attention {

/// Folders with device files, in the order in which they are searched.
struct DeviceFolders {
  std::vector<std::string> command_line;  ///< of --attention-device-path
  bool use_environment = true;            ///< ATTENTION_DEVICE_PATH, separated by colons, comes second
  bool use_default = true;                ///< default_device_folders() come last
};

class DeviceCatalogue {
 public:
  /// \throws ConfigError with `sources` for a folder that was named and is none
  DeviceCatalogue(std::shared_ptr<SourceMap> sources, const DeviceFolders& folders);

  /// Of two files with the same name, the first found. Sorted; no file is read for this.
  std::vector<std::string> names() const;

  /// By name, whatever its case, or by the path of a file: what has a `/` or ends in `.json`.
  /// \throws ConfigError with `sources`: code device-unknown with the nearest name, or what is wrong with the file
  std::shared_ptr<const KnownDevice> find(const std::string& name_or_file, const DeviceNaming& named) const;

  /// All of names(), older GPUs first. \throws ConfigError as find
  std::vector<std::shared_ptr<const KnownDevice>> all(const DeviceNaming& named) const;

 private:
  void add_folder(const std::filesystem::path& folder);
  void add_named_folder(const std::string& folder, SourceKind kind, const char* named_by);

  std::shared_ptr<SourceMap> sources_;
  std::vector<std::filesystem::path> files_;  ///< one for each name
};

/// Where device files lie when nothing is said: for a program in the build tree, the project's folder; else that in the
/// program's prefix, then that of the prefix of this build.
std::vector<std::filesystem::path> default_device_folders();

/// The names that are known without any flag, for completion; empty where the environment names no folder.
std::vector<std::string> usual_device_names();

}  // namespace cfgtool::attention
