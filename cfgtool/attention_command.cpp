/// \file
/// `cfgtool attention SUBCOMMAND`: finds the subcommand, and turns what it throws into exit codes.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <system_error>

#include "attention_plugins/host/cuda_driver.hpp"
#include "attention_plugins/host/plugin_error.hpp"
#include "cfgtool/attention_commands.hpp"
#include "cfgtool/command.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

void add_attention_flags(CLI::App& app, AttentionFlags& flags) {
  add_plugin_flags(app, flags.plugins);
  app.add_flag("--json", flags.json, "Print JSON");
}

attention::LoadedPlugins load_for_command(const PluginFlags& flags) {
  attention::LoadedPlugins loaded = attention::load_plugins(flags.load_options());
  std::vector<std::string> not_opened;
  for (const auto& warning : loaded.warnings) {
    if (warning.fault == attention::PluginFault::kOpenFailed) not_opened.push_back(to_string(warning));
  }
  refuse_unused_options(flags, loaded.plugins, not_opened, std::make_shared<SourceMap>());
  for (const auto& warning : loaded.warnings)
    write_stderr(fmt::format("warning[attention-plugin]: {}\n", to_string(warning)));
  return loaded;
}

namespace {

struct AttentionSubcommand {
  const char* name;
  const char* summary;
  int (*run)(CLI::App& app, const std::vector<std::string>& words);
  std::vector<CompletionFlag> (*flags)();
};
constexpr AttentionSubcommand kSubcommands[] = {
    {"list", "the plugins, what each provides, and the devices", attention_list_command, attention_list_flags},
    {"check", "whether a problem would run under a name, here or on a GPU that is elsewhere, or why not",
     attention_check_command, attention_check_flags},
    {"device", "the GPUs that are known without being here; describes one that is", attention_device_command,
     attention_device_flags},
    {"bench", "measures the problems of a file", attention_bench_command, attention_bench_flags},
};

std::string help() {
  std::string text =
      "What attention kernels are here, what they support, and how fast they are\n\nUsage: cfgtool attention "
      "SUBCOMMAND [FLAG]...\n\nSubcommands:\n";
  for (const AttentionSubcommand& subcommand : kSubcommands)
    text += fmt::format("  {:10} {}\n", subcommand.name, subcommand.summary);
  return text +
         "\nExamples:\n  cfgtool attention check --impl sdpa --dtype bf16 --heads 32:8 --head-dim 128 --seq 2048 "
         "--causal\n"
         "  cfgtool attention check --device h100 --model Qwen2.5-7B --backward\n"
         "  cfgtool attention device\n";
}

int run(const AttentionSubcommand& subcommand, const std::vector<std::string>& words) {
  CLI::App app(subcommand.summary, fmt::format("cfgtool attention {}", subcommand.name));
  add_version_flag(app, version_text("cfgtool", ""));
  try {
    return subcommand.run(app, words);
  } catch (const std::system_error& error) {
    write_stderr(fmt::format("error[threads]: the threads cannot be started: {}\n", error.code().message()));
    return kExitUsage;
  } catch (const std::invalid_argument& error) {
    write_stderr(fmt::format("error[flag-usage]: {}\n", error.what()));
    return kExitUsage;
  } catch (const attention::CudaError& error) {
    write_stderr(fmt::format("error[cuda]: {}\n", error.what()));
    return kExitKernelFailed;
  } catch (const attention::PluginError& error) {
    write_stderr(fmt::format("error[attention-plugin]: {}\n", error.what()));
    return kExitUnsupported;
  } catch (const ConfigError& error) {
    write_stderr(
        render(error.diagnostics(), error.sources().get(), {DiagnosticFormat::kText, may_color(STDERR_FILENO)}));
    return exit_code_of(error);
  }
}

}  // namespace

std::vector<Subcommand> attention_subcommands() {
  std::vector<Subcommand> all;
  for (const AttentionSubcommand& subcommand : kSubcommands)
    all.push_back({subcommand.name, subcommand.summary, nullptr});
  return all;
}

std::vector<CompletionFlag> attention_command_flags(const std::string& name) {
  for (const AttentionSubcommand& subcommand : kSubcommands) {
    if (name == subcommand.name) return subcommand.flags();
  }
  return {};
}

int attention_command(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    words.empty() ? write_stderr(help()) : write_stdout(help());
    return words.empty() ? kExitUsage : 0;
  }
  std::vector<std::string> known;
  for (const AttentionSubcommand& subcommand : kSubcommands) {
    if (words[0] == subcommand.name) return run(subcommand, {words.begin() + 1, words.end()});
    known.emplace_back(subcommand.name);
  }
  write_stderr(fmt::format("error[unknown-subcommand]: cfgtool attention has no subcommand '{}'\n", words[0]));
  const std::string hint = did_you_mean(words[0], known);
  if (!hint.empty()) write_stderr(fmt::format("  note: {}\n", hint));
  return kExitUsage;
}

}  // namespace cfgtool
