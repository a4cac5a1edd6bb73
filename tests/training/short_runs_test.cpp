// Trainings of a few steps: they can be repeated, their keys matter, and they leave whole lines when killed.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/training/training_run.hpp"

namespace cfgtool::test {

TEST_CASE("equal seeds give equal metrics, other seeds give others") {
  const std::vector<std::string> words = {"trainer.total_training_steps=4"};
  const TrainingRun first = run_training(words);
  const TrainingRun second = run_training(words);
  REQUIRE(first.metrics.size() == 4);
  REQUIRE(second.metrics.size() == 4);
  for (size_t step = 0; step < 4; ++step)
    CHECK(without_times(first.metrics[step]) == without_times(second.metrics[step]));
  for (const char* seed : {"data.seed=2", "actor_rollout_ref.actor.fsdp_config.seed=7",
                           "critic.model.fsdp_config.seed=7", "actor_rollout_ref.rollout.seed=3"}) {
    CAPTURE(seed);
    const TrainingRun other = run_training({words[0], seed});
    REQUIRE(other.metrics.size() == 4);
    CHECK(without_times(other.metrics[3]) != without_times(first.metrics[3]));
  }
}

TEST_CASE("the coefficients of VERL's keys arrive") {
  const std::string three = "trainer.total_training_steps=3";
  const TrainingRun plain = run_training({three});
  REQUIRE(plain.metrics.size() == 3);
  CHECK(plain.metric(0, "actor/lr") == doctest::Approx(2e-3));
  CHECK(plain.metric(0, "actor/kl_coef") == doctest::Approx(1e-3));
  for (const char* word :
       {"actor_rollout_ref.actor.clip_ratio=0.0001", "algorithm.gamma=0.5", "algorithm.lam=0.1",
        "actor_rollout_ref.actor.entropy_coeff=0.5", "actor_rollout_ref.actor.kl_loss_coef=2.0",
        "+actor_rollout_ref.actor.kl_loss_type=mse", "actor_rollout_ref.actor.grad_clip=0.001",
        "actor_rollout_ref.actor.ppo_epochs=2", "actor_rollout_ref.actor.ppo_mini_batch_size=16",
        "actor_rollout_ref.rollout.temperature=2.0", "actor_rollout_ref.rollout.n=2", "critic.cliprange_value=0.001",
        "critic.optim.lr=1e-4", "algorithm.use_kl_in_reward=true", "+trainer.critic_warmup=3"}) {
    CAPTURE(word);
    const TrainingRun other = run_training({three, word});
    CAPTURE(other.outcome.errors);
    CHECK(other.outcome.exit_code == 0);
    REQUIRE(other.metrics.size() == 3);
    CHECK(without_times(other.metrics[2]) != without_times(plain.metrics[2]));
  }
  const TrainingRun warm = run_training({three, "+trainer.critic_warmup=2"});
  CHECK_FALSE(warm.metrics.at(0).contains("actor/pg_loss"));
  CHECK(warm.metrics.at(1).contains("actor/pg_loss"));
  const TrainingRun adaptive =
      run_training({three, "algorithm.use_kl_in_reward=true", "algorithm.kl_ctrl.type=adaptive"});
  CHECK(adaptive.metric(0, "actor/reward_kl_penalty_coeff") == doctest::Approx(1e-3));
  CHECK(adaptive.metric(2, "actor/reward_kl_penalty_coeff") < 1e-3);
}

TEST_CASE("all types that the plugins compute in can train") {
  for (const char* dtype : {"bfloat16", "float16"}) {
    CAPTURE(dtype);
    std::vector<std::string> words = {"trainer.total_training_steps=3"};
    for (const char* key : {"actor_rollout_ref.actor.fsdp_config.dtype", "actor_rollout_ref.ref.fsdp_config.dtype",
                            "actor_rollout_ref.rollout.dtype", "critic.model.fsdp_config.dtype"})
      words.push_back(std::string(key) + "=" + dtype);
    const TrainingRun eager = run_training_with("eager", words);
    const TrainingRun sdpa = run_training_with("sdpa", words);
    CHECK(eager.outcome.exit_code == 0);
    REQUIRE(eager.metrics.size() == 3);
    REQUIRE(sdpa.metrics.size() == 3);
    // The first step begins with the same weights, and differs by 16-bit rounding alone.
    CHECK(std::fabs(eager.metric(0, "critic/vf_loss") - sdpa.metric(0, "critic/vf_loss")) < 1e-3);
    CHECK(std::fabs(eager.metric(0, "actor/entropy") - sdpa.metric(0, "actor/entropy")) < 1e-3);
  }
}

TEST_CASE("a run that is killed leaves whole lines") {
  const TrainingRun run = run_and_kill(2, {"trainer.total_training_steps=100000"});
  CHECK(run.outcome.exit_code != 0);
  REQUIRE_FALSE(run.metrics_text.empty());
  CHECK(run.metrics_text.back() == '\n');
  CHECK(run.metrics.back()["training/global_step"] == run.metrics.size());
}

}  // namespace cfgtool::test
