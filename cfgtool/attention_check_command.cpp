/// \file
/// `cfgtool attention check`: whether problems would run, here or on GPUs that are elsewhere.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cfgtool/attention_commands.hpp"
#include "cfgtool/check_report.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/device_flags.hpp"
#include "cfgtool/problem_flags.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

struct CheckFlags {
  AttentionFlags common;
  ProblemFlags problem;
  std::string file;
  std::vector<std::string> implementations;
  std::vector<std::string> devices;
  attention::DeviceFolders device_folders;
  std::string level = "heuristics";
  bool compile = false;
  bool rules = false;

  int32_t asked_level() const {
    if (rules || level == "rules") return ATTN_LEVEL_RULES;
    return compile || level == "compile" ? ATTN_LEVEL_COMPILE : ATTN_LEVEL_HEURISTICS;
  }
};

void declare_check(CLI::App& app, CheckFlags& flags) {
  app.add_option("--impl", flags.implementations,
                 "The name that a configuration gives to attn_implementation; may be repeated (default: "
                 "flash_attention_2, sdpa and eager)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--device", flags.devices,
                 "cpu, cuda or cuda:N of this machine; a GPU of `cfgtool attention device`, which need not be here, or "
                 "its file; all: every known GPU; may be repeated")
      ->type_name("DEVICE|FILE")
      ->default_str("cpu")
      ->allow_extra_args(false);
  add_device_path_flag(app, flags.device_folders);
  CLI::Option* level =
      app.add_option("--level", flags.level, "How closely it is looked at: rules, heuristics or compile")
          ->check(CLI::IsMember({"rules", "heuristics", "compile"}).description(""))
          ->type_name("LEVEL")
          ->capture_default_str();
  CLI::Option* rules = app.add_flag("--rules", flags.rules, "Short for --level rules")->excludes(level);
  app.add_flag("--compile", flags.compile, "Short for --level compile")->excludes(level)->excludes(rules);
  add_attention_flags(app, flags.common);
  add_problem_flags(app, flags.problem);
  app.add_option("--file", flags.file,
                 "Problems, one a line: a name, then the flags below. One process answers them all")
      ->type_name("FILE");
  app.footer(
      "On GPUs flash_attention_2 and sdpa are cuDNN's fused attention: the flash-attn package and torch's sdpa have "
      "limits\n"
      "of their own. --window L counts the keys before a row's own: Hugging Face's sliding_window=4096 is --window "
      "4095:0.\n"
      "Several problems, names or devices make a table. JSON is one object a line, one for each answer.\n"
      "Exit code: 0 all would run, 3 one would not, 5 one cannot be told here, 2 wrong flags.\n\n"
      "Examples:\n"
      "  cfgtool attention check --impl sdpa --dtype bf16 --heads 32:8 --head-dim 128 --seq 2048 --causal --backward\n"
      "  cfgtool attention check --device h100 --device a100 --head-dim 256 --backward\n"
      "  cfgtool attention check --device all --impl flash_attention_2 --model path/to/Qwen2.5-7B --rules\n"
      "  cfgtool attention check --device h100 --file problems.txt --json");
}

/// The flags of one problem have no place beside a file with several.
void refuse_flags_beside_file(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group() == kProblemGroup && option->count() > 0)
      refuse_usage(fmt::format("--file holds the problems: {} cannot be given beside it", option->get_name()), {},
                   option->get_name());
  }
}

std::vector<CheckProblem> problems_of(const CheckFlags& flags) {
  std::vector<CheckProblem> problems;
  if (flags.file.empty()) {
    problems.push_back({"", flags.problem.problem(), flags.problem.model_note()});
  } else {
    for (const NamedProblem& named : read_problem_file(flags.file))
      problems.push_back({named.name, named.flags.problem(), named.flags.model_note()});
  }
  for (const CheckProblem& problem : problems) {
    // What no kernel anywhere could compute is no answer about a device.
    // Of several, the others still have one.
    const auto fault = flags.file.empty() ? attention::check_problem(problem.problem) : std::nullopt;
    if (fault) throw std::invalid_argument(fault->text);
    if (!problem.model_note.empty()) write_stderr(fmt::format("note: {}\n", problem.model_note));
  }
  return problems;
}

int exit_code_of(const std::vector<CheckAnswer>& answers) {
  const auto any = [&](CheckVerdict verdict) {
    return std::ranges::any_of(answers, [&](const CheckAnswer& answer) { return answer.verdict == verdict; });
  };
  if (any(CheckVerdict::kNo)) return kExitUnsupported;
  return any(CheckVerdict::kCannotTell) ? kExitCannotTell : 0;
}

}  // namespace

std::vector<CompletionFlag> attention_check_flags() {
  CheckFlags flags;
  CLI::App app;
  declare_check(app, flags);
  std::vector<CompletionFlag> offered = completion_flags(app);
  offer_devices(offered, {"all", "cpu", "cuda"});
  return offered;
}

int attention_check_command(CLI::App& app, const std::vector<std::string>& words) {
  CheckFlags flags;
  declare_check(app, flags);
  if (!parse_flags(app, words)) return 0;
  if (!flags.file.empty()) refuse_flags_beside_file(app);
  if (flags.devices.empty()) flags.devices = {"cpu"};
  if (flags.implementations.empty()) flags.implementations = {"flash_attention_2", "sdpa", "eager"};
  const std::vector<CheckProblem> problems = problems_of(flags);
  const CheckTargets targets = find_targets(flags.devices, flags.device_folders);
  const attention::LoadedPlugins loaded = load_for_command(flags.common);
  std::vector<CheckAnswer> answers;
  for (const CheckProblem& problem : problems)
    for (const std::string& implementation : flags.implementations)
      for (const CheckTarget& target : targets.all) {
        answers.push_back(ask(problem, implementation, target, flags.asked_level(), loaded.plugins));
        if (flags.common.json) write_stdout(answer_json(answers.back()));
      }
  if (answers.empty()) refuse_usage("no GPU is known that --device all could mean", {}, "--device");
  if (flags.common.json) return exit_code_of(answers);
  write_stdout(answers.size() == 1 ? answer_text(answers.front())
                                   : answer_table(answers, targets.all.size(), may_color(STDOUT_FILENO)));
  return exit_code_of(answers);
}

}  // namespace cfgtool
