#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "trainable.hpp"

namespace ppo_trainer {

namespace {

using cfgtool::Config;

template <typename T>
T number(const Config& cfg, const std::string& key, T otherwise, double least, double most) {
  const std::optional<T> value = cfg.find<T>(key);
  if (!value) return otherwise;
  if (!(static_cast<double>(*value) >= least && static_cast<double>(*value) <= most))
    cfg.at(key).refuse(fmt::format("'{}' is {}, expected a number from {} to {}", key, *value, least, most));
  return *value;
}

constexpr double kMostCount = 1e9;

int64_t count(const Config& cfg, const std::string& key, int64_t otherwise, double least = 1) {
  return number<int64_t>(cfg, key, otherwise, least, kMostCount);
}

double share(const Config& cfg, const std::string& key, double otherwise) {
  return number<double>(cfg, key, otherwise, 0, 1);
}

double positive(const Config& cfg, const std::string& key, double otherwise) {
  constexpr double kTiny = 1e-12;
  return number<double>(cfg, key, otherwise, kTiny, 1e12);
}

double not_negative(const Config& cfg, const std::string& key, double otherwise) {
  return number<double>(cfg, key, otherwise, 0, 1e12);
}

/// Refuses a value that VERL knows and this program does not.
void only(const Config& cfg, const std::string& key, const std::vector<std::string>& known) {
  const auto value = cfg.find<std::string>(key);
  if (!value || std::find(known.begin(), known.end(), *value) != known.end()) return;
  cfg.at(key).refuse(fmt::format("'{}' is '{}'; this program knows only {}", key, *value, fmt::join(known, ", ")));
}

KlEstimate kl_type(const Config& cfg, const std::string& key, KlEstimate otherwise) {
  only(cfg, key, {"kl", "k1", "abs", "mse", "k2", "low_var_kl", "k3"});
  const auto name = cfg.find<std::string>(key);
  if (!name) return otherwise;
  if (*name == "kl" || *name == "k1") return KlEstimate::kKl;
  if (*name == "abs") return KlEstimate::kAbs;
  return *name == "mse" || *name == "k2" ? KlEstimate::kMse : KlEstimate::kLowVarKl;
}

void refuse_unknown_choices(const Config& cfg) {
  only(cfg, "data.task", {"reverse"});
  only(cfg, "algorithm.adv_estimator", {"gae"});
  only(cfg, "algorithm.kl_ctrl.type", {"fixed", "adaptive"});
  only(cfg, "actor_rollout_ref.actor.loss_agg_mode", {"token-mean"});
  only(cfg, "actor_rollout_ref.actor.policy_loss.loss_mode", {"vanilla"});
  only(cfg, "critic.loss_agg_mode", {"token-mean"});
  only(cfg, "actor_rollout_ref.actor.optim.optimizer", {"AdamW"});
  only(cfg, "critic.optim.optimizer", {"AdamW"});
  only(cfg, "actor_rollout_ref.actor.optim.lr_scheduler_type", {"constant"});
  only(cfg, "critic.optim.lr_scheduler_type", {"constant"});
  number<double>(cfg, "actor_rollout_ref.rollout.top_p", 1, 1, 1);
  number<int64_t>(cfg, "actor_rollout_ref.rollout.top_k", -1, -1, 0);
}

TaskSettings read_task(const Config& cfg) {
  TaskSettings task;
  task.alphabet = cfg.get_or<std::string>("data.alphabet", "abcdefgh");
  task.prompt_length = count(cfg, "data.max_prompt_length", 8);
  task.response_length = count(cfg, "data.max_response_length", 8);
  task.train_samples = count(cfg, "data.train_max_samples", 1024);
  task.val_samples = count(cfg, "data.val_max_samples", 64);
  task.seed = cfg.get_or<uint64_t>("data.seed", 1);
  std::string letters = task.alphabet;
  std::sort(letters.begin(), letters.end());
  if (letters.size() < 2 || std::adjacent_find(letters.begin(), letters.end()) != letters.end())
    cfg.at("data.alphabet").refuse("'data.alphabet' must have at least two letters, each of them once");
  if (task.response_length > task.prompt_length) {
    cfg.at("data.max_response_length")
        .refuse(fmt::format("an answer of {} letters cannot be the reverse of a prompt of {}", task.response_length,
                            task.prompt_length));
  }
  return task;
}

UpdateSettings read_update(const Config& cfg, const std::string& section, const std::string& engine, double lr,
                           const Settings& settings) {
  UpdateSettings update;
  update.epochs = count(cfg, section + ".ppo_epochs", 1);
  update.seed = cfg.get_or<uint64_t>(engine + ".seed", 42);
  update.optim.lr = not_negative(cfg, section + ".optim.lr", lr);
  update.optim.weight_decay = not_negative(cfg, section + ".optim.weight_decay", 0.01);
  update.optim.grad_clip = positive(cfg, section + ".grad_clip", 1.0);
  update.optim.lr_warmup_steps = count(cfg, section + ".optim.lr_warmup_steps", 0, -1);
  const std::string betas = section + ".optim.betas";
  if (const auto both = cfg.find<std::vector<double>>(betas)) {
    const bool fits =
        both->size() == 2 && std::all_of(both->begin(), both->end(), [](double beta) { return beta >= 0 && beta < 1; });
    if (!fits) cfg.at(betas).refuse(fmt::format("'{}' must be two numbers from 0 to below 1", betas));
    update.optim.beta1 = both->front();
    update.optim.beta2 = both->back();
  }
  const std::string key = section + ".ppo_mini_batch_size";
  const int64_t prompts = count(cfg, key, settings.train_batch_size);
  if (settings.train_batch_size % prompts != 0) {
    cfg.at(key).refuse(fmt::format("data.train_batch_size, {}, is not a multiple of '{}', {}",
                                   settings.train_batch_size, key, prompts));
  }
  update.mini_batch = prompts * settings.answers;
  return update;
}

PolicyLossSettings read_policy(const Config& cfg) {
  const std::string actor = "actor_rollout_ref.actor.";
  PolicyLossSettings policy;
  const double clip_ratio = not_negative(cfg, actor + "clip_ratio", 0.2);
  policy.clip_ratio_low = share(cfg, actor + "clip_ratio_low", std::min(clip_ratio, 1.0));
  policy.clip_ratio_high = not_negative(cfg, actor + "clip_ratio_high", clip_ratio);
  policy.clip_ratio_c = number<double>(cfg, actor + "clip_ratio_c", 3.0, 1, 1e12);
  policy.entropy_coeff = not_negative(cfg, actor + "entropy_coeff", 0);
  policy.use_kl_loss = cfg.get_or(actor + "use_kl_loss", false);
  policy.kl_loss_coef = not_negative(cfg, actor + "kl_loss_coef", 0.001);
  policy.kl_loss_type = kl_type(cfg, actor + "kl_loss_type", KlEstimate::kLowVarKl);
  policy.temperature = positive(cfg, "actor_rollout_ref.rollout.temperature", 1.0);
  return policy;
}

KlInReward read_kl_in_reward(const Config& cfg) {
  KlInReward kl;
  kl.used = cfg.get_or("algorithm.use_kl_in_reward", false);
  kl.estimate = kl_type(cfg, "algorithm.kl_penalty", KlEstimate::kKl);
  kl.coef = not_negative(cfg, "algorithm.kl_ctrl.kl_coef", 0.001);
  kl.adaptive = cfg.get_or<std::string>("algorithm.kl_ctrl.type", "fixed") == "adaptive";
  kl.target = positive(cfg, "algorithm.kl_ctrl.target_kl", 0.1);
  kl.horizon = positive(cfg, "algorithm.kl_ctrl.horizon", 10000);
  return kl;
}

}  // namespace

Settings read_settings(const Config& cfg, const cfgtool::AttentionSpec& spec) {
  refuse_unknown_choices(cfg);
  Settings settings;
  settings.train_batch_size = count(cfg, "data.train_batch_size", 16);
  settings.answers = count(cfg, "actor_rollout_ref.rollout.n", 1);
  settings.policy = read_policy(cfg);
  settings.kl_in_reward = read_kl_in_reward(cfg);
  refuse_what_cannot_be_trained(cfg, spec, settings.needs_reference());

  settings.task = read_task(cfg);
  if (settings.task.train_samples < settings.train_batch_size) {
    cfg.at("data.train_batch_size")
        .refuse(fmt::format("there are {} prompts (data.train_max_samples), fewer than one step takes, {}",
                            settings.task.train_samples, settings.train_batch_size));
  }
  settings.shuffle = cfg.get_or("data.shuffle", true);
  settings.rollout_seed = cfg.get_or<uint64_t>("actor_rollout_ref.rollout.seed", 0);
  settings.actor = read_update(cfg, "actor_rollout_ref.actor", "actor_rollout_ref.actor.fsdp_config", 1e-6, settings);
  settings.critic = read_update(cfg, "critic", "critic.model.fsdp_config", 1e-5, settings);
  settings.cliprange_value = positive(cfg, "critic.cliprange_value", 0.5);
  settings.gamma = share(cfg, "algorithm.gamma", 1.0);
  settings.lam = share(cfg, "algorithm.lam", 1.0);
  settings.critic_warmup = count(cfg, "trainer.critic_warmup", 0, 0);
  settings.total_epochs = count(cfg, "trainer.total_epochs", 1);
  const int64_t steps_of_epoch = settings.task.train_samples / settings.train_batch_size;
  settings.total_steps = count(cfg, "trainer.total_training_steps", steps_of_epoch * settings.total_epochs);

  const auto vocabulary = static_cast<int64_t>(settings.task.alphabet.size());
  settings.policy_model = model_sizes(cfg, spec, "actor", vocabulary, vocabulary);
  settings.critic_model = model_sizes(cfg, spec, "critic", vocabulary, 1);
  refuse_what_takes_too_long(cfg, settings);
  return settings;
}

}  // namespace ppo_trainer
