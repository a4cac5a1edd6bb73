#include "adamw.hpp"

#include <algorithm>
#include <cmath>

namespace ppo_trainer {

AdamW::AdamW(const AdamWSettings& settings, const std::vector<Parameter>& parameters) : settings_(settings) {
  for (const Parameter& parameter : parameters)
    moments_.push_back({Floats(parameter.value.size()), Floats(parameter.value.size())});
}

double AdamW::lr() const {
  if (steps_ >= settings_.lr_warmup_steps) return settings_.lr;
  return settings_.lr * static_cast<double>(steps_ + 1) / static_cast<double>(settings_.lr_warmup_steps);
}

double AdamW::step(std::vector<Parameter>& parameters) {
  double squares = 0;
  for (const Parameter& parameter : parameters) {
    for (const float gradient : parameter.gradient)
      squares += static_cast<double>(gradient) * static_cast<double>(gradient);
  }
  const double norm = std::sqrt(squares);
  if (!std::isfinite(norm)) return norm;

  constexpr double kEpsilon = 1e-8;
  const double rate = lr();
  ++steps_;
  const auto clip = static_cast<float>(std::min(1.0, settings_.grad_clip / (norm + 1e-6)));
  const auto steps = static_cast<double>(steps_);
  const double second_correction = std::sqrt(1 - std::pow(settings_.beta2, steps));
  const auto factor = static_cast<float>(rate * second_correction / (1 - std::pow(settings_.beta1, steps)));
  const auto epsilon = static_cast<float>(kEpsilon * second_correction);
  const auto keep = static_cast<float>(1 - rate * settings_.weight_decay);
  const auto beta1 = static_cast<float>(settings_.beta1);
  const auto beta2 = static_cast<float>(settings_.beta2);
  for (size_t p = 0; p < parameters.size(); ++p) {
    Parameter& parameter = parameters[p];
    Moments& moments = moments_[p];
    for (size_t i = 0; i < parameter.value.size(); ++i) {
      const float gradient = parameter.gradient[i] * clip;
      moments.first[i] = beta1 * moments.first[i] + (1 - beta1) * gradient;
      moments.second[i] = beta2 * moments.second[i] + (1 - beta2) * gradient * gradient;
      parameter.value[i] =
          parameter.value[i] * keep - factor * moments.first[i] / (std::sqrt(moments.second[i]) + epsilon);
    }
  }
  return norm;
}

}  // namespace ppo_trainer
