/// \file
/// What the subcommands of cfgtool share.
#pragma once

#include <string>
#include <vector>

#include "config_engine/completion.hpp"
#include "config_engine/diagnostic.hpp"

namespace cfgtool {

/// A subcommand: the words behind its name go in, the exit code comes out. \throws ConfigError, which main() shows with
/// its place on the command line where it has no other
using Command = int (*)(const std::vector<std::string>& words);

int resolve_command(const std::vector<std::string>& words);
int overrides_command(const std::vector<std::string>& words);
int explain_command(const std::vector<std::string>& words);
int diff_command(const std::vector<std::string>& words);
int keys_command(const std::vector<std::string>& words);
int groups_command(const std::vector<std::string>& words);
int tree_command(const std::vector<std::string>& words);
int attention_command(const std::vector<std::string>& words);
int batch_command(const std::vector<std::string>& words);
int run_command(const std::vector<std::string>& words);
int rerun_command(const std::vector<std::string>& words);
int validate_command(const std::vector<std::string>& words);
int schema_command(const std::vector<std::string>& words);
int verify_command(const std::vector<std::string>& words);
/// `cfgtool completion SHELL`, and `cfgtool --shell-completion …` with all of its words.
int completion_command(const std::vector<std::string>& words);

/// The flags of each, for completion.
std::vector<CompletionFlag> resolve_command_flags();
std::vector<CompletionFlag> overrides_command_flags();
std::vector<CompletionFlag> explain_command_flags();
std::vector<CompletionFlag> diff_command_flags();
std::vector<CompletionFlag> keys_command_flags();
std::vector<CompletionFlag> groups_command_flags();
std::vector<CompletionFlag> tree_command_flags();
std::vector<CompletionFlag> batch_command_flags();
std::vector<CompletionFlag> run_command_flags();
std::vector<CompletionFlag> rerun_command_flags();
std::vector<CompletionFlag> validate_command_flags();
std::vector<CompletionFlag> verify_command_flags();
/// \param name of one of attention's subcommands; others have no flags
std::vector<CompletionFlag> attention_command_flags(const std::string& name);
/// \param name of one of schema's subcommands; others have no flags
std::vector<CompletionFlag> schema_command_flags(const std::string& name);

/// A subcommand as `cfgtool --help` shows it.
struct Subcommand {
  const char* name;
  const char* summary;
  Command run;
};
std::vector<Subcommand> subcommands();
std::vector<Subcommand> attention_subcommands();
std::vector<Subcommand> schema_subcommands();

/// Takes the words that are no overrides (reads_as_override) out of `words`: keys, beginnings of keys or groups.
std::vector<std::string> take_other_words(std::vector<std::string>& words);

/// \param word the one that is wrong, or its beginning up to a `=`; empty: one is missing
/// \throws UsageError, stage kRequest, code flag-usage
[[noreturn]] void refuse_usage(const std::string& message, const std::string& fix = {}, const std::string& word = {});

/// \throws UsageError, stage kRequest, code unknown-subcommand: `command` has none of that name
[[noreturn]] void refuse_subcommand(const std::string& command, const std::string& name,
                                    const std::vector<Subcommand>& known);

/// Code output, exit code 1. \param flag the flag that names the file, and the file; empty: it is about stdout
ConfigError output_error(const std::string& message, const std::string& flag = {}, const std::string& file = {});

/// Writes all of `text` to stdout. \throws ConfigError, code output, if stdout does not take it (a full disk)
void write_stdout(const std::string& text);

/// Writes to stderr; what it does not take is lost.
void write_stderr(const std::string& text);

}  // namespace cfgtool
