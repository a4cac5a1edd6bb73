// What stops before the first step, and with which words.
#include <doctest/doctest.h>

#include "tests/training/training_run.hpp"

namespace cfgtool::test {

namespace {

constexpr const char* kPolicy = "actor_rollout_ref.model.override_config.";

void check_stops(const TrainingRun& run, int exit_code) {
  CAPTURE(run.outcome.output);
  CAPTURE(run.outcome.errors);
  CHECK(run.outcome.exit_code == exit_code);
  CHECK_FALSE(run.outcome.prints("step 1/"));
  CHECK(run.metrics_text.empty());
}

}  // namespace

TEST_CASE("an implementation that is unknown or not there stops the training, with the reasons") {
  const TrainingRun unknown = run_training_with("flash_attention_9", {});
  check_stops(unknown, 3);
  CHECK(unknown.outcome.complains("there is no attention implementation 'flash_attention_9'"));
  const TrainingRun absent = run_training_with("flash_attention_2", {});
  check_stops(absent, 3);
  // Where cuDNN was found when this was built, a plugin provides it, though not on the CPU.
  const bool is_told = absent.outcome.complains("no attention plugin provides flash_attention_2") ||
                       absent.outcome.complains("plugins provide flash_attention_2 on cuda only");
  CHECK(is_told);
  CHECK(absent.outcome.complains("note: supported here for these sizes: "));
  CHECK(absent.outcome.complains("try: "));
}

TEST_CASE("a head dimension that the implementation does not compute stops the training") {
  const TrainingRun run = run_training_with("sdpa", {std::string(kPolicy) + "head_dim=2048"});
  check_stops(run, 3);
  CHECK(run.outcome.complains("head_dim 2048 or 2048 is larger than 1024"));
  CHECK(run.outcome.prints("\nactor    sdpa       refused"));
  CHECK(run.outcome.prints("\ncritic   sdpa       cpu_flash"));
}

TEST_CASE("a type that the implementation does not compute in stops the training") {
  for (const char* implementation : {"eager", "sdpa"}) {
    for (const char* dtype : {"float8_e4m3fn", "int8"}) {
      CAPTURE(implementation);
      CAPTURE(dtype);
      const TrainingRun run =
          run_training_with(implementation, {std::string("actor_rollout_ref.actor.fsdp_config.dtype=") + dtype});
      check_stops(run, 3);
      CHECK(run.outcome.complains(std::string("attention implementation ") + implementation +
                                  " is not supported here for actor"));
      CHECK(run.outcome.complains("note: why: "));
    }
  }
}

TEST_CASE("heads that do not fit each other are an error of the configuration") {
  check_stops(run_training({std::string(kPolicy) + "num_key_value_heads=3"}), 1);
}

TEST_CASE("what cannot be trained here is refused with all reasons, and what to type to check it") {
  const struct {
    std::vector<std::string> words;
    const char* reason;
  } rows[] = {
      {{"actor_rollout_ref.model.path=/models/large"}, "actor_rollout_ref.model.path names a model's files"},
      {{"~data.task"}, "data.task does not say what is learnt"},
      {{"critic.model.override_config.hidden_size=null", "+critic.model.override_config.head_dim=16"},
       "critic.model.override_config.hidden_size is not said"},
      {{"~critic"}, "the role critic is not part of the configuration"},
      {{"actor_rollout_ref.rollout.prompt_length=9"}, "sequences of rollout have 17 tokens, those of actor 16"},
      {{std::string(kPolicy) + "hidden_size=4096", std::string(kPolicy) + "num_hidden_layers=32",
        std::string(kPolicy) + "intermediate_size=11008"},
       "one step of these models ("},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.reason));
    const TrainingRun run = run_training(row.words);
    check_stops(run, 1);
    CHECK(run.outcome.complains("error[not-trainable]: this configuration cannot be trained here"));
    CHECK(run.outcome.complains(std::string("note: why: ") + row.reason));
    CHECK(run.outcome.complains("try: --check-only"));
  }
}

TEST_CASE("values that do not fit, or that this program does not know, are refused at their place") {
  const struct {
    std::vector<std::string> words;
    const char* message;
  } rows[] = {
      {{"algorithm.adv_estimator=grpo"}, "'algorithm.adv_estimator' is 'grpo'; this program knows only gae"},
      {{"data.task=sort"}, "'data.task' is 'sort'; this program knows only reverse"},
      {{"actor_rollout_ref.rollout.top_p=0.9"}, "'actor_rollout_ref.rollout.top_p' is 0.9"},
      {{"actor_rollout_ref.actor.ppo_mini_batch_size=5"}, "data.train_batch_size, 16, is not a multiple of"},
      {{"data.train_batch_size=4096"}, "fewer than one step takes, 4096"},
      {{"data.max_response_length=9"}, "an answer of 9 letters cannot be the reverse of a prompt of 8"},
      {{"data.alphabet=abca"}, "'data.alphabet' must have at least two letters"},
      {{"algorithm.lam=1.5"}, "'algorithm.lam' is 1.5, expected a number from 0 to 1"},
      {{"actor_rollout_ref.rollout.n=0"}, "'actor_rollout_ref.rollout.n' is 0"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.message));
    const TrainingRun run = run_training(row.words);
    check_stops(run, 1);
    CHECK(run.outcome.complains(row.message));
    CHECK(run.outcome.complains("--> override 1:"));
  }
}

TEST_CASE("a training that diverges ends, and says where") {
  const TrainingRun run = run_training({"actor_rollout_ref.actor.optim.lr=1e12"});
  CAPTURE(run.outcome.errors);
  CHECK(run.outcome.exit_code == 1);
  CHECK(run.outcome.complains("the gradient of the actor is not finite in step "));
}

}  // namespace cfgtool::test
