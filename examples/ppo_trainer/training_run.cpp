#include "training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "metrics.hpp"
#include "settings.hpp"
#include "trainer.hpp"

namespace ppo_trainer {

namespace {

namespace attention = cfgtool::attention;

RoleChoices choices_by_name(const std::vector<attention::RoleChoice>& choices) {
  const auto find = [&](const char* name) {
    const auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& one) { return one.role == name; });
    return found == choices.end() ? nullptr : &*found;
  };
  return {find("actor"), find("rollout"), find("ref"), find("critic")};
}

/// `trainer.logger` names where VERL sends its metrics; here they go to the log and to metrics.jsonl.
void warn_of_other_loggers(const cfgtool::Job& job) {
  for (const std::string& name : job.config.get_or<std::vector<std::string>>("trainer.logger", {})) {
    if (name != "console" && name != "file")
      job.log.warning(fmt::format("trainer.logger: '{}' is not known here and gets nothing", name));
  }
}

void announce(const cfgtool::Job& job, const Settings& settings) {
  job.log.info(fmt::format(
      "policy: {:.0f} parameters, critic: {:.0f}; {} prompts of {} letters of '{}', each to be "
      "answered by its last {} in reverse",
      settings.policy_model.parameter_count(), settings.critic_model.parameter_count(), settings.task.train_samples,
      settings.task.prompt_length, settings.task.alphabet, settings.task.response_length));
  job.log.info(fmt::format("{} steps of {} prompts with {} answers each", settings.total_steps,
                           settings.train_batch_size, settings.answers));
}

/// Of the first and the last tenth of all steps.
class RewardTrend {
 public:
  void add(double reward) { rewards_.push_back(reward); }
  double first() const { return mean(0); }
  double last() const { return mean(rewards_.size() - share()); }
  size_t share() const { return std::max<size_t>(rewards_.size() / 10, 1); }

 private:
  double mean(size_t begin) const {
    double sum = 0;
    for (size_t i = begin; i < begin + share(); ++i)
      sum += rewards_[i];
    return sum / static_cast<double>(share());
  }
  std::vector<double> rewards_;
};

}  // namespace

void run_training(const cfgtool::Job& job, const cfgtool::AttentionSpec& spec,
                  const std::vector<attention::RoleChoice>& choices, std::shared_ptr<ThreadPool> pool) {
  const Settings settings = read_settings(job.config, spec);
  Trainer trainer(settings, choices_by_name(choices), std::move(pool));
  warn_of_other_loggers(job);
  announce(job, settings);
  MetricsFile file(job.output_dir + "/metrics.jsonl");
  RewardTrend trend;
  Stopwatch watch;
  {
    Progress progress(job.log, settings.total_steps);
    for (int64_t step = 1; step <= settings.total_steps; ++step) {
      const Metrics metrics = trainer.step();
      file.write(metrics);
      trend.add(metrics.get("critic/score/mean"));
      progress.show(step, metrics);
    }
  }
  const double seconds = watch.lap();
  const Validation validation = trainer.validate();
  job.log.info(fmt::format("{} steps in {:.1f} s: reward {:.3f} in the first {}, {:.3f} in the last",
                           settings.total_steps, seconds, trend.first(), trend.share(), trend.last()));
  job.log.info(fmt::format("{} prompts that were not trained on: {:.1f} % of the letters right, such as {} -> {}",
                           settings.task.val_samples, 100 * validation.right, validation.prompt, validation.answer));
  job.log.info(fmt::format("metrics: {}", file.path()));
}

}  // namespace ppo_trainer
