/// \file
/// A folder for one test, with plugins in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace attention_test {

/// A built plugin, wrong or sound.
inline std::filesystem::path built_plugin(const std::string& name) {
  return std::filesystem::path(WRONG_PLUGIN_FOLDER) / (name + ".so");
}

/// Nobody else may write to it. Removed with all its contents at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "attention_host_test.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, const std::string& contents) const {
    std::ofstream(path_ / name, std::ios::binary) << contents;
    std::filesystem::permissions(path_ / name, std::filesystem::perms(0644));
    return path_ / name;
  }

  /// A copy, so that each test loads an object of its own.
  std::filesystem::path copy(const std::string& plugin, const std::string& name) const {
    std::filesystem::copy_file(built_plugin(plugin), path_ / name);
    std::filesystem::permissions(path_ / name, std::filesystem::perms(0644));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace attention_test
