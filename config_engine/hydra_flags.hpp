/// \file
/// Hydra's command-line flags, for cfgtool and for every program that embeds the engine: in any order with overrides,
/// with Hydra's short forms (-cp, -cn, -cd) and meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/emit.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cfgtool {

struct HydraFlags {
  std::optional<CfgPart> cfg;              ///< --cfg: print this part and stop
  bool resolve = false;                    ///< --resolve
  std::optional<std::string> package;      ///< --package; may be empty, which is the whole
  std::string config_path;                 ///< --config-path
  std::optional<std::string> config_name;  ///< --config-name
  std::vector<std::string> config_dirs;    ///< --config-dir
  std::string info;                        ///< --info: print this of info_topics() and stop; empty: not asked
  bool app_help = false;                   ///< --help or --app-help: print the application's help and stop
  bool hydra_help = false;                 ///< --hydra-help: print Hydra's help and stop
  bool resolve_alone = true;               ///< whether --resolve may stand without --cfg and --help
  std::optional<std::string> rerun;        ///< --experimental-rerun
  bool multirun = false;                   ///< --multirun
  bool run = false;                        ///< --run: what happens anyway
  std::string job_name = "app";
  std::string version_base;
  std::string pkg_path;
  std::string python_version;
  bool extended = false;
  bool keep_unknown_resolvers = false;
  std::string error_format;            ///< text, json, github or sarif; empty: text
  std::vector<std::string> overrides;  ///< what was no flag, in order

  /// The request that the flags describe. \throws ConfigError, stage kRequest, for a flag's value that is none
  ComposeRequest request() const;
  /// Whether they say anything of what to compose.
  bool name_configs() const { return !config_path.empty() || config_name || !config_dirs.empty(); }
  DiagnosticFormat diagnostic_format() const;
};

/// Declares the flags on `app`, which then leaves what is no flag to take_overrides().
void add_hydra_flags(CLI::App& app, HydraFlags& flags);

/// `--error-format`, for an app that does not declare Hydra's flags. CommandLine heeds it also where flags are wrong.
CLI::Option* add_error_format_flag(CLI::App& app, std::string& format);

/// Takes back those that print something of the configuration instead, from a command that would not heed them.
void remove_printing_flags(CLI::App& app);

/// `--version`, which prints `text` and stops there.
void add_version_flag(CLI::App& app, const std::string& text);

/// What --version prints: the program, its version if it has one, the engine's and Hydra's.
std::string version_text(const std::string& program, const std::string& version);

/// The flags of `app` as text for $FLAGS_HELP.
std::string flags_help(const CLI::App& app);

/// argv without the program's name, with Hydra's two-letter short flags written out, which CLI11 cannot declare.
std::vector<std::string> expand_short_flags(int argc, const char* const* argv);

/// Lets `app` read the words. \return false if it was asked for help, which it printed then
/// \throws ConfigError, stage kRequest, code flag-usage or unknown-flag; a UsageError where it is no one flag's matter
bool parse_flags(CLI::App& app, const std::vector<std::string>& words);

/// Moves what `app` did not know into `flags.overrides`. \throws ConfigError, stage kRequest, code unknown-flag, with
/// all that are none, and
/// for flags that do not go together or ask for what is not offered
void take_overrides(const CLI::App& app, HydraFlags& flags);

/// `1.3`, `1.1` …; empty is the newest. \throws ConfigError, stage kRequest
VersionBase parse_version_base(const std::string& text);

/// That `what` asks for a sweep, which is not offered: code multirun-unsupported.
Diagnostic multirun_refusal(const std::string& what);

/// For people, a line that says which of -cp and -cn was not given; empty if both were, or errors are for machines.
std::string missing_config_note(const HydraFlags& flags, const ComposeRequest& request);

/// The exit code that goes with an error: 1 for a wrong configuration, 2 for wrong flags, 3 when no attention
/// implementation fits, 4 for a kernel that failed, 5 where it cannot be told.
int exit_code_of(const ConfigError& error);

/// Whether text for `descriptor` (1 or 2) may be coloured: a terminal, and neither NO_COLOR nor TERM=dumb.
bool may_color(int descriptor);

}  // namespace cfgtool
