/// \file
/// The text that is learnt: a prompt of random letters, and an answer that should be its last letters in reverse. Each
/// letter of the answer stands at another distance from the one that it repeats, so that nothing but attention finds
/// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ppo_trainer {

using Tokens = std::vector<int32_t>;

struct TaskSettings {
  std::string alphabet;  ///< one letter for each token
  int64_t prompt_length = 0;
  int64_t response_length = 0;  ///< at most prompt_length
  int64_t train_samples = 0, val_samples = 0;
  uint64_t seed = 0;
};

class ReverseTask {
 public:
  /// Draws all prompts from the seed.
  explicit ReverseTask(const TaskSettings& settings);

  const TaskSettings& settings() const { return settings_; }
  int64_t vocabulary() const { return static_cast<int64_t>(settings_.alphabet.size()); }
  const std::vector<Tokens>& train_prompts() const { return train_; }
  /// None of them is a training prompt, unless the alphabet is too small for that.
  const std::vector<Tokens>& val_prompts() const { return val_; }

  /// Whether the letter is the right one at that place (0-based) of the answer. \param prompt prompt_length tokens
  bool is_right(const int32_t* prompt, int64_t place, int32_t token) const {
    return token == prompt[settings_.prompt_length - 1 - place];
  }
  std::string text(const int32_t* tokens, int64_t count) const;

 private:
  TaskSettings settings_;
  std::vector<Tokens> train_, val_;
};

}  // namespace ppo_trainer
