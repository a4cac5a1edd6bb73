// The example program on its own tree: the attention that it chooses and checks. How it trains is in tests/training.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

constexpr const char* kPolicy = "actor_rollout_ref.model.override_config.attn_implementation";
constexpr const char* kCritic = "critic.model.override_config.attn_implementation";

Outcome train(const std::vector<std::string>& words) {
  const ScratchFolder folder;  // of the run folder
  return run_program_in(folder.path(), SPEC_PPO_TRAINER, words);
}

Outcome check_only(std::vector<std::string> words) {
  words.insert(words.begin(), "--check-only");
  return train(words);
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("our own tree is checked: every role is shown, run and checked, in the type that it says") {
  const Outcome outcome =
      check_only({"actor_rollout_ref.actor.fsdp_config.dtype=bfloat16",
                  "actor_rollout_ref.ref.fsdp_config.dtype=bfloat16", "actor_rollout_ref.rollout.dtype=float16"});
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
  for (const char* role : {"\nactor ", "\nrollout ", "\nref ", "\ncritic ", "\nactor: bf16, forward+backward",
                           "\nrollout: fp16, forward,", "\nref: bf16, forward,", "\ncritic: fp32, forward+backward"})
    CHECK(outcome.prints(role));
  CHECK(count(outcome.output, "rows of the softmax sum to 1") == 4);
  CHECK(count(outcome.output, "central differences") == 6);
  CHECK(outcome.prints("all checks hold"));
  CHECK_FALSE(outcome.prints("FAILED"));
  CHECK_FALSE(outcome.prints("step 1/"));
  CHECK_FALSE(outcome.prints("\033"));
  CHECK_FALSE(outcome.prints("*"));
}

TEST_CASE("typed values are shown with the place that says them") {
  const Outcome outcome = check_only({"critic.optim.lr=3e-5", "trainer.total_training_steps=12"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("critic.optim.lr = 3e-05  (override 1:17)"));
  CHECK(outcome.prints("actor/dp_actor.yaml:20:7"));
  CHECK(outcome.prints("2 epochs, 12 steps"));
}

TEST_CASE("a wrong type is refused at its place") {
  const Outcome outcome = train({"algorithm.gamma=often"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.complains("--> override 1:17"));
}

TEST_CASE("a refused role ends with 3, and the others are shown as they would be") {
  const Outcome outcome = train({std::string(kCritic) + "=flash_attention_2"});
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.prints("\ncritic   flash_attention_2  refused"));
  CHECK(outcome.prints("\nactor    eager              eager 1.0.0 on cpu"));
  CHECK_FALSE(outcome.prints("ok "));
  CHECK(outcome.complains("type it in place of override 1, critic.model.override_config.attn_implementation=flash"));
  CHECK(outcome.complains("try: critic.model.override_config.attn_implementation=sdpa"));
}

TEST_CASE("without the keys, the default is refused for every role") {
  const Outcome outcome = train({std::string("~") + kPolicy, std::string("~") + kCritic});
  CHECK(outcome.exit_code == 3);
  CHECK(count(outcome.output, "  refused  ") == 4);
  CHECK(outcome.complains(std::string("try: +") + kPolicy + "=sdpa"));
  CHECK(outcome.complains(std::string("try: +") + kCritic + "=sdpa"));
}

TEST_CASE("a config of one's own may set both keys") {
  const ScratchFolder scratch;
  std::ofstream(scratch.path() / "mine.yaml") << "defaults: [ppo_trainer, _self_]\n"
                                                 "actor_rollout_ref:\n"
                                                 "  model: {override_config: {attn_implementation: eager}}\n"
                                                 "critic: {model: {override_config: {attn_implementation: eager}}}\n";
  const Outcome outcome = check_only({"--config-dir", scratch.path().string(), "--config-name", "mine"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("mine.yaml:3:50"));
  CHECK(outcome.prints("mine.yaml:4:57"));
}

TEST_CASE("sizes that nothing says are marked, and long sequences are cut") {
  const Outcome outcome =
      check_only({"~actor_rollout_ref.model.override_config.num_attention_heads",
                  "~actor_rollout_ref.model.override_config.num_key_value_heads", "data.max_prompt_length=1000"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("32*:32*"));
  CHECK(outcome.prints("* an example"));
  CHECK(outcome.prints("seq 1008"));
  CHECK(outcome.prints("checked with sequences of 64"));
}

TEST_CASE("every type is checked") {
  for (const char* dtype : {"float32", "float16", "bfloat16"}) {
    CAPTURE(dtype);
    const Outcome outcome = check_only({std::string("actor_rollout_ref.actor.fsdp_config.dtype=") + dtype});
    CAPTURE(outcome.output);
    CHECK(outcome.exit_code == 0);
  }
  CHECK(check_only({"actor_rollout_ref.actor.fsdp_config.dtype=int8"}).exit_code == 3);
}

TEST_CASE("a kernel that cannot be run ends with 4") {
  const Outcome outcome = check_only({"actor_rollout_ref.model.override_config.num_attention_heads=200000",
                                      "actor_rollout_ref.model.override_config.head_dim=100000"});
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.complains("error[attention-kernel]"));
  CHECK(outcome.complains("GB of memory"));
}

TEST_CASE("the program has Hydra's flags, and refuses others") {
  CHECK(train({"--help"}).prints("--attention-plugin-path"));
  CHECK(train({"--help"}).prints("--check-only"));
  const Outcome all_flags = train({"--help", "hydra.help.template=$FLAGS_HELP"});
  CHECK(all_flags.prints("--attention-plugin-path"));
  CHECK(!all_flags.prints("Flags of this program"));
  CHECK(train({"--cfg", "job"}).prints("project_name: tiny_ppo"));
  CHECK(train({"--no-such-flag"}).exit_code == 2);
  CHECK(train({"no_such_key=1"}).exit_code == 1);
  CHECK(train({"--config-path", "/no/such/folder"}).exit_code == 1);
}

}  // namespace cfgtool::test
