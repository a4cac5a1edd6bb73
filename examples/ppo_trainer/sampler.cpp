#include "sampler.hpp"

#include <algorithm>
#include <cmath>

namespace ppo_trainer {

namespace {

/// In [0, 1), the same on every system.
double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

int32_t pick(const float* logits, size_t count, double temperature, std::mt19937_64& random) {
  const float* best = std::max_element(logits, logits + count);
  if (temperature == 0) return static_cast<int32_t>(best - logits);
  std::vector<double> weights(count);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    weights[i] = std::exp(static_cast<double>(logits[i] - *best) / temperature);
    sum += weights[i];
  }
  double left = uniform(random) * sum;
  for (size_t i = 0; i + 1 < count; ++i) {
    left -= weights[i];
    if (left < 0) return static_cast<int32_t>(i);
  }
  return static_cast<int32_t>(count - 1);
}

}  // namespace

Tokens sample_answers(const Transformer& policy, CachedAttention& attention, ThreadPool& pool, const Tokens& prompts,
                      int64_t prompt_length, int64_t response_length, double temperature, std::mt19937_64& random) {
  const auto vocabulary = static_cast<size_t>(policy.sizes().outputs);
  const auto batch = static_cast<size_t>(attention.batch());
  const auto length = static_cast<size_t>(prompt_length + response_length);
  Tokens sequences(batch * length);
  for (size_t b = 0; b < batch; ++b)
    std::copy_n(&prompts[b * static_cast<size_t>(prompt_length)], prompt_length, &sequences[b * length]);
  Tokens newest = prompts;
  for (int64_t place = 0; place < response_length; ++place) {
    const int64_t count = place == 0 ? prompt_length : 1;
    const int64_t first = place == 0 ? 0 : prompt_length + place - 1;
    const Floats logits = policy.next_outputs(attention, pool, newest, first, count);
    newest.resize(batch);
    for (size_t b = 0; b < batch; ++b) {
      newest[b] = pick(&logits[b * vocabulary], vocabulary, temperature, random);
      sequences[b * length + static_cast<size_t>(prompt_length + place)] = newest[b];
    }
  }
  return sequences;
}

}  // namespace ppo_trainer
