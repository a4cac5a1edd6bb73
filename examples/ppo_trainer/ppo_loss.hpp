/// \file
/// The formulas of PPO, named as VERL names them, with the gradients of both losses. All arrays have one element for
/// each token of the responses, response after response.
#pragma once

#include <cstdint>
#include <vector>

#include "number_formats.hpp"

namespace ppo_trainer {

/// How far apart two policies are, estimated from the log-probabilities of a sampled token.
enum class KlEstimate : uint8_t { kKl, kAbs, kMse, kLowVarKl };

struct PolicyLossSettings {
  double clip_ratio_low = 0.2, clip_ratio_high = 0.2;
  double clip_ratio_c = 3.0;  ///< dual clip: the greatest ratio that counts where the advantage is negative
  double entropy_coeff = 0;
  bool use_kl_loss = false;
  double kl_loss_coef = 0;
  KlEstimate kl_loss_type = KlEstimate::kLowVarKl;
  double temperature = 1;
};

/// Of the tokens that were taken, under softmax(logits / temperature).
struct TokenStatistics {
  Floats log_prob, entropy;
};
TokenStatistics token_statistics(const Floats& logits, const std::vector<int32_t>& tokens, double temperature);

struct PolicySamples {
  std::vector<int32_t> tokens;
  Floats old_log_prob, advantage;
  Floats ref_log_prob;  ///< empty without a KL loss
};

struct PolicyLoss {
  double loss = 0;  ///< pg_loss - entropy_coeff * entropy + kl_loss_coef * kl_loss
  double pg_loss = 0, pg_clipfrac = 0, pg_clipfrac_lower = 0, ppo_kl = 0, kl_loss = 0, entropy = 0;
  Floats d_logits;
};
/// Means over all tokens ("token-mean"). \param logits [tokens, vocabulary]
PolicyLoss policy_loss(const PolicyLossSettings& settings, const Floats& logits, const PolicySamples& samples);

struct ValueLoss {
  double vf_loss = 0, vf_clipfrac = 0, vpred_mean = 0;
  Floats d_values;
};
/// Half the squared error, of the prediction or of the one kept near to the old value, whichever is worse.
ValueLoss value_loss(double cliprange_value, const Floats& values, const Floats& old_values, const Floats& returns);

struct Advantages {
  Floats advantage;  ///< with mean 0 and deviation 1
  Floats returns;
};
/// Generalised advantage estimation over responses of `length` tokens each.
Advantages gae(const Floats& rewards, const Floats& values, int64_t length, double gamma, double lam);

double kl_estimate(KlEstimate type, double log_prob, double ref_log_prob);

}  // namespace ppo_trainer
