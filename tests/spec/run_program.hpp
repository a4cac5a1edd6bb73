/// \file
/// Runs one of our programs as a user does, and keeps what it says.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cfgtool::test {

struct Outcome {
  int exit_code = -1;  ///< -1 if it did not end by itself
  std::string output;
  std::string errors;

  bool prints(const std::string& words) const { return output.find(words) != std::string::npos; }
  bool complains(const std::string& words) const { return errors.find(words) != std::string::npos; }
};

/// \param variables beside those of this process; none of them is
/// ATTENTION_PLUGIN_PATH unless given here
Outcome run_program(const std::string& program, const std::vector<std::string>& words,
                    const std::map<std::string, std::string>& variables = {});
/// The same in another folder than this process's.
Outcome run_program_in(const std::filesystem::path& folder, const std::string& program,
                       const std::vector<std::string>& words, const std::map<std::string, std::string>& variables = {});

}  // namespace cfgtool::test
