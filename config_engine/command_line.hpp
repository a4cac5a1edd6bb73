/// \file
/// The words that a program was started with: the place of what is wrong in no file, no override and no flag's value.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/diagnostic_render.hpp"

namespace cfgtool {

/// A command line that is wrong as such: a word too many, one that is missing, flags that do not go together.
class UsageError : public ConfigError {
 public:
  /// \param word the word that is wrong, or its beginning up to a `=`; empty: one is missing
  explicit UsageError(Diagnostic diagnostic, std::string word = {})
      : ConfigError(std::move(diagnostic)), word_(std::move(word)) {}

  const std::string& word() const { return word_; }

 private:
  std::string word_;
};

/// `json`, `github`, `sarif`; text for every other name.
DiagnosticFormat diagnostic_format_named(std::string_view name);

/// What is no ConfigError is a mistake of ours: code internal.
ConfigError internal_error(const std::exception& error);

class CommandLine {
 public:
  /// As main() gets them: the program's name first.
  CommandLine(int argc, const char* const* argv);

  /// What --error-format says, wherever it stands before a `--`. Flags need not have been read, or be right.
  DiagnosticFormat error_format() const;

  /// The error as --error-format asks for it. What has no place of its own is shown at the word that is wrong, or
  /// behind the last, where what is missing would stand.
  std::string render(const ConfigError& error, bool color) const;

 private:
  struct Place {
    size_t word = 0;    ///< 1 for the first behind the program's name
    size_t column = 0;  ///< 0-based, in line_
    size_t length = 1;
  };
  Place find(const std::string& word) const;

  std::vector<std::string> words_;     ///< without the program's name
  std::vector<std::string> expanded_;  ///< the same with Hydra's two-letter flags written out
  std::vector<std::string> shown_;     ///< the same as a shell would want them
  std::string program_;
  std::string line_;
};

}  // namespace cfgtool
