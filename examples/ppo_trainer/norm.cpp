#include "norm.hpp"

#include <cmath>

namespace ppo_trainer {

namespace {

float inverse_rms(const float* x, size_t size, float epsilon) {
  float sum = 0;
  for (size_t i = 0; i < size; ++i)
    sum += x[i] * x[i];
  return 1.0F / std::sqrt(sum / static_cast<float>(size) + epsilon);
}

}  // namespace

Floats rms_norm_forward(const Floats& x, const Floats& scale, float epsilon) {
  const size_t size = scale.size();
  Floats y(x.size());
  for (size_t row = 0; row < x.size(); row += size) {
    const float factor = inverse_rms(&x[row], size, epsilon);
    for (size_t i = 0; i < size; ++i)
      y[row + i] = x[row + i] * factor * scale[i];
  }
  return y;
}

// With r = (mean(x^2) + epsilon)^(-1/2) and u = scale * d_y:  d_x = r u - x r^3 mean(x u).
Floats rms_norm_backward(const Floats& x, const Floats& scale, float epsilon, const Floats& d_y, Floats& d_scale) {
  const size_t size = scale.size();
  Floats d_x(x.size());
  for (size_t row = 0; row < x.size(); row += size) {
    const float factor = inverse_rms(&x[row], size, epsilon);
    float product = 0;
    for (size_t i = 0; i < size; ++i) {
      product += x[row + i] * scale[i] * d_y[row + i];
      d_scale[i] += d_y[row + i] * x[row + i] * factor;
    }
    const float shared = product / static_cast<float>(size) * factor * factor * factor;
    for (size_t i = 0; i < size; ++i)
      d_x[row + i] = factor * scale[i] * d_y[row + i] - x[row + i] * shared;
  }
  return d_x;
}

Floats silu_forward(const Floats& x) {
  Floats y(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    y[i] = x[i] / (1.0F + std::exp(-x[i]));
  return y;
}

Floats silu_backward(const Floats& x, const Floats& d_y) {
  Floats d_x(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const float gate = 1.0F / (1.0F + std::exp(-x[i]));
    d_x[i] = d_y[i] * gate * (1.0F + x[i] * (1.0F - gate));
  }
  return d_x;
}

void add_to(Floats& sum, const Floats& term) {
  for (size_t i = 0; i < sum.size(); ++i)
    sum[i] += term[i];
}

}  // namespace ppo_trainer
