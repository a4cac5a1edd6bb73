/// \file
/// What `@hydra.main` is to a Python program: one call that reads the command line, composes the configuration and
/// hands it to the program.
///
///     int main(int argc, char** argv) {
///       cfgtool::HydraApp app;
///       app.config_path = "/etc/trainer";
///       app.config_name = "config";
///       return cfgtool::hydra_main(argc, argv, app, [](const cfgtool::Config& cfg) {
///         fmt::print("lr {}\n", cfg.get<double>("optim.lr"));
///         return 0;
///       });
///     }
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config_engine/completion.hpp"
#include "config_engine/config.hpp"
#include "config_engine/job_log.hpp"
#include "config_engine/resolve.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

struct HydraApp {
  std::string name;         ///< hydra.job.name; empty: the program's file name
  std::string version;      ///< for --version; may be empty
  std::string description;  ///< one line above the flags in the help
  std::string config_path;  ///< the folder with the configs, unless --config-path says otherwise
  std::string config_name;  ///< the primary config, unless --config-name says otherwise
  /// What a relative `config_path`, here or in --config-path, starts from; empty: the working directory.
  std::string base_dir;
  std::string version_base;
  /// The program's own are added to it. A run's lock file notes what the resolved configuration is, for which they are
  /// called once more.
  ResolverTable resolvers;
  /// Looks at the composed configuration before the job is run and its folder made, and may change it;
  /// schemas/validation.hpp makes one from a schema. An error among what it returns ends the program with 1; warnings
  /// are shown.
  std::function<std::vector<Diagnostic>(Composition&)> check;
  /// Declares the program's own flags, beside Hydra's. Called before the command line is read. --help shows them below
  /// the text that hydra.help.template makes, unless that shows all flags ($FLAGS_HELP).
  std::function<void(CLI::App&)> add_flags;
  /// For completion in a shell: what the program knows of keys and their values beside the configuration.
  std::function<std::vector<KnownKey>()> known_keys;
};

/// What a job is given.
struct Job {
  const Config& config;
  const Logger& log;              ///< as hydra.job_logging says: to the terminal and to NAME.log in the run's folder
  const std::string& output_dir;  ///< the run's folder, absolute
};

/// Reads the command line; answers --help, --version, --cfg, --info and --shell-completion itself; otherwise composes,
/// makes the run's folder with
/// `.hydra/{config,hydra,overrides}.yaml` and the log file in it, does what hydra.job.chdir and hydra.job.env_set say,
/// and calls `job`, whose result is returned. What `job` throws goes to stderr; a ConfigError with its places. \return
/// the exit code: 0 fine, 1 a wrong configuration or a job that failed, 2 wrong flags, 3 no attention implementation
/// that fits, or what `job` returned
int hydra_main(int argc, const char* const* argv, const HydraApp& app, const std::function<int(const Job&)>& job);

/// For a job that needs its configuration only.
int hydra_main(int argc, const char* const* argv, const HydraApp& app, const std::function<int(const Config&)>& job);

}  // namespace cfgtool
