/// \file
/// What a training reads of its configuration, under VERL's keys.
#pragma once

#include <cstdint>
#include <vector>

#include "adamw.hpp"
#include "config_engine/config.hpp"
#include "ppo_loss.hpp"
#include "reverse_task.hpp"
#include "schemas/attention_spec.hpp"
#include "transformer.hpp"

namespace ppo_trainer {

struct KlInReward {
  bool used = false;
  KlEstimate estimate = KlEstimate::kKl;
  double coef = 0;
  bool adaptive = false;
  double target = 0.1, horizon = 10000;
};

/// How one model is trained.
struct UpdateSettings {
  int64_t epochs = 1;
  int64_t mini_batch = 0;  ///< sequences of one optimizer step
  AdamWSettings optim;
  uint64_t seed = 0;  ///< of its first weights
};

struct Settings {
  TaskSettings task;
  bool shuffle = true;
  int64_t train_batch_size = 0;  ///< prompts of one step
  int64_t answers = 1;           ///< for each prompt
  uint64_t rollout_seed = 0;
  UpdateSettings actor, critic;
  PolicyLossSettings policy;
  double cliprange_value = 0.5;
  double gamma = 1, lam = 1;
  KlInReward kl_in_reward;
  int64_t critic_warmup = 0;
  int64_t total_epochs = 1;
  int64_t total_steps = 0;

  int64_t sequences() const { return train_batch_size * answers; }
  bool needs_reference() const { return policy.use_kl_loss || kl_in_reward.used; }
  ModelSizes policy_model, critic_model;
};

/// \throws cfgtool::ConfigError at the place of a value that is wrong or that this program does not know; of what is
/// too large to be trained here, or says too little, with all reasons and code not-trainable
Settings read_settings(const cfgtool::Config& cfg, const cfgtool::AttentionSpec& spec);

}  // namespace ppo_trainer
