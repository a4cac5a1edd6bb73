/// \file
/// PPO: a policy writes answers, a critic says how good it expects them to become, and both learn from what came of it.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "metrics.hpp"
#include "reverse_task.hpp"
#include "role_attention.hpp"
#include "settings.hpp"
#include "transformer.hpp"

namespace ppo_trainer {

/// The plugins' choices; each must have chosen one. `ref` may be null where no reference is needed.
struct RoleChoices {
  const cfgtool::attention::RoleChoice* actor = nullptr;
  const cfgtool::attention::RoleChoice* rollout = nullptr;
  const cfgtool::attention::RoleChoice* ref = nullptr;
  const cfgtool::attention::RoleChoice* critic = nullptr;
};

struct Validation {
  double right = 0;            ///< the share of letters
  std::string prompt, answer;  ///< an example
};

/// All functions throw cfgtool::attention::KernelError.
class Trainer {
 public:
  /// Makes all kernels, so that what cannot run does not begin to.
  Trainer(const Settings& settings, const RoleChoices& choices, std::shared_ptr<ThreadPool> pool);

  /// One step: answers, advantages, updates of critic and policy. \throws std::runtime_error if a gradient is not
  /// finite
  Metrics step();
  /// The likeliest answers to prompts that the training does not have.
  Validation validate();

 private:
  /// A step's answers and what was found out about them; one element for each letter of the answers.
  struct Experience {
    Tokens sequences;  ///< prompts with their answers
    Tokens answers;
    Floats old_log_prob, ref_log_prob, values, scores, rewards;
    Floats advantage, returns;
    double entropy = 0;
  };

  Tokens next_prompts();
  Experience gather(Metrics& metrics, Stopwatch& watch);
  void score(Experience& experience) const;
  void penalize(Experience& experience, Metrics& metrics);
  void update_critic(const Experience& experience, Metrics& metrics);
  void update_actor(const Experience& experience, Metrics& metrics);
  void note_experience(const Experience& experience, Metrics& metrics) const;

  Settings settings_;
  std::shared_ptr<ThreadPool> pool_;
  ReverseTask task_;
  Transformer actor_, reference_, critic_;
  AdamW actor_optimizer_, critic_optimizer_;
  RoleAttention actor_attention_, critic_attention_;
  std::unique_ptr<RoleAttention> ref_attention_;
  CachedAttention rollout_attention_, validation_attention_;
  std::mt19937_64 sampling_, shuffling_;
  std::vector<size_t> order_;  ///< of the prompts in this epoch
  size_t next_ = 0;
  int64_t epoch_ = 0;
  int64_t steps_ = 0;
  double kl_coef_;
};

}  // namespace ppo_trainer
