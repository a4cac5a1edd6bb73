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
#include "config_engine/command_line.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

void add_attention_flags(CLI::App& app, AttentionFlags& flags) {
  add_plugin_flags(app, flags.plugins);
  app.add_flag("--json", flags.json, "Print JSON");
  add_error_format_flag(app, flags.error_format);
}

Diagnostic attention_problem(std::string code, std::string message) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kAttention;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  return diagnostic;
}

attention::LoadedPlugins load_for_command(const AttentionFlags& all_flags) {
  const PluginFlags& flags = all_flags.plugins;
  attention::LoadedPlugins loaded = attention::load_plugins(flags.load_options());
  std::vector<std::string> not_opened;
  for (const auto& warning : loaded.warnings) {
    if (warning.fault == attention::PluginFault::kOpenFailed) not_opened.push_back(to_string(warning));
  }
  refuse_unused_options(flags, loaded.plugins, not_opened, std::make_shared<SourceMap>());
  SourceMap sources;
  std::vector<Diagnostic> warnings;
  for (const auto& warning : loaded.warnings) {
    warnings.push_back(attention_problem("attention-plugin", to_string(warning)));
    warnings.back().severity = Severity::kWarning;
    warnings.back().labels.push_back({sources.add(SourceKind::kFile, warning.path.string(), ""), 1, {}});
  }
  write_stderr(render(warnings, &sources, {diagnostic_format_named(all_flags.error_format), may_color(STDERR_FILENO)}));
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
    Diagnostic diagnostic = attention_problem("threads", "the threads cannot be started: " + error.code().message());
    diagnostic.stage = Stage::kRequest;
    throw UsageError(std::move(diagnostic), "--threads");
  } catch (const std::invalid_argument& error) {
    // Its first word is the flag that is wrong, if it is about one.
    const std::string message = error.what();
    refuse_usage(message, {}, message.starts_with('-') ? message.substr(0, message.find_first_of(" :")) : "");
  } catch (const attention::CudaError& error) {
    throw ConfigError(attention_problem("cuda", error.what()));
  } catch (const attention::PluginError& error) {
    const attention::PluginProblem& problem = error.problem();
    const bool is_flag = problem.named_by.starts_with("--");
    throw error_at(attention_problem("attention-plugin", error.what()),
                   is_flag ? SourceKind::kFlag : SourceKind::kEnvironment, problem.named_by, problem.path.string());
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
  for (const AttentionSubcommand& subcommand : kSubcommands) {
    if (words[0] == subcommand.name) return run(subcommand, {words.begin() + 1, words.end()});
  }
  refuse_subcommand("cfgtool attention", words[0], attention_subcommands());
}

}  // namespace cfgtool
