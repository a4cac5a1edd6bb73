// Whole trainings: they learn, and eager and sdpa train to the same losses.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/training/training_run.hpp"

namespace cfgtool::test {

namespace {

/// Until here no sampled letter hangs on the last digits, by which the two implementations differ. Later one does, and
/// from then on the two learn from other answers.
constexpr size_t kComparedSteps = 20;
constexpr double kLossTolerance = 1e-5;
/// Of the reward, from then on, as a mean of four steps.
constexpr double kRewardTolerance = 0.15;
constexpr size_t kLearningSteps = 72;

/// Trained once for all tests.
const TrainingRun& learnt(const std::string& implementation) {
  static const std::vector<std::string> words = {"trainer.total_training_steps=" + std::to_string(kLearningSteps)};
  static const TrainingRun eager = run_training_with("eager", words);
  static const TrainingRun sdpa = run_training_with("sdpa", words);
  return implementation == "eager" ? eager : sdpa;
}

}  // namespace

TEST_CASE("the reward rises from chance to nearly all letters, with both implementations") {
  for (const char* implementation : {"eager", "sdpa"}) {
    const TrainingRun& run = learnt(implementation);
    CAPTURE(implementation);
    CAPTURE(run.outcome.output);
    CAPTURE(run.outcome.errors);
    CHECK(run.outcome.exit_code == 0);
    CHECK(run.outcome.errors.empty());
    REQUIRE(run.metrics.size() == kLearningSteps);
    CHECK(run.mean(0, 5, "critic/score/mean") < 0.2);  // one letter in eight is right by chance
    CHECK(run.mean(kLearningSteps - 5, kLearningSteps, "critic/score/mean") > 0.9);
    CHECK(run.mean(kLearningSteps - 5, kLearningSteps, "critic/vf_explained_var") > 0.8);
    CHECK(run.outcome.prints(std::string("\nactor    ") + implementation));
    CHECK(run.outcome.prints("prompts that were not trained on"));
    CHECK(run.log.find("step 72/72: reward ") != std::string::npos);
    CHECK_FALSE(run.outcome.prints("\033"));
    CHECK_FALSE(run.outcome.prints("\r"));
  }
}

TEST_CASE("eager and sdpa train to the same losses, step by step") {
  const TrainingRun& eager = learnt("eager");
  const TrainingRun& sdpa = learnt("sdpa");
  REQUIRE(eager.metrics.size() > kComparedSteps);
  REQUIRE(sdpa.metrics.size() > kComparedSteps);
  for (size_t step = 0; step < kComparedSteps; ++step) {
    CAPTURE(step);
    CHECK(eager.metric(step, "critic/score/mean") == sdpa.metric(step, "critic/score/mean"));
    for (const char* loss : {"actor/loss", "actor/pg_loss", "actor/kl_loss", "critic/vf_loss", "actor/entropy"}) {
      CAPTURE(loss);
      CHECK(std::fabs(eager.metric(step, loss) - sdpa.metric(step, loss)) < kLossTolerance);
    }
  }
  // Afterwards both learn at the same pace.
  for (size_t step = kComparedSteps; step + 4 <= kLearningSteps; step += 4) {
    CAPTURE(step);
    const double difference =
        eager.mean(step, step + 4, "critic/score/mean") - sdpa.mean(step, step + 4, "critic/score/mean");
    CHECK(std::fabs(difference) < kRewardTolerance);
  }
  // They are two implementations: not all digits are the same.
  CHECK(without_times(eager.metrics[kComparedSteps]) != without_times(sdpa.metrics[kComparedSteps]));
}

}  // namespace cfgtool::test
