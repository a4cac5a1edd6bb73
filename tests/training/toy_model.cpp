#include "tests/training/toy_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "attention_plugins/host/loader.hpp"

namespace ppo_trainer::test {

namespace attention = cfgtool::attention;

namespace {

std::vector<std::shared_ptr<const attention::Plugin>> plugins() {
  attention::LoadOptions options;
  options.command_line_paths = {{TRAINING_EAGER_PLUGIN, "the test"}, {TRAINING_FLASH_PLUGIN, "the test"}};
  options.use_default_folders = false;
  options.use_environment = false;
  options.allow_writable_by_others = true;
  return attention::load_plugins(options).plugins;
}

}  // namespace

attention::RoleChoice toy_choice(const std::string& implementation, const ModelSizes& sizes, int64_t length,
                                 int32_t dtype) {
  static const auto loaded = plugins();
  attention::RoleChoice choice;
  choice.problem = attention::make_problem(
      {.heads_q = sizes.heads_q, .heads_kv = sizes.heads_kv, .seq_q = length, .head_dim_qk = sizes.head_dim}, dtype,
      ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD);
  attention::make_causal(choice.problem, ATTN_DIAGONAL_TOP_LEFT);
  choice.chosen =
      attention::select(implementation, attention::cpu_device(2), choice.problem, ATTN_LEVEL_RULES, loaded).chosen;
  if (!choice.chosen) throw std::runtime_error("no plugin computes the toy model's attention");
  return choice;
}

ModelSizes toy_sizes(int64_t outputs) {
  ModelSizes sizes;
  sizes.vocabulary = 5;
  sizes.positions = 7;
  sizes.hidden = 12;
  sizes.layers = 2;
  sizes.intermediate = 10;
  sizes.heads_q = 4;
  sizes.heads_kv = 2;
  sizes.head_dim = 8;
  sizes.outputs = outputs;
  return sizes;
}

Transformer toy_model(int64_t outputs) {
  Transformer model(toy_sizes(outputs), 3);
  std::mt19937_64 random(4);
  for (Parameter& parameter : model.parameters()) {
    const bool is_norm = parameter.name.ends_with("norm");
    for (float& value : parameter.value) {
      if (is_norm) value += 0.3F * std::normal_distribution<float>()(random);  // a norm's scales are all 1 at first
      if (parameter.name == "head") value *= 20;
    }
  }
  return model;
}

std::vector<int32_t> random_tokens(size_t count, int64_t vocabulary, std::mt19937_64& random) {
  std::vector<int32_t> tokens(count);
  for (int32_t& token : tokens)
    token = static_cast<int32_t>(random() % static_cast<uint64_t>(vocabulary));
  return tokens;
}

Floats random_floats(size_t count, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  Floats values(count);
  for (float& value : values)
    value = normal(random);
  return values;
}

double dot(const Floats& a, const Floats& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double norm(const Floats& values) {
  return std::sqrt(dot(values, values));
}

double greatest_difference(const Floats& a, const Floats& b) {
  double most = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    most = std::fmax(most, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

}  // namespace ppo_trainer::test
