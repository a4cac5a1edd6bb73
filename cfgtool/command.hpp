/// \file
/// What the subcommands of cfgtool share.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace cfgtool {

/// A subcommand: the words behind its name go in, the exit code comes out. \throws ConfigError, CLI::ParseError
using Command = int (*)(const std::vector<std::string>& words);

int resolve_command(const std::vector<std::string>& words);
int overrides_command(const std::vector<std::string>& words);
int attention_command(const std::vector<std::string>& words);
int batch_command(const std::vector<std::string>& words);
int run_command(const std::vector<std::string>& words);
int rerun_command(const std::vector<std::string>& words);
int verify_command(const std::vector<std::string>& words);

struct OutputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes all of `text` to stdout. \throws OutputError if stdout does not take it (a full disk)
void write_stdout(const std::string& text);

/// Writes to stderr; what it does not take is lost.
void write_stderr(const std::string& text);

}  // namespace cfgtool
