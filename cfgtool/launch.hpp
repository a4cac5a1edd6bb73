/// \file
/// Runs a command for a composed configuration: `cfgtool run` and `cfgtool rerun`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cfgtool/composing_command.hpp"
#include "config_engine/compose.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

/// The words behind the first `--`, which are taken away from `words` with it.
std::vector<std::string> take_command(std::vector<std::string>& words);

/// A word of a command line in which names in braces stand for what a run decides: `{config}` the path of the resolved
/// configuration, `{config:json}` the same as JSON, `{dir}` the run's folder, `{cwd}` where cfgtool was started,
/// `{key:trainer.lr}` a value. `{{` and `}}` around such a name keep it as it is; other braces mean nothing.
struct CommandNames {
  std::string config;
  std::string config_json;
  std::string dir;
  std::string cwd;
};

/// What the words look like with the values put in.
/// \param resolved the configuration, interpolations evaluated \throws ConfigError, code command-key
std::vector<std::string> fill_in(const std::vector<std::string>& command, const CommandNames& names,
                                 const Tree& resolved);

/// Warnings about words that are probably not what was meant: a misspelt one of CommandNames, and files beside the user
/// that the command, which runs elsewhere, will not find. \param runs_in_folder the command runs in the run's folder
/// \param sources gets the words, the places of the warnings
std::vector<Diagnostic> doubtful_words(const std::vector<std::string>& command, bool runs_in_folder,
                                       SourceMap& sources);

struct LaunchOptions {
  bool always_new = false;  ///< never use a folder again
  bool tell = true;         ///< a line that says where the run is, on stderr
  ShowDiagnostics show;
};

/// Makes the run's folder, writes the configuration into it and becomes the command, which so gets all signals, and
/// whose exit code is this process's. It begins in the run's folder, unless hydra.job.chdir is false.
/// \param request what `composition` was composed from
/// \return only if the command cannot be started: 126 or 127, as shells do \throws ConfigError
int launch(const FileStore& store, Composition composition, const ComposeRequest& request,
           const std::vector<std::string>& command, const LaunchOptions& options);

}  // namespace cfgtool
