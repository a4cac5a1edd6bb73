#include "trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "ppo_loss.hpp"
#include "sampler.hpp"

namespace ppo_trainer {

namespace {

/// The letters of the answers are said by the positions before them.
OutputRange answer_range(const TaskSettings& task) {
  return {task.prompt_length - 1, task.response_length};
}

/// The part-th stretch of `size` elements.
Tokens part_of(const Tokens& all, size_t part, size_t size) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(part * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

Floats slice(const Floats& all, size_t begin, size_t count) {
  if (all.empty()) return {};
  return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(begin + count)};
}

void append(Floats& all, const Floats& part) {
  all.insert(all.end(), part.begin(), part.end());
}

double mean(const Floats& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(const Floats& values) {
  const double middle = mean(values);
  double sum = 0;
  for (const float value : values)
    sum += std::pow(static_cast<double>(value) - middle, 2);
  return sum / std::max(static_cast<double>(values.size()) - 1, 1.0);
}

/// Sums of `length` letters each: what an answer got.
Floats by_answer(const Floats& values, int64_t length) {
  const auto step = static_cast<size_t>(length);
  Floats sums(values.size() / step);
  for (size_t i = 0; i < values.size(); ++i)
    sums[i / step] += values[i];
  return sums;
}

/// Means over mini-batches, in the order in which the names were first seen.
class Means {
 public:
  void add(const char* name, double value) {
    const auto found = std::find_if(sums_.begin(), sums_.end(), [&](const auto& sum) { return sum.first == name; });
    auto& [sum, count] = found == sums_.end() ? sums_.emplace_back(name, std::pair(0.0, 0)).second : found->second;
    sum += value;
    ++count;
  }
  void move_to(Metrics& metrics) const {
    for (const auto& [name, sum] : sums_)
      metrics.set(name, sum.first / sum.second);
  }

 private:
  std::vector<std::pair<std::string, std::pair<double, int>>> sums_;
};

double checked_step(AdamW& optimizer, Transformer& model, const char* name, int64_t step) {
  const double norm = optimizer.step(model.parameters());
  if (!std::isfinite(norm))
    throw std::runtime_error(fmt::format("the gradient of the {} is not finite in step {}", name, step));
  return norm;
}

}  // namespace

Trainer::Trainer(const Settings& settings, const RoleChoices& choices, std::shared_ptr<ThreadPool> pool)
    : settings_(settings),
      pool_(std::move(pool)),
      task_(settings.task),
      actor_(settings.policy_model, settings.actor.seed),
      reference_(actor_),
      critic_(settings.critic_model, settings.critic.seed),
      actor_optimizer_(settings.actor.optim, actor_.parameters()),
      critic_optimizer_(settings.critic.optim, critic_.parameters()),
      actor_attention_(*choices.actor, settings.actor.mini_batch, pool_),
      critic_attention_(*choices.critic, settings.critic.mini_batch, pool_),
      ref_attention_(settings.needs_reference()
                         ? std::make_unique<RoleAttention>(*choices.ref, settings.actor.mini_batch, pool_)
                         : nullptr),
      rollout_attention_(*choices.rollout, settings.sequences(), settings.task.prompt_length,
                         settings.policy_model.layers, pool_),
      validation_attention_(*choices.rollout, settings.task.val_samples, settings.task.prompt_length,
                            settings.policy_model.layers, pool_),
      sampling_(settings.rollout_seed),
      shuffling_(settings.task.seed),
      order_(task_.train_prompts().size()),
      next_(order_.size()),
      kl_coef_(settings.kl_in_reward.coef) {
  std::iota(order_.begin(), order_.end(), size_t{0});
}

/// Each prompt as often as there will be answers to it. What is left of an epoch and is no whole batch is passed over.
Tokens Trainer::next_prompts() {
  const auto wanted = static_cast<size_t>(settings_.train_batch_size);
  if (next_ + wanted > order_.size()) {
    for (size_t i = order_.size(); settings_.shuffle && i > 1; --i)
      std::swap(order_[i - 1], order_[shuffling_() % i]);
    next_ = 0;
    ++epoch_;
  }
  Tokens prompts;
  for (size_t i = 0; i < wanted; ++i) {
    const Tokens& prompt = task_.train_prompts()[order_[next_++]];
    for (int64_t answer = 0; answer < settings_.answers; ++answer)
      prompts.insert(prompts.end(), prompt.begin(), prompt.end());
  }
  return prompts;
}

void Trainer::score(Experience& experience) const {
  const auto prompt = static_cast<size_t>(settings_.task.prompt_length);
  const auto response = static_cast<size_t>(settings_.task.response_length);
  const size_t length = prompt + response;
  for (size_t at = 0; at < experience.sequences.size(); at += length) {
    for (size_t i = 0; i < response; ++i) {
      const int32_t token = experience.sequences[at + prompt + i];
      experience.answers.push_back(token);
      const bool right = task_.is_right(&experience.sequences[at], static_cast<int64_t>(i), token);
      experience.scores.push_back(right ? 1.0F / static_cast<float>(response) : 0.0F);
    }
  }
}

Trainer::Experience Trainer::gather(Metrics& metrics, Stopwatch& watch) {
  const TaskSettings& task = settings_.task;
  Experience experience;
  experience.sequences = sample_answers(actor_, rollout_attention_, *pool_, next_prompts(), task.prompt_length,
                                        task.response_length, settings_.policy.temperature, sampling_);
  metrics.set("timing_s/gen", watch.lap());
  score(experience);
  metrics.set("timing_s/reward", watch.lap());

  Transformer::Tape tape;
  const auto letters = [&](int64_t sequences) { return static_cast<size_t>(sequences * task.response_length); };
  const auto tokens = [&](int64_t sequences) {
    return static_cast<size_t>(sequences * (task.prompt_length + task.response_length));
  };
  const int64_t mini = settings_.actor.mini_batch;
  Floats entropy;
  const auto parts = static_cast<size_t>(settings_.sequences() / mini);
  const auto statistics_of = [&](const Transformer& model, RoleAttention& attention, size_t part) {
    const Floats logits =
        model.forward(attention, *pool_, part_of(experience.sequences, part, tokens(mini)), answer_range(task), tape);
    return token_statistics(logits, part_of(experience.answers, part, letters(mini)), settings_.policy.temperature);
  };
  // The rollout may compute in another type: what the policy learns from are the actor's own probabilities.
  for (size_t part = 0; part < parts; ++part) {
    const TokenStatistics statistics = statistics_of(actor_, actor_attention_, part);
    append(experience.old_log_prob, statistics.log_prob);
    append(entropy, statistics.entropy);
  }
  experience.entropy = mean(entropy);
  metrics.set("timing_s/old_log_prob", watch.lap());
  for (size_t part = 0; ref_attention_ && part < parts; ++part)
    append(experience.ref_log_prob, statistics_of(reference_, *ref_attention_, part).log_prob);
  metrics.set("timing_s/ref", watch.lap());

  const int64_t critic_mini = settings_.critic.mini_batch;
  for (size_t part = 0; part < static_cast<size_t>(settings_.sequences() / critic_mini); ++part) {
    append(experience.values,
           critic_.forward(critic_attention_, *pool_, part_of(experience.sequences, part, tokens(critic_mini)),
                           answer_range(task), tape));
  }
  metrics.set("timing_s/values", watch.lap());
  return experience;
}

/// rewards = scores - kl_coef * kl, where the configuration wants that.
void Trainer::penalize(Experience& experience, Metrics& metrics) {
  const KlInReward& kl = settings_.kl_in_reward;
  experience.rewards = experience.scores;
  if (!kl.used) return;
  double sum = 0;
  for (size_t i = 0; i < experience.rewards.size(); ++i) {
    const double one = kl_estimate(kl.estimate, static_cast<double>(experience.old_log_prob[i]),
                                   static_cast<double>(experience.ref_log_prob[i]));
    experience.rewards[i] -= static_cast<float>(kl_coef_ * one);
    sum += one;
  }
  const double current = sum / static_cast<double>(experience.rewards.size());
  metrics.set("actor/reward_kl_penalty", current);
  metrics.set("actor/reward_kl_penalty_coeff", kl_coef_);
  if (!kl.adaptive) return;
  constexpr double kMostChange = 0.2;
  const double error = std::clamp(current / kl.target - 1, -kMostChange, kMostChange);
  kl_coef_ *= 1 + error * static_cast<double>(settings_.sequences()) / kl.horizon;
}

void Trainer::update_critic(const Experience& experience, Metrics& metrics) {
  const UpdateSettings& update = settings_.critic;
  const auto letters = static_cast<size_t>(update.mini_batch * settings_.task.response_length);
  const size_t tokens = static_cast<size_t>(update.mini_batch * settings_.critic_model.positions);
  const size_t parts = experience.values.size() / letters;
  Transformer::Tape tape;
  Means means;
  for (size_t i = 0; i < parts * static_cast<size_t>(update.epochs); ++i) {
    const size_t part = i % parts;
    critic_.clear_gradients();
    const Floats values = critic_.forward(critic_attention_, *pool_, part_of(experience.sequences, part, tokens),
                                          answer_range(settings_.task), tape);
    const ValueLoss loss =
        value_loss(settings_.cliprange_value, values, slice(experience.values, part * letters, letters),
                   slice(experience.returns, part * letters, letters));
    critic_.backward(critic_attention_, *pool_, tape, loss.d_values);
    means.add("critic/vf_loss", loss.vf_loss);
    means.add("critic/vf_clipfrac", loss.vf_clipfrac);
    means.add("critic/vpred_mean", loss.vpred_mean);
    means.add("critic/lr", critic_optimizer_.lr());
    means.add("critic/grad_norm", checked_step(critic_optimizer_, critic_, "critic", steps_));
  }
  means.move_to(metrics);
}

void Trainer::update_actor(const Experience& experience, Metrics& metrics) {
  const UpdateSettings& update = settings_.actor;
  const auto letters = static_cast<size_t>(update.mini_batch * settings_.task.response_length);
  const size_t tokens = static_cast<size_t>(update.mini_batch * settings_.policy_model.positions);
  const size_t parts = experience.values.size() / letters;
  Transformer::Tape tape;
  Means means;
  for (size_t i = 0; i < parts * static_cast<size_t>(update.epochs); ++i) {
    const size_t part = i % parts;
    actor_.clear_gradients();
    const Floats logits = actor_.forward(actor_attention_, *pool_, part_of(experience.sequences, part, tokens),
                                         answer_range(settings_.task), tape);
    const PolicySamples samples{
        part_of(experience.answers, part, letters), slice(experience.old_log_prob, part * letters, letters),
        slice(experience.advantage, part * letters, letters), slice(experience.ref_log_prob, part * letters, letters)};
    const PolicyLoss loss = policy_loss(settings_.policy, logits, samples);
    actor_.backward(actor_attention_, *pool_, tape, loss.d_logits);
    means.add("actor/loss", loss.loss);
    means.add("actor/pg_loss", loss.pg_loss);
    means.add("actor/pg_clipfrac", loss.pg_clipfrac);
    means.add("actor/pg_clipfrac_lower", loss.pg_clipfrac_lower);
    means.add("actor/ppo_kl", loss.ppo_kl);
    if (settings_.policy.use_kl_loss) {
      means.add("actor/kl_loss", loss.kl_loss);
      means.add("actor/kl_coef", settings_.policy.kl_loss_coef);
    }
    means.add("actor/lr", actor_optimizer_.lr());
    means.add("actor/grad_norm", checked_step(actor_optimizer_, actor_, "actor", steps_));
  }
  means.move_to(metrics);
}

void Trainer::note_experience(const Experience& experience, Metrics& metrics) const {
  const int64_t length = settings_.task.response_length;
  metrics.set("actor/entropy", experience.entropy);
  metrics.set_summary("critic/score", by_answer(experience.scores, length));
  metrics.set_summary("critic/rewards", by_answer(experience.rewards, length));
  metrics.set_summary("critic/advantages", experience.advantage);
  metrics.set_summary("critic/returns", experience.returns);
  metrics.set_summary("critic/values", experience.values);
  Floats errors(experience.returns.size());
  for (size_t i = 0; i < errors.size(); ++i)
    errors[i] = experience.returns[i] - experience.values[i];
  metrics.set("critic/vf_explained_var", 1 - variance(errors) / (variance(experience.returns) + 1e-5));
  metrics.set("prompt_length/mean", static_cast<double>(settings_.task.prompt_length));
  metrics.set("response_length/mean", static_cast<double>(length));
}

Metrics Trainer::step() {
  Stopwatch whole;
  Stopwatch watch;
  Metrics metrics;
  ++steps_;
  metrics.set("training/global_step", static_cast<double>(steps_));
  Metrics timing;
  Experience experience = gather(timing, watch);
  metrics.set("training/epoch", static_cast<double>(epoch_ - 1));
  penalize(experience, metrics);
  Advantages advantages =
      gae(experience.rewards, experience.values, settings_.task.response_length, settings_.gamma, settings_.lam);
  experience.advantage = std::move(advantages.advantage);
  experience.returns = std::move(advantages.returns);
  timing.set("timing_s/adv", watch.lap());
  update_critic(experience, metrics);
  timing.set("timing_s/update_critic", watch.lap());
  // VERL lets the critic learn alone at first.
  if (steps_ >= settings_.critic_warmup) update_actor(experience, metrics);
  timing.set("timing_s/update_actor", watch.lap());
  note_experience(experience, metrics);
  const double seconds = whole.lap();
  timing.set("timing_s/step", seconds);
  const auto tokens = static_cast<double>(experience.sequences.size());
  metrics.set("perf/total_num_tokens", tokens);
  timing.set("perf/throughput", tokens / seconds);
  metrics.append(timing);
  return metrics;
}

Validation Trainer::validate() {
  const TaskSettings& task = settings_.task;
  Tokens prompts;
  for (const Tokens& prompt : task_.val_prompts())
    prompts.insert(prompts.end(), prompt.begin(), prompt.end());
  Experience experience;
  experience.sequences = sample_answers(actor_, validation_attention_, *pool_, prompts, task.prompt_length,
                                        task.response_length, 0, sampling_);
  score(experience);
  Validation result;
  result.right = mean(by_answer(experience.scores, task.response_length));
  result.prompt = task_.text(experience.sequences.data(), task.prompt_length);
  result.answer = task_.text(experience.sequences.data() + task.prompt_length, task.response_length);
  return result;
}

}  // namespace ppo_trainer
