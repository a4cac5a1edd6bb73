#include "reverse_task.hpp"

#include <random>
#include <set>

namespace ppo_trainer {

ReverseTask::ReverseTask(const TaskSettings& settings) : settings_(settings) {
  std::mt19937_64 random(settings.seed);
  const auto draw = [&] {
    Tokens prompt(static_cast<size_t>(settings_.prompt_length));
    for (int32_t& token : prompt)
      token = static_cast<int32_t>(random() % settings_.alphabet.size());
    return prompt;
  };
  for (int64_t i = 0; i < settings.train_samples; ++i)
    train_.push_back(draw());
  const std::set<Tokens> seen(train_.begin(), train_.end());
  constexpr int kTries = 100;
  for (int64_t i = 0; i < settings.val_samples; ++i) {
    Tokens prompt = draw();
    for (int tries = 0; tries < kTries && seen.contains(prompt); ++tries)
      prompt = draw();
    val_.push_back(std::move(prompt));
  }
}

std::string ReverseTask::text(const int32_t* tokens, int64_t count) const {
  std::string letters;
  for (int64_t i = 0; i < count; ++i)
    letters += settings_.alphabet[static_cast<size_t>(tokens[i])];
  return letters;
}

}  // namespace ppo_trainer
