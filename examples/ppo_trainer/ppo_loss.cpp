#include "ppo_loss.hpp"

#include <algorithm>
#include <cmath>

namespace ppo_trainer {

namespace {

// VERL's bounds against overflow.
constexpr double kMostLogRatio = 20;
constexpr double kMostLowVarKl = 10;

/// softmax(logits / temperature) of one token, in double precision.
struct Distribution {
  std::vector<double> log_prob;
  double entropy = 0;

  Distribution(const float* logits, size_t size, double temperature) : log_prob(size) {
    double most = static_cast<double>(logits[0]);
    for (size_t i = 0; i < size; ++i)
      most = std::max(most, static_cast<double>(logits[i]));
    double sum = 0;
    for (size_t i = 0; i < size; ++i) {
      log_prob[i] = (static_cast<double>(logits[i]) - most) / temperature;
      sum += std::exp(log_prob[i]);
    }
    const double log_sum = std::log(sum);
    for (double& value : log_prob) {
      value -= log_sum;
      entropy -= std::exp(value) * value;
    }
  }
};

double kl_slope(KlEstimate type, double log_prob, double ref_log_prob) {
  const double difference = log_prob - ref_log_prob;
  switch (type) {
    case KlEstimate::kKl:
      return 1;
    case KlEstimate::kAbs:
      return difference > 0 ? 1 : (difference < 0 ? -1 : 0);
    case KlEstimate::kMse:
      return difference;
    case KlEstimate::kLowVarKl:
      break;
  }
  const double ratio = std::exp(-difference);
  const bool bounded = std::fabs(difference) > kMostLogRatio || ratio + difference - 1 > kMostLowVarKl;
  return bounded ? 0 : 1 - ratio;
}

struct ClippedTerm {
  double loss = 0;
  double slope = 0;  ///< by the log-probability
  bool clipped = false, clipped_below = false;
};

ClippedTerm clipped_term(const PolicyLossSettings& settings, double log_ratio, double advantage) {
  const double ratio = std::exp(std::clamp(log_ratio, -kMostLogRatio, kMostLogRatio));
  const double plain = -advantage * ratio;
  const double bounded = -advantage * std::clamp(ratio, 1 - settings.clip_ratio_low, 1 + settings.clip_ratio_high);
  ClippedTerm term{std::max(plain, bounded), plain, bounded > plain, false};
  if (term.clipped || std::fabs(log_ratio) > kMostLogRatio) term.slope = 0;
  if (const double most = -advantage * settings.clip_ratio_c; advantage < 0 && term.loss > most) {
    term.loss = most;
    term.slope = 0;
    term.clipped_below = true;
  }
  return term;
}

}  // namespace

TokenStatistics token_statistics(const Floats& logits, const std::vector<int32_t>& tokens, double temperature) {
  const size_t vocabulary = logits.size() / tokens.size();
  TokenStatistics result{Floats(tokens.size()), Floats(tokens.size())};
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Distribution distribution(&logits[i * vocabulary], vocabulary, temperature);
    result.log_prob[i] = static_cast<float>(distribution.log_prob[static_cast<size_t>(tokens[i])]);
    result.entropy[i] = static_cast<float>(distribution.entropy);
  }
  return result;
}

PolicyLoss policy_loss(const PolicyLossSettings& settings, const Floats& logits, const PolicySamples& samples) {
  const size_t count = samples.tokens.size();
  const size_t vocabulary = logits.size() / count;
  PolicyLoss result;
  result.d_logits.resize(logits.size());
  const double weight = 1 / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    const Distribution distribution(&logits[i * vocabulary], vocabulary, settings.temperature);
    const auto token = static_cast<size_t>(samples.tokens[i]);
    const double log_prob = distribution.log_prob[token];
    const double log_ratio = log_prob - static_cast<double>(samples.old_log_prob[i]);
    const ClippedTerm term = clipped_term(settings, log_ratio, static_cast<double>(samples.advantage[i]));
    double slope = term.slope;
    result.pg_loss += weight * term.loss;
    result.pg_clipfrac += term.clipped ? weight : 0;
    result.pg_clipfrac_lower += term.clipped_below ? weight : 0;
    result.ppo_kl -= weight * std::clamp(log_ratio, -kMostLogRatio, kMostLogRatio);
    result.entropy += weight * distribution.entropy;
    if (settings.use_kl_loss) {
      const auto ref_log_prob = static_cast<double>(samples.ref_log_prob[i]);
      result.kl_loss += weight * kl_estimate(settings.kl_loss_type, log_prob, ref_log_prob);
      slope += settings.kl_loss_coef * kl_slope(settings.kl_loss_type, log_prob, ref_log_prob);
    }
    // With z = logits / temperature: d log_prob / dz_j = [j = token] - p_j, d entropy / dz_j = -p_j (log p_j +
    // entropy).
    for (size_t j = 0; j < vocabulary; ++j) {
      const double probability = std::exp(distribution.log_prob[j]);
      double d_z = slope * ((j == token ? 1 : 0) - probability);
      d_z += settings.entropy_coeff * probability * (distribution.log_prob[j] + distribution.entropy);
      result.d_logits[i * vocabulary + j] = static_cast<float>(weight * d_z / settings.temperature);
    }
  }
  result.loss = result.pg_loss - settings.entropy_coeff * result.entropy +
                (settings.use_kl_loss ? settings.kl_loss_coef * result.kl_loss : 0);
  return result;
}

ValueLoss value_loss(double cliprange_value, const Floats& values, const Floats& old_values, const Floats& returns) {
  ValueLoss result;
  result.d_values.resize(values.size());
  const double weight = 1 / static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    const auto old_value = static_cast<double>(old_values[i]);
    const double error = value - static_cast<double>(returns[i]);
    const double near_value = std::clamp(value, old_value - cliprange_value, old_value + cliprange_value);
    const double near_error = near_value - static_cast<double>(returns[i]);
    const bool clipped = near_error * near_error > error * error;
    result.vf_loss += 0.5 * weight * std::max(error * error, near_error * near_error);
    result.vf_clipfrac += clipped ? weight : 0;
    result.vpred_mean += weight * value;
    // Where the clipped error is the worse one, the value is outside of the range and moving it changes nothing.
    result.d_values[i] = clipped ? 0.0F : static_cast<float>(weight * error);
  }
  return result;
}

Advantages gae(const Floats& rewards, const Floats& values, int64_t length, double gamma, double lam) {
  Advantages result{Floats(rewards.size()), Floats(rewards.size())};
  const auto step = static_cast<size_t>(length);
  for (size_t begin = 0; begin < rewards.size(); begin += step) {
    double next_value = 0;
    double advantage = 0;
    for (size_t t = begin + step; t-- > begin;) {
      const auto value = static_cast<double>(values[t]);
      const double delta = static_cast<double>(rewards[t]) + gamma * next_value - value;
      advantage = delta + gamma * lam * advantage;
      next_value = value;
      result.advantage[t] = static_cast<float>(advantage);
      result.returns[t] = static_cast<float>(advantage + value);
    }
  }
  const auto count = static_cast<double>(rewards.size());
  double mean = 0;
  for (const float advantage : result.advantage)
    mean += static_cast<double>(advantage) / count;
  double variance = 0;
  for (const float advantage : result.advantage)
    variance += std::pow(static_cast<double>(advantage) - mean, 2) / std::max(count - 1, 1.0);
  for (float& advantage : result.advantage)
    advantage = static_cast<float>((static_cast<double>(advantage) - mean) / std::sqrt(variance + 1e-8));
  return result;
}

double kl_estimate(KlEstimate type, double log_prob, double ref_log_prob) {
  const double difference = log_prob - ref_log_prob;
  switch (type) {
    case KlEstimate::kKl:
      return difference;
    case KlEstimate::kAbs:
      return std::fabs(difference);
    case KlEstimate::kMse:
      return 0.5 * difference * difference;
    case KlEstimate::kLowVarKl:
      break;
  }
  const double bounded = std::clamp(-difference, -kMostLogRatio, kMostLogRatio);
  return std::clamp(std::exp(bounded) - bounded - 1, -kMostLowVarKl, kMostLowVarKl);
}

}  // namespace ppo_trainer
