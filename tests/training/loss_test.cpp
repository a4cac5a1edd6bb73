// PPO's formulas against what they say, written out.
#include <doctest/doctest.h>

#include <cmath>

#include "examples/ppo_trainer/ppo_loss.hpp"

namespace ppo_trainer::test {

namespace {

/// One token among two, whose log-probability under the logits (x, 0) is x - log(exp(x) + 1).
PolicyLoss one_token(const PolicyLossSettings& settings, float logit, double log_ratio, float advantage) {
  const double log_prob = static_cast<double>(logit) - std::log1p(std::exp(static_cast<double>(logit)));
  const PolicySamples samples{{0}, {static_cast<float>(log_prob - log_ratio)}, {advantage}, {}};
  return policy_loss(settings, {logit, 0.0F}, samples);
}

}  // namespace

TEST_CASE("clipping: the ratio counts up to the clip ratio, and in dual clip up to clip_ratio_c") {
  PolicyLossSettings settings;
  settings.clip_ratio_low = 0.1;
  settings.clip_ratio_high = 0.3;
  const struct {
    double ratio;
    float advantage;
    double loss;
    bool learns;
  } rows[] = {{1.0, 2, -2.0, true},  {1.2, 2, -2.4, true},  {1.5, 2, -2.6, false}, {0.5, 2, -1.0, true},
              {1.5, -2, 3.0, true},  {0.95, -2, 1.9, true}, {0.5, -2, 1.8, false}, {2.9, -2, 5.8, true},
              {3.5, -2, 6.0, false}, {0.95, 2, -1.9, true}};
  for (const auto& row : rows) {
    CAPTURE(row.ratio);
    CAPTURE(row.advantage);
    const PolicyLoss loss = one_token(settings, 0.4F, std::log(row.ratio), row.advantage);
    CHECK(loss.pg_loss == doctest::Approx(row.loss).epsilon(1e-5));
    CHECK((loss.d_logits[0] != 0) == row.learns);
    CHECK(loss.d_logits[0] == doctest::Approx(-loss.d_logits[1]));
    CHECK(loss.ppo_kl == doctest::Approx(-std::log(row.ratio)).epsilon(1e-5));
  }
  CHECK(one_token(settings, 0.4F, std::log(1.5), 2).pg_clipfrac == 1);
  CHECK(one_token(settings, 0.4F, std::log(3.5), -2).pg_clipfrac_lower == 1);
}

TEST_CASE("entropy and log-probabilities are those of the logits divided by the temperature") {
  const double half = 1 / (1 + std::exp(-1.0));  // of logits (2, 0) at temperature 2
  const TokenStatistics statistics = token_statistics({2.0F, 0.0F}, {1}, 2.0);
  CHECK(statistics.log_prob[0] == doctest::Approx(std::log(1 - half)));
  CHECK(statistics.entropy[0] == doctest::Approx(-half * std::log(half) - (1 - half) * std::log(1 - half)));
}

TEST_CASE("the estimates of the KL divergence") {
  CHECK(kl_estimate(KlEstimate::kKl, -1.0, -1.5) == doctest::Approx(0.5));
  CHECK(kl_estimate(KlEstimate::kAbs, -1.5, -1.0) == doctest::Approx(0.5));
  CHECK(kl_estimate(KlEstimate::kMse, -1.0, -1.5) == doctest::Approx(0.125));
  CHECK(kl_estimate(KlEstimate::kLowVarKl, -1.0, -1.5) == doctest::Approx(std::exp(-0.5) + 0.5 - 1));
  CHECK(kl_estimate(KlEstimate::kLowVarKl, -50.0, -1.0) == 10);
}

TEST_CASE("the value loss takes the worse of the prediction and the one kept near to the old value") {
  const ValueLoss inside = value_loss(0.5, {1.2F}, {1.0F}, {2.0F});
  CHECK(inside.vf_loss == doctest::Approx(0.5 * 0.8 * 0.8));
  CHECK(inside.d_values[0] == doctest::Approx(-0.8));
  const ValueLoss clipped = value_loss(0.5, {1.9F}, {1.0F}, {2.0F});
  CHECK(clipped.vf_loss == doctest::Approx(0.5 * 0.5 * 0.5));
  CHECK(clipped.d_values[0] == 0);
  CHECK(clipped.vf_clipfrac == 1);
  const ValueLoss far = value_loss(0.5, {3.0F}, {1.0F}, {2.2F});
  CHECK(far.vf_loss == doctest::Approx(0.5 * 0.8 * 0.8));
  CHECK(far.d_values[0] == doctest::Approx(0.8));
}

TEST_CASE("advantages are discounted sums of one-step errors, and end with their answer") {
  const double gamma = 0.9;
  const double lam = 0.8;
  const Floats rewards = {0.5F, 0, 1, /**/ 0, 2, 0.25F};
  const Floats values = {0.3F, 0.6F, 0.2F, /**/ -0.1F, 0.4F, 0.7F};
  const Advantages found = gae(rewards, values, 3, gamma, lam);
  std::vector<double> expected;
  for (size_t t = 0; t < 6; ++t) {
    double sum = 0;
    for (size_t k = t; k < t / 3 * 3 + 3; ++k) {
      const double next = k % 3 == 2 ? 0 : static_cast<double>(values[k + 1]);
      const double error = static_cast<double>(rewards[k]) + gamma * next - static_cast<double>(values[k]);
      sum += std::pow(gamma * lam, static_cast<double>(k - t)) * error;
    }
    CHECK(found.returns[t] == doctest::Approx(sum + static_cast<double>(values[t])).epsilon(1e-5));
    expected.push_back(sum);
  }
  double mean = 0;
  for (const double value : expected)
    mean += value / 6;
  double variance = 0;
  for (const double value : expected)
    variance += (value - mean) * (value - mean) / 5;
  for (size_t t = 0; t < 6; ++t)
    CHECK(found.advantage[t] == doctest::Approx((expected[t] - mean) / std::sqrt(variance)).epsilon(1e-4));
}

}  // namespace ppo_trainer::test
