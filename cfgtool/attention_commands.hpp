/// \file
/// What the subcommands of `cfgtool attention` share, and where each is.
#pragma once

#include <string>
#include <vector>

#include "attention_plugins/host/loader.hpp"
#include "cfgtool/plugin_flags.hpp"
#include "config_engine/completion.hpp"
#include "config_engine/diagnostic.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnsupported = 3;
inline constexpr int kExitKernelFailed = 4;
inline constexpr int kExitCannotTell = 5;

struct AttentionFlags {
  PluginFlags plugins;
  bool json = false;
  std::string error_format;
};

void add_attention_flags(CLI::App& app, AttentionFlags& flags);

/// An error of the stage kAttention, without a place.
Diagnostic attention_problem(std::string code, std::string message);

/// Warnings go to stderr. \throws PluginError, ConfigError
attention::LoadedPlugins load_for_command(const AttentionFlags& flags);

/// Each declares its flags on `app`, reads `words` and returns the exit code. \throws std::invalid_argument for wrong
/// flags, PluginError, ConfigError
int attention_list_command(CLI::App& app, const std::vector<std::string>& words);
int attention_device_command(CLI::App& app, const std::vector<std::string>& words);
int attention_check_command(CLI::App& app, const std::vector<std::string>& words);
int attention_bench_command(CLI::App& app, const std::vector<std::string>& words);

/// The flags of each, for completion.
std::vector<CompletionFlag> attention_list_flags();
std::vector<CompletionFlag> attention_device_flags();
std::vector<CompletionFlag> attention_check_flags();
std::vector<CompletionFlag> attention_bench_flags();

}  // namespace cfgtool
