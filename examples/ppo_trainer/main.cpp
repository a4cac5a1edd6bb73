/// \file
/// A training program with VERL's command line: composes the configuration, finds the attention implementation that
/// each role names, and trains with it; or, with --check-only, checks that the attention computes what it should.
///
///     ppo_trainer actor_rollout_ref.actor.optim.lr=1e-3
///     ppo_trainer --check-only --config-path ~/verl/verl/trainer/config
///     ppo_trainer --attention-device h100
///
/// It runs on the CPU: where a GPU is named, it says whether the attention would run there, and trains nothing.
/// Exit codes: 0 fine, 1 a wrong configuration, 2 wrong flags, 3 no attention implementation fits, 4 a kernel failed,
/// 5 it cannot be told whether one fits.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "attention_check.hpp"
#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/role_choice.hpp"
#include "attention_plugins/host/spec_machine.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/hydra_main.hpp"
#include "role_table.hpp"
#include "schemas/attention_keys.hpp"
#include "schemas/attention_mapping.hpp"
#include "schemas/attention_spec.hpp"
#include "training_run.hpp"

namespace ppo_trainer {

namespace {

namespace attention = cfgtool::attention;

constexpr int kExitKernelFailed = 4;

struct AttentionFlags {
  std::string mapping = "verl";
  std::vector<std::string> plugin_paths;
  bool allow_writable_plugins = false;
  bool check_only = false;
  std::string device;
  attention::DeviceFolders device_folders;
};

void add_attention_flags(CLI::App& app, AttentionFlags& flags) {
  app.add_option("--attention-mapping", flags.mapping, "Which keys say what about attention: a name, or a mapping file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  app.add_option("--attention-plugin-path", flags.plugin_paths, "A plugin or a folder of plugins; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_flag("--allow-writable-plugins", flags.allow_writable_plugins, "Load plugins that other users could change");
  app.add_option(
         "--attention-device", flags.device,
         "Say whether the attention would run on that GPU, which need not be here: a name of `cfgtool attention "
         "device`, or a file")
      ->type_name("DEVICE|FILE");
  app.add_option("--attention-device-path", flags.device_folders.command_line,
                 "A folder with files of GPUs; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_flag("--check-only", flags.check_only, "Check the attention of all roles, and train nothing");
}

/// What a training would start from: typed values, each of which knows where it was written.
void print_settings(const cfgtool::Config& cfg) {
  fmt::print("{} / {}\n", cfg.get<std::string>("trainer.project_name"),
             cfg.get<std::string>("trainer.experiment_name"));
  for (const char* key : {"actor_rollout_ref.actor.optim.lr", "critic.optim.lr", "actor_rollout_ref.actor.clip_ratio",
                          "algorithm.gamma", "algorithm.lam"}) {
    const auto value = cfg.lookup(key);
    if (value && !value->is_null()) fmt::print("  {} = {}  ({})\n", key, value->as<double>(), value->origin());
  }
  const auto steps = cfg.find<int64_t>("trainer.total_training_steps");
  fmt::print("  {} epochs, {}\n\n", cfg.get<int64_t>("trainer.total_epochs"),
             steps ? fmt::format("{} steps", *steps) : "as many steps as the data gives");
  std::fflush(stdout);  // before what may go to stderr
}

std::vector<std::shared_ptr<const attention::Plugin>> load_plugins(const cfgtool::Config& cfg,
                                                                   const AttentionFlags& flags) {
  attention::LoadOptions options;
  for (const std::string& path : flags.plugin_paths)
    options.command_line_paths.push_back({path, "--attention-plugin-path"});
  options.allow_writable_by_others = flags.allow_writable_plugins;
  std::vector<cfgtool::Diagnostic> warnings;
  auto plugins = attention::load_plugins_or_refuse(options, cfg.composition().sources, warnings);
  const cfgtool::RenderOptions style{cfgtool::DiagnosticFormat::kText, cfgtool::may_color(STDERR_FILENO)};
  fmt::print(stderr, "{}", cfgtool::render(warnings, cfg.sources().get(), style));
  return plugins;
}

/// \return whether all checks of the role hold
bool run_role(const cfgtool::RoleSpec& role, const attention::RoleChoice& choice,
              const std::shared_ptr<attention::ThreadPool>& pool) {
  const bool color = cfgtool::may_color(STDOUT_FILENO);
  fmt::print("\n{}: {}", role.name, attention::describe(choice.problem));
  if (role.sequence_length.value > kLongestChecked) fmt::print(" (checked with sequences of {})", kLongestChecked);
  fmt::print("\n");
  bool all_hold = true;
  for (const Check& check : check_attention(role, choice, pool)) {
    const char* mark =
        check.holds ? (color ? "\033[32mok\033[0m    " : "ok    ") : (color ? "\033[1;31mFAILED\033[0m" : "FAILED");
    fmt::print("  {} {}{}\n", mark, check.what, check.detail.empty() ? "" : ": " + check.detail);
    all_hold = all_hold && check.holds;
  }
  return all_hold;
}

/// \return whether all checks of all roles hold
bool check_roles(const cfgtool::AttentionSpec& spec, const std::vector<attention::RoleChoice>& choices,
                 const std::shared_ptr<attention::ThreadPool>& pool) {
  bool all_hold = true;
  for (size_t i = 0; i < choices.size(); ++i)
    all_hold = run_role(spec.roles[i], choices[i], pool) && all_hold;
  fmt::print("\n{}\n", all_hold ? "all checks hold" : "a check FAILED: the attention used is not correct");
  return all_hold;
}

/// This program's kernels run on the CPU, whatever else the machine has; a GPU that is named is only asked about.
attention::Machine find_machine(const cfgtool::AttentionSpec& spec, const cfgtool::Config& cfg,
                                const AttentionFlags& flags) {
  attention::Machine machine = attention::machine_for(spec, flags.device_folders, cfg.composition().sources);
  if (!machine.cuda.empty()) {
    machine.cuda.clear();
    machine.no_cuda = "ppo_trainer runs attention on the CPU only";
  }
  return machine;
}

int run(const cfgtool::Job& job, const AttentionFlags& flags) {
  const cfgtool::Config& cfg = job.config;
  print_settings(cfg);
  const auto mapping = cfgtool::read_attention_mapping(cfg.composition().sources, flags.mapping);
  cfgtool::AttentionSpec spec = cfgtool::make_attention_spec(cfg, mapping);
  if (!flags.device.empty()) cfgtool::take_device_flag(spec, *cfg.composition().sources, flags.device);
  const attention::Machine machine = find_machine(spec, cfg, flags);
  const auto plugins = load_plugins(cfg, flags);
  const auto choices = attention::choose_roles(spec, machine, plugins);
  fmt::print("{}", role_table(spec, choices));
  std::fflush(stdout);

  const auto refusals = attention::refusals(spec, machine, choices, attention::known_names(spec, plugins));
  if (!refusals.empty()) {
    cfgtool::ConfigError error(refusals);  // hydra_main shows it and ends with 3
    error.set_sources(cfg.sources());
    throw error;
  }
  if (machine.described) {
    fmt::print("\nevery role would run on {}; this program runs on the CPU, and does nothing more\n",
               machine.described->name);
    return 0;
  }
  const auto pool = std::make_shared<attention::ThreadPool>(machine.workers);
  try {
    if (flags.check_only) return check_roles(spec, choices, pool) ? 0 : kExitKernelFailed;
    fmt::print("\n");
    std::fflush(stdout);
    run_training(job, spec, choices, pool);
  } catch (const attention::KernelError& error) {
    std::fflush(stdout);
    fmt::print(stderr, "error[attention-kernel]: {}\n", error.what());
    return kExitKernelFailed;
  }
  return 0;
}

}  // namespace

}  // namespace ppo_trainer

int main(int argc, char** argv) {
  ppo_trainer::AttentionFlags flags;
  cfgtool::HydraApp app;
  app.description = "Trains a small language model by PPO, with the attention that the configuration names";
  app.config_path = PPO_TRAINER_CONFIG_FOLDER;
  app.config_name = "ppo_trainer";
  app.add_flags = [&](CLI::App& cli) { ppo_trainer::add_attention_flags(cli, flags); };
  app.known_keys = [&] {
    return cfgtool::known_attention_keys(flags.mapping, cfgtool::attention::usual_device_names());
  };
  return cfgtool::hydra_main(argc, argv, app, [&](const cfgtool::Job& job) { return ppo_trainer::run(job, flags); });
}
