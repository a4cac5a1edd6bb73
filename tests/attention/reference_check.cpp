#include "tests/attention/reference_check.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace attention_test {

namespace {

/// How much a result may differ from the exact one: by a part of itself, from being rounded to its type; by a part of
/// the largest element of its tensor, from fp32 sums and from the rounding of scores, which grows with them; and by
/// what the difference dP - delta of two nearly equal numbers leaves.
class Tolerance {
 public:
  Tolerance(const ReferenceCase& reference, const std::string& tensor, Delta delta, Weights weights) {
    const double amplitude = reference.fields.at("amplitude");
    const double scale = std::abs(reference.fields.at("scale"));
    const double head_dim = reference.fields.at("head_dim_qk");
    const double scores = std::min(1e-3, std::ldexp(amplitude * amplitude * head_dim * scale, -24));
    double rounding = 0;  // half a unit in the last place
    if (tensor != "lse" && reference.dtype == "fp16") rounding = std::ldexp(1.0, -11);
    if (tensor != "lse" && reference.dtype == "bf16") rounding = std::ldexp(1.0, -8);
    of_value_ = rounding * 1.01 + 1e-6;
    absolute_ = reference.tensors.at(tensor).largest * (1e-6 + scores) + kSmallest;
    // Roundings of weights are independent of each other: what they add up to grows as the result itself does, which is
    // a sum of the same terms.
    if (weights == Weights::kRounded) absolute_ += rounding * reference.tensors.at(tensor).largest;
    if (tensor != "d_query" && tensor != "d_key") return;
    absolute_ += std::ldexp(amplitude * scale * head_dim, -24);
    if (delta != Delta::kFromOutput) return;
    // The roundings of an output row add up as independent ones do. A query's weights sum to 1; those of the rows that
    // see a key may be as many as there are rows, again with independent errors.
    const double rows = reference.fields.at("seq_q") * reference.fields.at("heads_q") / reference.fields.at("heads_kv");
    const double of_delta =
        rounding * std::sqrt(reference.fields.at("head_dim_v")) * reference.tensors.at("output").largest;
    absolute_ += amplitude * scale * of_delta * (tensor == "d_key" ? std::sqrt(rows) : 1.0);
  }
  double of(double value) const { return of_value_ * std::abs(value) + absolute_; }

 private:
  static constexpr double kSmallest = 0x1p-24;  // fp16 results below 2^-14 are rounded to multiples of it
  double of_value_ = 0;
  double absolute_ = 0;
};

/// The loss whose gradient with respect to output is d_output.
double loss(CaseRun& run, cfgtool::attention::AttentionKernel& kernel) {
  run.forward(kernel);
  const auto output = run.result("output");
  const auto weights = run.d_output.values();
  double sum = 0;
  for (size_t i = 0; i < output.size(); ++i)
    sum += static_cast<double>(output[i]) * static_cast<double>(weights[i]);
  return sum;
}

/// The slope of the loss along one element, from four points: the error falls with the fourth power of the step.
double slope(CaseRun& run, cfgtool::attention::AttentionKernel& kernel, TestTensor& input, int64_t index) {
  constexpr float kStep = 0x1p-5F;
  const float middle = input.get(index);
  const auto loss_at = [&](float steps) {
    input.set(index, middle + steps * kStep);
    return loss(run, kernel);
  };
  const double near = loss_at(1) - loss_at(-1);
  const double far = loss_at(2) - loss_at(-2);
  input.set(index, middle);
  return (8 * near - far) / (12 * static_cast<double>(kStep));
}

}  // namespace

void compare(const ReferenceCase& reference, const std::string& name, const std::vector<float>& got, Delta delta,
             Weights weights) {
  const RecordedTensor& want = reference.tensors.at(name);
  REQUIRE(static_cast<int64_t>(got.size()) == want.count);
  const Tolerance tolerance(reference, name, delta, weights);
  double projection = 0;
  double squares = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const auto value = static_cast<double>(got[i]);
    if (std::isinf(value)) continue;
    projection += sign_of(static_cast<int64_t>(i)) * value;
    squares += tolerance.of(value) * tolerance.of(value);
  }
  for (size_t s = 0; s < want.samples.size(); ++s) {
    const double value = want.samples[s];
    const auto result = static_cast<double>(got[s * static_cast<size_t>(want.step)]);
    CAPTURE(s);
    if (std::isinf(value)) {
      CHECK(result == value);
    } else {
      CHECK(std::abs(result - value) <= tolerance.of(value));
    }
  }
  // Errors of elements are independent, so their sum grows as the root of the sum of their squares.
  CHECK(std::abs(projection - want.projection) <= 4 * std::sqrt(squares));
}

void check_slopes(CaseRun& run, cfgtool::attention::AttentionKernel& kernel, TestTensor& input,
                  const std::vector<float>& gradient, double epsilon) {
  REQUIRE(static_cast<int64_t>(gradient.size()) == input.count());
  for (int64_t index = 3; index < input.count(); index += std::max<int64_t>(1, input.count() / 12)) {
    if (std::isinf(input.get(index))) continue;  // a bias that masks
    CAPTURE(index);
    CHECK(static_cast<double>(gradient[static_cast<size_t>(index)]) ==
          doctest::Approx(slope(run, kernel, input, index)).epsilon(epsilon).scale(1));
  }
}

}  // namespace attention_test
