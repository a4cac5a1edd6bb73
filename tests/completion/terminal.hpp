/// \file
/// A shell in a pseudo-terminal, with a person at the keyboard.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"

namespace cfgtool::test {

/// Where a program of that name lies on the PATH; empty: nowhere.
std::string find_program(const std::string& name);

/// Whether pseudo-terminals can be opened: not in a changed root without /dev/pts.
bool has_terminals();

class Terminal {
 public:
  /// Starts `shell` (bash, zsh or fish) without anybody's settings, in work(), with cfgtool and embedded_parser on the
  /// PATH. \param before words in front of the shell's own, such as those of strace
  Terminal(const std::string& shell, const std::vector<std::string>& before = {});
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// The folder that the shell runs in. It has `tree`, the verl-shaped configs, and `bin`.
  std::filesystem::path work() const { return scratch_.path() / "work"; }
  /// Its home folder, which has `bin` as well.
  std::filesystem::path home() const { return scratch_.path() / "home"; }

  /// Types a command and waits until it is done. \return whether that happened in time
  bool run(const std::string& command);
  /// Types `typed`, presses TAB, types `more`, and returns the words that the command would get, its own name first. A
  /// word that TAB ended stands apart from `more`.
  std::vector<std::string> complete(const std::string& typed, const std::string& more = "X");
  /// Types `typed`, presses TAB (in bash twice) and waits until all of `words` are on the screen; clears the line then.
  bool lists(const std::string& typed, const std::vector<std::string>& words);

  /// All that came out since the last command began, for messages.
  const std::string& screen() const { return screen_; }

 private:
  void start(const std::vector<std::string>& before);
  void type(const std::string& keys);
  bool read_some();
  std::vector<std::string> shown_words();

  std::string shell_;
  ScratchFolder scratch_;
  pid_t child_ = -1;
  int terminal_ = -1;
  std::string screen_;
};

}  // namespace cfgtool::test
