/// \file
/// `cfgtool attention list|check|bench`: what the plugins here offer, whether they would run a problem, and how fast.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "attention_plugins/host/cuda_driver.hpp"
#include "attention_plugins/host/loader.hpp"
#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/plugin_error.hpp"
#include "attention_plugins/host/selector.hpp"
#include "cfgtool/attention_bench.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/plugin_flags.hpp"
#include "cfgtool/problem_flags.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;
using attention::Answer;
using attention::Candidate;
using attention::LoadedPlugins;
using attention::Machine;
using attention::Selection;
using attention::Verdict;

constexpr int kExitUsage = 2;
constexpr int kExitUnsupported = 3;
constexpr int kExitKernelFailed = 4;
constexpr int kExitCannotTell = 5;

struct CommonFlags {
  PluginFlags plugins;
  bool json = false;
};

void add_common_flags(CLI::App& app, CommonFlags& flags) {
  add_plugin_flags(app, flags.plugins);
  app.add_flag("--json", flags.json, "Print JSON");
}

/// Warnings go to stderr. \throws PluginError, ConfigError
LoadedPlugins load(const PluginFlags& flags) {
  LoadedPlugins loaded = attention::load_plugins(flags.load_options());
  std::vector<std::string> not_opened;
  for (const auto& warning : loaded.warnings) {
    if (warning.fault == attention::PluginFault::kOpenFailed) not_opened.push_back(to_string(warning));
  }
  refuse_unused_options(flags, loaded.plugins, not_opened, std::make_shared<SourceMap>());
  for (const auto& warning : loaded.warnings)
    write_stderr(fmt::format("warning[attention-plugin]: {}\n", to_string(warning)));
  return loaded;
}

void print_list_text(const LoadedPlugins& loaded, const Machine& machine) {
  std::string text;
  for (const auto& plugin : loaded.plugins) {
    text += fmt::format("{} {}: {}\n  {}\n", plugin->name(), plugin->version(), plugin->description(),
                        plugin->path().string());
    for (const auto& implementation : plugin->implementations()) {
      text += fmt::format("  {:24} on {:5} {}\n", implementation.name,
                          attention::device_kind_name(implementation.device_kind), implementation.description);
    }
  }
  if (loaded.plugins.empty()) text += "no attention plugin is installed\n";
  text += "\ndevices of this machine:\n";
  for (size_t i = 0; i < machine.cuda.size(); ++i) {
    text += fmt::format("  cuda:{} {}, compute capability {}.{}\n", i, machine.cuda[i].name,
                        machine.cuda[i].compute_capability / 10, machine.cuda[i].compute_capability % 10);
  }
  text += fmt::format("  cpu    {} threads\n", machine.workers);
  if (!machine.no_cuda.empty()) text += fmt::format("  ({})\n", machine.no_cuda);
  write_stdout(text);
}

void print_list_json(const LoadedPlugins& loaded, const Machine& machine) {
  Json document;
  document["plugins"] = Json::array();
  for (const auto& plugin : loaded.plugins) {
    Json entry{{"name", plugin->name()},
               {"version", plugin->version()},
               {"description", plugin->description()},
               {"path", plugin->path().string()},
               {"implementations", Json::array()}};
    for (const auto& implementation : plugin->implementations()) {
      entry["implementations"].push_back({{"name", implementation.name},
                                          {"device", attention::device_kind_name(implementation.device_kind)},
                                          {"description", implementation.description}});
    }
    document["plugins"].push_back(std::move(entry));
  }
  document["devices"] = Json::array();
  for (const auto& device : machine.cuda) {
    document["devices"].push_back(
        {{"kind", "cuda"}, {"name", device.name}, {"compute_capability", device.compute_capability}});
  }
  document["devices"].push_back({{"kind", "cpu"}, {"threads", machine.workers}});
  document["no_cuda"] = machine.no_cuda;
  write_stdout(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

int list(CLI::App& app, const std::vector<std::string>& words) {
  CommonFlags flags;
  add_common_flags(app, flags);
  if (!parse_flags(app, words)) return 0;
  const LoadedPlugins loaded = load(flags.plugins);
  const Machine machine = attention::look_at_machine();
  flags.json ? print_list_json(loaded, machine) : print_list_text(loaded, machine);
  return 0;
}

struct CheckFlags {
  CommonFlags common;
  ProblemFlags problem;
  std::string implementation;
  std::string device = "cpu";
  std::string level = "heuristics";
};

std::optional<attn_device> find_device(const std::string& name, const Machine& machine) {
  const auto kind = attention::device_kind_from_name(name);
  if (!kind) throw std::invalid_argument(fmt::format("--device takes cpu or cuda, not '{}'", name));
  for (const attn_device& device : machine.devices()) {
    if (device.kind == *kind) return device;
  }
  return std::nullopt;
}

/// This machine has no such device.
int refuse_device(const CheckFlags& flags, const attn_problem& problem, const Machine& machine) {
  if (flags.common.json) {
    const Json document{{"verdict", to_string(Verdict::kNo)},
                        {"implementation", flags.implementation},
                        {"device", flags.device},
                        {"problem", attention::describe(problem)},
                        {"problem_fault", machine.no_cuda}};
    write_stdout(document.dump(2) + "\n");
  } else {
    write_stdout(fmt::format("no: {} on {}\n  {}\n  why: {}\n", flags.implementation, flags.device,
                             attention::describe(problem), machine.no_cuda));
  }
  return kExitUnsupported;
}

std::string size_text(uint64_t bytes) {
  if (bytes < 10240) return fmt::format("{} bytes", bytes);
  return bytes < 10485760 ? fmt::format("{} KiB", bytes / 1024) : fmt::format("{} MiB", bytes / 1048576);
}

std::string yes_text(const Candidate& candidate, const attn_device& device, const attn_problem& problem) {
  const Answer& answer = candidate.answer;
  std::string text = fmt::format("yes: {} by {} {} on {}", candidate.name(), candidate.plugin->name(),
                                 candidate.plugin->version(), attention::describe(device));
  if (!answer.engine.empty()) text += fmt::format(" ({})", answer.engine);
  text += fmt::format("\n  {}\n  workspace: {} forward", attention::describe(problem),
                      size_text(answer.forward_workspace_bytes));
  if ((problem.passes & ATTN_PASS_BACKWARD) != 0)
    text += fmt::format(", {} backward", size_text(answer.backward_workspace_bytes));
  text += "\n";
  if (!answer.documented) text += "  outside what the plugin's maker documents as supported\n";
  return text;
}

std::string no_text(const CheckFlags& flags, const Selection& selection, const attn_device& device,
                    const attn_problem& problem, const LoadedPlugins& loaded) {
  std::string text = fmt::format("{}: {} on {}\n  {}\n", selection.verdict == Verdict::kNo ? "no" : "cannot tell",
                                 flags.implementation, attention::describe(device), attention::describe(problem));
  for (const std::string& line : attention::refusal_lines(selection))
    text += fmt::format("  why: {}\n", line);
  if (!selection.name_known) {
    const auto known = attention::provided_names(loaded.plugins);
    text +=
        fmt::format("  why: no plugin provides '{}'; known are: {}\n", flags.implementation, fmt::join(known, ", "));
    const std::string hint = did_you_mean(flags.implementation, known);
    if (!hint.empty()) text += fmt::format("  {}\n", hint);
  }
  std::vector<std::string> works;
  for (const Candidate& candidate : selection.supported_here)
    works.push_back(candidate.name());
  text += works.empty() ? "  nothing else here supports it\n"
                        : fmt::format("  supported here: {}\n", fmt::join(works, ", "));
  return text;
}

Json answer_json(const Candidate& candidate) {
  const Answer& answer = candidate.answer;
  return {{"plugin", candidate.plugin->name()},
          {"implementation", candidate.name()},
          {"verdict", to_string(answer.verdict)},
          {"reason", attention::reason_code(answer.reason)},
          {"text", answer.text},
          {"level", attention::level_name(answer.level)},
          {"documented", answer.documented},
          {"engine", answer.engine},
          {"forward_workspace_bytes", answer.forward_workspace_bytes},
          {"backward_workspace_bytes", answer.backward_workspace_bytes}};
}

void print_check_json(const CheckFlags& flags, const Selection& selection, const attn_device& device,
                      const attn_problem& problem) {
  Json document{{"verdict", to_string(selection.verdict)},
                {"implementation", flags.implementation},
                {"device", attention::describe(device)},
                {"problem", attention::describe(problem)},
                {"chosen", selection.chosen ? answer_json(*selection.chosen) : Json()},
                {"refusals", Json::array()},
                {"problem_fault", selection.problem_fault},
                {"supported_here", Json::array()}};
  for (const Candidate& candidate : selection.refusals)
    document["refusals"].push_back(answer_json(candidate));
  for (const Candidate& candidate : selection.supported_here)
    document["supported_here"].push_back(answer_json(candidate));
  write_stdout(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void declare_check(CLI::App& app, CheckFlags& flags) {
  app.add_option("--impl", flags.implementation, "The name that a configuration gives to attn_implementation")
      ->type_name("NAME")
      ->required();
  app.add_option("--device", flags.device, "cpu or cuda")->type_name("DEVICE")->capture_default_str();
  app.add_option("--level", flags.level, "How closely it is looked at: rules, heuristics or compile")
      ->check(CLI::IsMember({"rules", "heuristics", "compile"}).description(""))
      ->type_name("LEVEL")
      ->capture_default_str();
  add_common_flags(app, flags.common);
  add_problem_flags(app, flags.problem);
  app.footer(
      "Exit code: 0 it would run, 3 it would not, 5 that cannot be told here, 2 wrong flags.\n\n"
      "Example:\n"
      "  cfgtool attention check --impl sdpa --dtype bf16 --heads 32:8 --head-dim 128 --seq 2048 --causal --backward");
}

int check(CLI::App& app, const std::vector<std::string>& words) {
  CheckFlags flags;
  declare_check(app, flags);
  if (!parse_flags(app, words)) return 0;
  const attn_problem problem = flags.problem.problem();
  const Machine machine = attention::look_at_machine();
  const std::optional<attn_device> found = find_device(flags.device, machine);
  if (!found) return refuse_device(flags, problem, machine);
  const attn_device& device = *found;
  const LoadedPlugins loaded = load(flags.common.plugins);
  const int32_t level = flags.level == "rules"     ? ATTN_LEVEL_RULES
                        : flags.level == "compile" ? ATTN_LEVEL_COMPILE
                                                   : ATTN_LEVEL_HEURISTICS;
  const Selection selection = attention::select(flags.implementation, device, problem, level, loaded.plugins);
  if (flags.common.json) {
    print_check_json(flags, selection, device, problem);
  } else if (selection.chosen) {
    write_stdout(yes_text(*selection.chosen, device, problem));
  } else {
    write_stdout(no_text(flags, selection, device, problem, loaded));
  }
  if (selection.chosen) return 0;
  return selection.verdict == Verdict::kCannotTell ? kExitCannotTell : kExitUnsupported;
}

struct BenchFlags {
  CommonFlags common;
  BenchOptions options;
  std::string file;
  std::string device = "cpu";
};

void declare_bench(CLI::App& app, BenchFlags& flags) {
  BenchOptions& options = flags.options;
  app.add_option("FILE", flags.file, "Problems, one a line: a name, then the flags of `cfgtool attention check`")
      ->required();
  app.add_option("--device", flags.device, "cpu, or cuda for GPU 0")->type_name("DEVICE")->capture_default_str();
  app.add_option("--threads", options.threads, "Threads on the CPU; 0: all")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--seconds", options.seconds, "How long each is repeated")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--impl", options.implementations, "Only these names; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  add_common_flags(app, flags.common);
  app.footer(
      "GFLOP/s count 4 * batch * heads * head_dim for each row and key that it sees (half of all if causal), 3.5 times "
      "as\n"
      "much with the backward pass. On a GPU a run is timed by the GPU's own events. `peak` is the share of what this "
      "machine's multiply-add units reach with the\n"
      "problem's type.\n\n"
      "A file:\n"
      "  prefill  --dtype bf16 --heads 16 --head-dim 128 --seq 2048 --causal\n"
      "  decode   --dtype bf16 --heads 16 --head-dim 128 --seq 1:4096");
}

int bench(CLI::App& app, const std::vector<std::string>& words) {
  BenchFlags flags;
  declare_bench(app, flags);
  BenchOptions& options = flags.options;
  if (!parse_flags(app, words)) return 0;
  if (!std::isfinite(options.seconds)) throw std::invalid_argument("--seconds takes a number, not nan");
  options.problems = read_problem_file(flags.file);
  const LoadedPlugins loaded = load(flags.common.plugins);
  const Machine machine = attention::look_at_machine();
  const std::optional<attn_device> found = find_device(flags.device, machine);
  if (!found) {
    write_stderr(fmt::format("error[attention-device]: {}\n", machine.no_cuda));
    return kExitUnsupported;
  }
  if (options.threads == 0) options.threads = machine.workers;
  options.device = found->kind == ATTN_DEVICE_CPU ? attention::cpu_device(options.threads) : *found;
  const bool shows_progress = ::isatty(STDERR_FILENO) != 0;
  const std::vector<BenchRow> rows = run_bench(options, loaded.plugins, [&](const std::string& what) {
    if (shows_progress) write_stderr(fmt::format("\r\033[K{}", what));
  });
  if (shows_progress) write_stderr("\r\033[K");
  if (rows.empty()) {
    throw std::invalid_argument(fmt::format("no plugin provides {} on {}; known are: {}",
                                            fmt::join(options.implementations, ", "),
                                            found->kind == ATTN_DEVICE_CPU ? "the CPU" : "CUDA devices",
                                            fmt::join(attention::provided_names(loaded.plugins, found->kind), ", ")));
  }
  write_stdout(flags.common.json ? bench_json(rows, options) : bench_text(rows, options));
  if (std::any_of(rows.begin(), rows.end(), [](const BenchRow& row) { return !row.failure.empty(); }))
    return kExitKernelFailed;
  const bool any = std::any_of(rows.begin(), rows.end(), [](const BenchRow& row) { return row.runs > 0; });
  return any ? 0 : kExitUnsupported;
}

using Action = int (*)(CLI::App& app, const std::vector<std::string>& words);
struct AttentionSubcommand {
  const char* name;
  const char* summary;
  Action run;
};
constexpr AttentionSubcommand kSubcommands[] = {
    {"list", "the plugins, what each provides, and the devices", list},
    {"check", "whether a problem would run under a name, or why not", check},
    {"bench", "measures the problems of a file", bench},
};

std::string help() {
  std::string text =
      "What attention kernels are here, what they support, and how fast they are\n\nUsage: cfgtool attention "
      "SUBCOMMAND [FLAG]...\n\nSubcommands:\n";
  for (const AttentionSubcommand& subcommand : kSubcommands)
    text += fmt::format("  {:10} {}\n", subcommand.name, subcommand.summary);
  return text +
         "\nExample:\n  cfgtool attention check --impl sdpa --dtype bf16 --heads 32:8 --head-dim 128 --seq 2048 "
         "--causal\n";
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
  CLI::App app;
  CommonFlags list_flags;
  CheckFlags check_flags;
  BenchFlags bench_flags;
  if (name == "list") add_common_flags(app, list_flags);
  if (name == "check") declare_check(app, check_flags);
  if (name == "bench") declare_bench(app, bench_flags);
  return completion_flags(app);
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
