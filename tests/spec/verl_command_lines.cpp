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
  const std::vector<Case> cases = all_cases(scratch.path().string());
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
