#include "transformer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "norm.hpp"

namespace ppo_trainer {

namespace {

constexpr float kEmbeddingDeviation = 0.1F;
constexpr float kHeadDeviation = 0.02F;  // small: the first policy takes all letters as equally likely

Parameter drawn(std::string name, int64_t count, float deviation, std::mt19937_64& random) {
  Parameter parameter{std::move(name), Floats(static_cast<size_t>(count)), Floats(static_cast<size_t>(count))};
  std::normal_distribution<float> normal(0.0F, deviation);
  for (float& value : parameter.value)
    value = normal(random);
  return parameter;
}

Parameter ones(std::string name, int64_t count) {
  return {std::move(name), Floats(static_cast<size_t>(count), 1.0F), Floats(static_cast<size_t>(count))};
}

float deviation_for(int64_t inputs) {
  return 1.0F / std::sqrt(static_cast<float>(inputs));
}

/// Rows first + 0 … first + count - 1 of each sequence of `length` rows.
Floats taken_rows(const Floats& x, int64_t width, int64_t length, OutputRange range) {
  const int64_t batch = static_cast<int64_t>(x.size()) / (length * width);
  Floats rows;
  rows.reserve(static_cast<size_t>(batch * range.count * width));
  for (int64_t b = 0; b < batch; ++b) {
    const auto begin = x.begin() + (b * length + range.first) * width;
    rows.insert(rows.end(), begin, begin + range.count * width);
  }
  return rows;
}

}  // namespace

double ModelSizes::parameter_count() const {
  const auto width = static_cast<double>(hidden);
  const double layer = width * static_cast<double>(2 + qkv_width() + attended_width() + 2 * intermediate);
  return width * static_cast<double>(vocabulary + positions + 1 + outputs) + static_cast<double>(layers) * layer;
}

Transformer::Transformer(const ModelSizes& sizes, uint64_t seed) : sizes_(sizes) {
  std::mt19937_64 random(seed);
  const int64_t hidden = sizes.hidden;
  parameters_.push_back(drawn("embed_tokens", sizes.vocabulary * hidden, kEmbeddingDeviation, random));
  parameters_.push_back(drawn("embed_positions", sizes.positions * hidden, kEmbeddingDeviation, random));
  // Each layer adds two terms to x: they start small, so that their sum does not grow with the number of layers.
  const float share = 1.0F / std::sqrt(2.0F * static_cast<float>(sizes.layers));
  for (int64_t layer = 0; layer < sizes.layers; ++layer) {
    const auto add = [&](const char* name, int64_t inputs, int64_t outputs, float factor) {
      parameters_.push_back(
          drawn(fmt::format("layers.{}.{}", layer, name), inputs * outputs, factor * deviation_for(inputs), random));
    };
    parameters_.push_back(ones(fmt::format("layers.{}.input_norm", layer), hidden));
    add("qkv_proj", hidden, sizes.qkv_width(), 1.0F);
    add("o_proj", sizes.attended_width(), hidden, share);
    parameters_.push_back(ones(fmt::format("layers.{}.mlp_norm", layer), hidden));
    add("up_proj", hidden, sizes.intermediate, 1.0F);
    add("down_proj", sizes.intermediate, hidden, share);
  }
  parameters_.push_back(ones("norm", hidden));
  parameters_.push_back(drawn("head", hidden * sizes.outputs, kHeadDeviation, random));
}

void Transformer::clear_gradients() {
  for (Parameter& parameter : parameters_)
    std::fill(parameter.gradient.begin(), parameter.gradient.end(), 0.0F);
}

const Floats& Transformer::weight(size_t layer, Weight which) const {
  return parameters_[kFirstLayer + layer * kWeightsOfLayer + which].value;
}

Floats& Transformer::gradient(size_t layer, Weight which) {
  return parameters_[kFirstLayer + layer * kWeightsOfLayer + which].gradient;
}

Floats Transformer::embed(const std::vector<int32_t>& tokens, int64_t first, int64_t count) const {
  const auto hidden = static_cast<size_t>(sizes_.hidden);
  Floats x(tokens.size() * hidden);
  for (size_t row = 0; row < tokens.size(); ++row) {
    const float* token = &parameters_[kTokens].value[static_cast<size_t>(tokens[row]) * hidden];
    const size_t at = static_cast<size_t>(first) + row % static_cast<size_t>(count);
    const float* position = &parameters_[kPositions].value[at * hidden];
    for (size_t i = 0; i < hidden; ++i)
      x[row * hidden + i] = token[i] + position[i];
  }
  return x;
}

Floats Transformer::qkv_of(ThreadPool& pool, size_t layer, const Floats& x, Floats& normed) const {
  normed = rms_norm_forward(x, weight(layer, kNorm), sizes_.norm_epsilon);
  return linear_forward(pool, normed, weight(layer, kQkv), sizes_.hidden, sizes_.qkv_width());
}

void Transformer::add_mlp(ThreadPool& pool, size_t layer, Floats& x, LayerTape& tape) const {
  tape.middle_normed = rms_norm_forward(x, weight(layer, kMiddleNorm), sizes_.norm_epsilon);
  tape.wide = linear_forward(pool, tape.middle_normed, weight(layer, kUp), sizes_.hidden, sizes_.intermediate);
  tape.active = silu_forward(tape.wide);
  add_to(x, linear_forward(pool, tape.active, weight(layer, kDown), sizes_.intermediate, sizes_.hidden));
}

Floats Transformer::outputs_of(ThreadPool& pool, const Floats& x, Floats& normed) const {
  normed = rms_norm_forward(x, parameters_[parameters_.size() - 2].value, sizes_.norm_epsilon);
  return linear_forward(pool, normed, parameters_.back().value, sizes_.hidden, sizes_.outputs);
}

Floats Transformer::forward(RoleAttention& attention, ThreadPool& pool, const std::vector<int32_t>& tokens,
                            OutputRange range, Tape& tape) const {
  tape.tokens = tokens;
  tape.range = range;
  tape.layers.resize(static_cast<size_t>(sizes_.layers));
  Floats x = embed(tokens, 0, attention.length());
  for (size_t layer = 0; layer < tape.layers.size(); ++layer) {
    LayerTape& kept = tape.layers[layer];
    kept.input = x;
    kept.attended = attention.forward(qkv_of(pool, layer, x, kept.normed), kept.attention);
    add_to(x, linear_forward(pool, kept.attended, weight(layer, kAttended), sizes_.attended_width(), sizes_.hidden));
    kept.middle = x;
    add_mlp(pool, layer, x, kept);
  }
  tape.last = taken_rows(x, sizes_.hidden, attention.length(), range);
  return outputs_of(pool, tape.last, tape.last_normed);
}

Floats Transformer::layer_backward(RoleAttention& attention, ThreadPool& pool, size_t layer, const LayerTape& tape,
                                   Floats d_x) {
  const int64_t hidden = sizes_.hidden;
  const Floats d_active = linear_backward(pool, tape.active, weight(layer, kDown), d_x, sizes_.intermediate, hidden,
                                          gradient(layer, kDown));
  const Floats d_middle_normed =
      linear_backward(pool, tape.middle_normed, weight(layer, kUp), silu_backward(tape.wide, d_active), hidden,
                      sizes_.intermediate, gradient(layer, kUp));
  add_to(d_x, rms_norm_backward(tape.middle, weight(layer, kMiddleNorm), sizes_.norm_epsilon, d_middle_normed,
                                gradient(layer, kMiddleNorm)));
  const Floats d_attended = linear_backward(pool, tape.attended, weight(layer, kAttended), d_x, sizes_.attended_width(),
                                            hidden, gradient(layer, kAttended));
  const Floats d_qkv = attention.backward(tape.attention, d_attended);
  const Floats d_normed =
      linear_backward(pool, tape.normed, weight(layer, kQkv), d_qkv, hidden, sizes_.qkv_width(), gradient(layer, kQkv));
  add_to(d_x,
         rms_norm_backward(tape.input, weight(layer, kNorm), sizes_.norm_epsilon, d_normed, gradient(layer, kNorm)));
  return d_x;
}

void Transformer::backward(RoleAttention& attention, ThreadPool& pool, const Tape& tape, const Floats& d_outputs) {
  Parameter& head = parameters_.back();
  Parameter& norm = parameters_[parameters_.size() - 2];
  const Floats d_normed =
      linear_backward(pool, tape.last_normed, head.value, d_outputs, sizes_.hidden, sizes_.outputs, head.gradient);
  const Floats d_last = rms_norm_backward(tape.last, norm.value, sizes_.norm_epsilon, d_normed, norm.gradient);

  const auto hidden = static_cast<size_t>(sizes_.hidden);
  const auto length = static_cast<size_t>(attention.length());
  const auto count = static_cast<size_t>(tape.range.count);
  Floats d_x(tape.tokens.size() * hidden);  // 0 where no output was taken
  for (size_t row = 0; row < d_last.size() / hidden; ++row) {
    const size_t at = row / count * length + static_cast<size_t>(tape.range.first) + row % count;
    std::copy_n(&d_last[row * hidden], hidden, &d_x[at * hidden]);
  }
  for (size_t layer = tape.layers.size(); layer-- > 0;)
    d_x = layer_backward(attention, pool, layer, tape.layers[layer], std::move(d_x));
  for (size_t row = 0; row < tape.tokens.size(); ++row) {
    float* d_token = &parameters_[kTokens].gradient[static_cast<size_t>(tape.tokens[row]) * hidden];
    float* d_position = &parameters_[kPositions].gradient[row % length * hidden];
    for (size_t i = 0; i < hidden; ++i) {
      d_token[i] += d_x[row * hidden + i];
      d_position[i] += d_x[row * hidden + i];
    }
  }
}

Floats Transformer::next_outputs(CachedAttention& attention, ThreadPool& pool, const std::vector<int32_t>& tokens,
                                 int64_t first, int64_t count) const {
  Floats x = embed(tokens, first, count);
  LayerTape unused;
  for (int64_t layer = 0; layer < sizes_.layers; ++layer) {
    const auto at = static_cast<size_t>(layer);
    const Floats attended = attention.forward(layer, first, count, qkv_of(pool, at, x, unused.normed));
    add_to(x, linear_forward(pool, attended, weight(at, kAttended), sizes_.attended_width(), sizes_.hidden));
    add_mlp(pool, at, x, unused);
  }
  return outputs_of(pool, taken_rows(x, sizes_.hidden, count, {count - 1, 1}), unused.normed);
}

}  // namespace ppo_trainer
