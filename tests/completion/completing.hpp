/// \file
/// Asks for candidates as a shell's script does, without the shell.
#pragma once

#include <string>
#include <vector>

#include "config_engine/completion.hpp"

namespace cfgtool::test {

/// A program that embeds the engine, with Hydra's flags.
struct CompletingProgram {
  std::string folder;  ///< below the project's
  std::string config;
  std::vector<KnownKey> known_keys;

  std::vector<Candidate> candidates(const std::string& line) const;
  /// Their words.
  std::vector<std::string> words(const std::string& line) const;
  /// The candidate `word`, for what else it says. Fails the test if it is not there.
  Candidate candidate(const std::string& line, const std::string& word) const;
};

/// "<a> <b>"
std::string to_text(const std::vector<std::string>& words);

}  // namespace cfgtool::test
