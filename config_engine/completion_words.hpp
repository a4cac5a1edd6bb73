/// \file
/// The words of a line that is being typed: as the shell splits it, and what the flags among them say.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/completion.hpp"

namespace cfgtool {

/// A line up to the cursor. The shell's operators do not occur in it: it is one command.
struct ShellLine {
  std::vector<std::string> words;  ///< whole words, unquoted, variables of the environment put in
  std::string word;                ///< the one at the cursor, unquoted
  std::string raw_word;            ///< the same as it was typed
  char open_quote = 0;             ///< the quote that the cursor is in: ' or "
  size_t open_quote_at = 0;        ///< where it stands in `raw_word`
};

/// Reads quotes and backslashes as bash, zsh and fish do, as far as they agree. Assignments in front of the command
/// (`A=1 program …`) are left out, so that words[0] is the program.
ShellLine split_shell_line(std::string_view line);

/// `line` as far as `characters` of UTF-8.
std::string_view first_characters(std::string_view line, size_t characters);

struct ReadFlags {
  std::map<std::string, std::vector<std::string>> given;  ///< values by the flag's first name
  std::vector<std::string> others;                        ///< what is no flag: overrides
  const CompletionFlag* pending = nullptr;                ///< the last word, if it waits for its value
  bool only_others = false;                               ///< `--` was among the words

  /// The last value of a flag; empty if there is none.
  std::string value(const std::string& name) const;
};

/// Unknown flags are passed over. \param flags must outlive the result
ReadFlags read_flags(const std::vector<std::string>& words, const std::vector<CompletionFlag>& flags);

/// The flag called `name`, or nullptr.
const CompletionFlag* find_flag(const std::vector<CompletionFlag>& flags, std::string_view name);

}  // namespace cfgtool
