/// \file
/// Starts a program with files as its input and outputs, and ends it when it takes too long.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cfgtool::test {

struct ChildProcess {
  std::vector<std::string> argv;
  std::filesystem::path input = "/dev/null";
  std::filesystem::path output;
  std::filesystem::path errors;
  std::filesystem::path working_folder;                           ///< empty: ours
  std::optional<std::map<std::string, std::string>> environment;  ///< absent: ours
  std::chrono::seconds limit{60};
  /// Asked now and then while the program runs; when it says true, the limit starts anew.
  std::function<bool()> made_progress;
};

struct ChildResult {
  int exit_code = -1;  ///< -1 if it did not exit by itself
  int signal = 0;      ///< that ended it
  bool timed_out = false;
};

/// \throws std::runtime_error if the program cannot be started
ChildResult run(const ChildProcess& child);

/// "exit 1", "signal 11 (Segmentation fault)", "no end within the time limit".
std::string to_string(const ChildResult& result);

/// A folder that is removed with all its content at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cfgtool::test
