/// \file
/// Writes and reads the files of a test in a folder that is gone with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/cases/child_process.hpp"

namespace cfgtool::test {

class FileFolder {
 public:
  std::string path(const std::string& name = {}) const {
    return name.empty() ? folder_.path().string() : (folder_.path() / name).string();
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

 private:
  ScratchFolder folder_;
};

}  // namespace cfgtool::test
