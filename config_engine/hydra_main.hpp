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
#include "config_engine/resolve.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

struct HydraApp {
  std::string name;         ///< hydra.job.name; empty: the program's file name
  std::string description;  ///< one line for --help
  std::string config_path;  ///< the folder with the configs, unless --config-path says otherwise
  std::string config_name;  ///< the primary config, unless --config-name says otherwise
  /// What a relative `config_path`, here or in --config-path, starts from; empty: the working directory.
  std::string base_dir;
  std::string version_base;
  ResolverTable resolvers;  ///< the program's own are added to it
  /// Declares the program's own flags, beside Hydra's. Called before the command line is read.
  std::function<void(CLI::App&)> add_flags;
  /// For completion in a shell: what the program knows of keys and their values beside the configuration.
  std::function<std::vector<KnownKey>()> known_keys;
};

/// Reads the command line; answers --help, --cfg and --shell-completion itself; otherwise composes and calls `job`,
/// whose result is returned. Errors of the configuration, also those that `job` throws as ConfigError, go to stderr.
/// \return the exit code: 0 fine, 1 a wrong configuration, 2 wrong flags, 3 no attention implementation that fits, or
/// what `job` returned
int hydra_main(int argc, const char* const* argv, const HydraApp& app, const std::function<int(const Config&)>& job);

}  // namespace cfgtool
