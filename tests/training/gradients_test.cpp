// The backward pass that was derived by hand, against differences of the loss: the whole model, weight by weight.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "examples/ppo_trainer/ppo_loss.hpp"
#include "tests/training/toy_model.hpp"

namespace ppo_trainer::test {

namespace {

constexpr int64_t kBatch = 3;
constexpr int64_t kLength = 7;
constexpr OutputRange kRange{2, 4};
/// Of a directional derivative, relative to the gradient's norm. The loss is computed in fp32.
constexpr double kTolerance = 2e-3;
constexpr float kStep = 1e-3F;

/// (loss(w + h u) - loss(w - h u)) / 2h for a direction u of length 1
double slope(Floats& weights, const Floats& direction, const std::function<double()>& loss) {
  const Floats before = weights;
  const double length = norm(direction);
  const auto loss_at = [&](float step) {
    for (size_t i = 0; i < weights.size(); ++i)
      weights[i] = before[i] + step * static_cast<float>(static_cast<double>(direction[i]) / length);
    return loss();
  };
  const double difference = loss_at(kStep) - loss_at(-kStep);
  weights = before;
  return difference / (2 * static_cast<double>(kStep));
}

void check_all_parameters(Transformer& model, const std::function<double()>& loss) {
  std::mt19937_64 random(11);
  for (Parameter& parameter : model.parameters()) {
    CAPTURE(parameter.name);
    const double length = norm(parameter.gradient);
    CHECK(length > 1e-4);  // all of them matter, else nothing is tested
    // Along the gradient, where its size shows, and along a random direction, where its direction does.
    CHECK(std::fabs(slope(parameter.value, parameter.gradient, loss) - length) < kTolerance * length);
    const Floats direction = random_floats(parameter.gradient.size(), random);
    const double expected = dot(direction, parameter.gradient) / norm(direction);
    CHECK(std::fabs(slope(parameter.value, direction, loss) - expected) < kTolerance * length);
  }
}

struct Bench {
  explicit Bench(const char* implementation, int64_t outputs)
      : model(toy_model(outputs)),
        attention(toy_choice(implementation, model.sizes(), kLength), kBatch, pool),
        tokens(random_tokens(kBatch * kLength, model.sizes().vocabulary, random)) {}

  Floats outputs() { return model.forward(attention, *pool, tokens, kRange, tape); }
  void backward(const Floats& d_outputs) {
    model.clear_gradients();
    model.backward(attention, *pool, tape, d_outputs);
  }

  std::shared_ptr<ThreadPool> pool = std::make_shared<ThreadPool>(2);
  std::mt19937_64 random{5};
  Transformer model;
  RoleAttention attention;
  std::vector<int32_t> tokens;
  Transformer::Tape tape;
};

PolicyLossSettings all_terms(KlEstimate kl) {
  PolicyLossSettings settings;
  settings.entropy_coeff = 0.1;
  settings.use_kl_loss = true;
  settings.kl_loss_coef = 0.3;
  settings.kl_loss_type = kl;
  settings.temperature = 0.7;
  return settings;
}

/// Ratios inside of the clipped range, beyond either end, and beyond the dual clip; each far from where it bends.
PolicySamples samples_for(const Floats& logits, double temperature, std::mt19937_64& random) {
  constexpr size_t kCount = kBatch * kRange.count;
  PolicySamples samples;
  samples.tokens = random_tokens(kCount, 5, random);
  samples.old_log_prob = token_statistics(logits, samples.tokens, temperature).log_prob;
  samples.ref_log_prob = samples.old_log_prob;
  constexpr float kOffsets[] = {0.05F, -0.05F, 0.5F, -0.5F, -1.6F};
  for (size_t i = 0; i < kCount; ++i) {
    samples.old_log_prob[i] += kOffsets[i % 5];
    samples.ref_log_prob[i] += i % 2 == 0 ? 0.4F : -0.6F;
    samples.advantage.push_back(i % 3 == 0 ? -1.3F : 0.9F);
  }
  return samples;
}

}  // namespace

TEST_CASE("the policy's gradient agrees with differences of the policy loss, over both plugins") {
  for (const char* implementation : {"eager", "sdpa"}) {
    for (const KlEstimate kl : {KlEstimate::kKl, KlEstimate::kMse, KlEstimate::kAbs, KlEstimate::kLowVarKl}) {
      CAPTURE(std::string(implementation));
      CAPTURE(static_cast<int>(kl));
      Bench bench(implementation, 5);
      const PolicyLossSettings settings = all_terms(kl);
      const Floats logits = bench.outputs();
      const PolicySamples samples = samples_for(logits, settings.temperature, bench.random);
      const PolicyLoss loss = policy_loss(settings, logits, samples);
      CHECK(loss.pg_clipfrac > 0);
      CHECK(loss.pg_clipfrac_lower > 0);
      bench.backward(loss.d_logits);
      check_all_parameters(bench.model, [&] { return policy_loss(settings, bench.outputs(), samples).loss; });
    }
  }
}

TEST_CASE("the critic's gradient agrees with differences of the value loss, over both plugins") {
  for (const char* implementation : {"eager", "sdpa"}) {
    CAPTURE(std::string(implementation));
    Bench bench(implementation, 1);
    const Floats values = bench.outputs();
    Floats old_values = values;
    Floats returns = values;
    for (size_t i = 0; i < values.size(); ++i) {
      old_values[i] += i % 3 == 0 ? 0.9F : (i % 3 == 1 ? -0.1F : -0.8F);
      returns[i] += i % 2 == 0 ? 1.5F : -1.1F;
    }
    const ValueLoss loss = value_loss(0.5, values, old_values, returns);
    CHECK(loss.vf_clipfrac > 0);
    CHECK(loss.vf_clipfrac < 1);
    bench.backward(loss.d_values);
    check_all_parameters(bench.model, [&] { return value_loss(0.5, bench.outputs(), old_values, returns).vf_loss; });
  }
}

TEST_CASE("both plugins give the same outputs and gradients, up to fp32's rounding") {
  Bench eager("eager", 5);
  Bench flash("sdpa", 5);
  const Floats logits = eager.outputs();
  CHECK(greatest_difference(logits, flash.outputs()) < 1e-5);
  const Floats d_logits = random_floats(logits.size(), eager.random);
  eager.backward(d_logits);
  flash.backward(d_logits);
  for (size_t p = 0; p < eager.model.parameters().size(); ++p) {
    const Floats& gradient = eager.model.parameters()[p].gradient;
    CHECK(greatest_difference(gradient, flash.model.parameters()[p].gradient) < 1e-5 * norm(gradient));
  }
}

}  // namespace ppo_trainer::test
