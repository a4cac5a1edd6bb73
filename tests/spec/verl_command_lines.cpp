// The command lines that VERL documents, on VERL's own configuration: through both programs. Where that configuration
// is not beside the project, says how many cases it skips and ends with 77.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace {

using cfgtool::test::Outcome;
using cfgtool::test::run_program;
using Words = std::vector<std::string>;

const std::string kPolicy = "actor_rollout_ref.model.override_config.attn_implementation";
const std::string kCritic = "critic.model.override_config.attn_implementation";

struct Case {
  const char* name;
  Words words;
  int exit_code;
  Words trainer_prints;  ///< ppo_trainer's stdout
  Words spec_prints;     ///< stdout of cfgtool resolve --spec
  Words complaints;      ///< both programs' stderr
};

std::vector<Case> all_cases(const std::string& own_folder) {
  return {
      {"both overrides",
       {"+" + kPolicy + "=eager", "+" + kCritic + "=eager"},
       0,
       {"\nactor    eager", "\nrollout  eager", "\nref      eager", "\ncritic   eager", "override 1:62",
        "override 2:51", "32*:32*", "all checks hold"},
       {"origin: override 1:62", "origin: override 2:51", "engine/fsdp.yaml:63:8"},
       {}},
      {"the YAML form",
       {"--config-dir", own_folder, "--config-name", "both"},
       0,
       {"\nactor    eager", "\ncritic   eager", "both.yaml:3:50", "both.yaml:4:57", "all checks hold"},
       {"both.yaml:3:50", "both.yaml:4:57"},
       {}},
      {"the actor's alone",
       {"+" + kPolicy + "=eager"},
       3,
       {"\nactor    eager ", "\nrollout  eager ", "\nref      eager ", "\ncritic   flash_attention_2  refused"},
       {"override: +" + kCritic + "=sdpa"},
       {"flash_attention_2 is not supported here for critic", "decided by default", "critic.yaml:44:20",
        "try: +" + kCritic + "=sdpa"}},
      {"nothing said",
       {},
       3,
       {"\nactor    flash_attention_2  refused", "\ncritic   flash_attention_2  refused"},
       {"override: +" + kPolicy + "=sdpa", "override: +" + kCritic + "=sdpa"},
       {"for actor, rollout and ref", "for critic", "try: +" + kPolicy + "=sdpa", "try: +" + kCritic + "=sdpa"}},
      {"an unknown name",
       {"+" + kPolicy + "=flash_attention_9", "+" + kCritic + "=eager"},
       3,
       {"\nactor    flash_attention_9  refused", "\ncritic   eager"},
       {"reason: unknown-name"},
       {"there is no attention implementation 'flash_attention_9'", "override 1:62",
        "known are flash_attention_2, sdpa, eager", "did you mean 'flash_attention_2'?", "try: +" + kPolicy + "=sdpa"}},
      {"a name in capitals",
       {"+" + kPolicy + "=Eager", "+" + kCritic + "=eager"},
       3,
       {"\nactor    Eager"},
       {"reason: unknown-name"},
       {"there is no attention implementation 'Eager'", "did you mean 'eager'?", "try: +" + kPolicy + "=eager"}},
      {"an empty name",
       {"+" + kPolicy + "=", "+" + kCritic + "=eager"},
       1,
       {},
       {},
       {"is an empty text, which names no attention implementation", "override 1:62"}},
      {"a number for a name", {"+" + kPolicy + "=2"}, 1, {}, {}, {"is an integer (2), expected a string"}},
      {"the Megatron trainer",
       {"--config-name", "ppo_megatron_trainer", "+" + kPolicy + "=eager", "+" + kCritic + "=eager"},
       0,
       {"\ncritic   eager", "all checks hold"},
       {"engine/megatron.yaml:90:8"},
       {}},
  };
}

/// GPUs that are not here. What is said of them is that of the plugins cudnn and cuda_eager.
std::vector<Case> gpu_cases() {
  const std::string head_dim = "+actor_rollout_ref.model.override_config.head_dim=";
  return {
      {"on a T4",
       {"--attention-device", "t4"},
       3,
       {"\nactor    flash_attention_2  refused", "\ncritic   flash_attention_2  refused"},
       {"value: t4", "kind: flag", "override: +" + kPolicy + "=eager"},
       {"flash_attention_2 is not supported on t4 for actor, rollout and ref", "decided by default",
        "hf_model.yaml:31:18", "critic.yaml:44:20", "supported on t4 for these sizes: eager",
        "try: +" + kPolicy + "=eager", "try: +" + kCritic + "=eager"}},
      {"on a T4, by the key, where an override chose",
       {"+attention_device=t4", "+" + kPolicy + "=flash_attention_2", "+" + kCritic + "=eager"},
       3,
       {"\ncritic   eager              cuda_eager"},
       {"key: attention_device", "origin: override 1:19"},
       {"override 2:62", "t4 (Tesla T4) is asked for by attention_device (override 1:19)",
        "try: +" + kPolicy + "=eager"}},
      {"on a V100, on which nothing here runs",
       {"--attention-device", "v100"},
       3,
       {"\nactor    flash_attention_2  refused"},
       {"value: v100"},
       {"CUDA 13 dropped", "supported on v100 for these sizes: nothing that is loaded"}},
      {"on an H100",
       {"--attention-device", "h100"},
       0,
       {"\nactor    flash_attention_2  cudnn", "every role would run on h100"},
       {"value: h100", "verified: true"},
       {}},
      {"head_dim 300 on an H100",
       {"--attention-device", "h100", head_dim + "300"},
       3,
       {},
       {"reason: head-dim"},
       {"head_dim 300 is not a multiple of 8"}},
      {"backward at 256 on an H100", {"--attention-device", "h100", head_dim + "256"}, 0, {}, {"value: 256"}, {}},
      {"backward at 256 on an A100",
       {"--attention-device", "a100", head_dim + "256"},
       3,
       {"\nactor    flash_attention_2  refused", "\nrollout  flash_attention_2  cudnn"},
       {"reason: head-dim"},
       {"is not supported on a100 for actor\n", "try: +" + kPolicy + "=eager"}},
      {"backward at 256 on a B200",
       {"--attention-device", "b200", head_dim + "256"},
       3,
       {"\nrollout  flash_attention_2  cudnn"},
       {"reason: head-dim"},
       {"is not supported on b200 for actor\n"}},
  };
}

bool check(const Case& the_case, const char* program, const Outcome& outcome, const Words& prints) {
  Words missing;
  if (outcome.exit_code != the_case.exit_code)
    missing.push_back(fmt::format("exit code {}, not {}", the_case.exit_code, outcome.exit_code));
  for (const std::string& words : prints) {
    if (!outcome.prints(words)) missing.push_back(fmt::format("on stdout: {}", words));
  }
  for (const std::string& words : the_case.complaints) {
    if (!outcome.complains(words)) missing.push_back(fmt::format("on stderr: {}", words));
  }
  if (missing.empty()) return true;
  fmt::print("FAILED: {}, {}\n  expected {}\nstdout:\n{}\nstderr:\n{}\n", the_case.name, program,
             fmt::join(missing, "\n  expected "), outcome.output, outcome.errors);
  return false;
}

Words joined(Words first, const Words& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

}  // namespace

int main() {
  constexpr int kSkipped = 77;
  const cfgtool::test::ScratchFolder scratch;
  std::ofstream(scratch.path() / "both.yaml") << "defaults: [ppo_trainer, _self_]\n"
                                                 "actor_rollout_ref:\n"
                                                 "  model: {override_config: {attn_implementation: eager}}\n"
                                                 "critic: {model: {override_config: {attn_implementation: eager}}}\n";
  std::vector<Case> cases = all_cases(scratch.path().string());
  if (SPEC_HAS_GPU_PLUGINS) {
    for (Case& the_case : gpu_cases())
      cases.push_back(std::move(the_case));
  } else {
    fmt::print("SKIPPED: {} cases about GPUs: cudnn and cuda_eager are not built\n", gpu_cases().size());
  }
  if (!std::filesystem::is_directory(SPEC_VERL)) {
    fmt::print("SKIPPED: {} cases of VERL's command lines: '{}' is not there\n", cases.size(), SPEC_VERL);
    return kSkipped;
  }
  size_t failed = 0;
  for (const Case& the_case : cases) {
    const Outcome trained = run_program(
        SPEC_PPO_TRAINER, joined({"--check-only", "--config-path", SPEC_VERL, "--job-name", "app"}, the_case.words));
    Words spec_words = {"resolve", "-cp", SPEC_VERL, "--spec"};
    const bool names_config =
        std::find(the_case.words.begin(), the_case.words.end(), "--config-name") != the_case.words.end();
    if (!names_config) spec_words = joined(spec_words, {"-cn", "ppo_trainer"});
    const Outcome resolved = run_program(SPEC_CFGTOOL, joined(spec_words, the_case.words));
    const bool holds = check(the_case, "ppo_trainer", trained, the_case.trainer_prints) &&
                       check(the_case, "cfgtool resolve --spec", resolved, the_case.spec_prints);
    failed += holds ? 0 : 1;
  }
  fmt::print("{} of {} cases of VERL's command lines hold\n", cases.size() - failed, cases.size());
  return failed == 0 ? 0 : 1;
}
