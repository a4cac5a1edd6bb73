/// \file
/// What subcommands that compose one configuration and say something of it have in common.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

/// Writes diagnostics to stderr in the form that the flags ask for.
using ShowDiagnostics = std::function<void(const std::vector<Diagnostic>& diagnostics, const SourceMap* sources)>;

/// Reads the flags that `app` declares, with Hydra's among them in `flags`, then does the work.
/// \return the exit code: 0 if help was asked for, or what `work` returned \throws ConfigError
int run_composing_command(CLI::App& app, const std::vector<std::string>& words, HydraFlags& flags,
                          const std::function<int(const ShowDiagnostics& show)>& work);

/// For words that say how names begin: an error for each with which none begins, with the nearest.
/// \param code "key-absent" or "group-absent" \throws ConfigError with sources, after all were looked at
void check_beginnings(const std::vector<std::string>& beginnings, const std::vector<std::string>& names,
                      const std::string& code, const std::shared_ptr<SourceMap>& sources);

/// `--format text|json`, and `--json` for short.
void add_json_flags(CLI::App& app, bool& json);

}  // namespace cfgtool
