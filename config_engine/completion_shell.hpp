/// \file
/// Completion inside bash, zsh and fish: the scripts that they read, and Hydra's protocol behind --shell-completion
/// (-sc): `install=SHELL` and `uninstall=SHELL` print a script; `query=SHELL` answers for the line in COMP_LINE.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/completion.hpp"
#include "config_engine/completion_words.hpp"

namespace cfgtool {

enum class Shell : uint8_t { kBash, kZsh, kFish };

/// \throws ConfigError, stage kRequest, code shell-unknown
Shell parse_shell(const std::string& name);

/// What to evaluate in `shell`, or to put into its folder for completions, so that it asks `program` (a file's name, or
/// a path to one).
std::string install_script(Shell shell, const std::string& program);
std::string uninstall_script(Shell shell, const std::string& program);

/// What completes a line; its first word is the program.
using LineCompleter = std::function<std::vector<Candidate>(const ShellLine&)>;

/// What the script of `shell` reads. \param word_breaks where bash's readline parts words: COMP_WORDBREAKS
std::string shell_answer(Shell shell, std::string_view line, std::string_view word_breaks,
                         const LineCompleter& complete);

/// Whether `words`, those behind the program's name, have --shell-completion among them.
bool asks_for_completion(const std::vector<std::string>& words);

/// Does what they ask for; returns what to print. The line comes from the environment: COMP_LINE, of which the cursor
/// stands behind the first COMP_POINT characters (all, if not set), and COMP_WORDBREAKS. A query never throws.
/// \throws ConfigError, stage kRequest, where not exactly one of install=, uninstall= and query= is there
std::string answer_completion(const std::string& program, const std::vector<std::string>& words,
                              const LineCompleter& complete);

}  // namespace cfgtool
