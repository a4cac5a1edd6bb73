// The eager plugin against what an independent program computed in double precision.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tests/attention/case_run.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

/// How much a result may differ from the exact one: by a part of itself, from being rounded to its type; by a part of
/// the largest element of its tensor, from fp32 sums and from the rounding of scores, which grows with them; and by
/// what the difference dP - delta of two nearly equal numbers leaves.
class Tolerance {
 public:
  Tolerance(const ReferenceCase& reference, const std::string& tensor) {
    const double amplitude = reference.fields.at("amplitude");
    const double scale = std::abs(reference.fields.at("scale"));
    const double head_dim = reference.fields.at("head_dim_qk");
    const double scores = std::min(1e-3, std::ldexp(amplitude * amplitude * head_dim * scale, -24));
    double rounding = 0;  // half a unit in the last place
    if (tensor != "lse" && reference.dtype == "fp16") rounding = std::ldexp(1.0, -11);
    if (tensor != "lse" && reference.dtype == "bf16") rounding = std::ldexp(1.0, -8);
    of_value_ = rounding * 1.01 + 1e-6;
    absolute_ = reference.tensors.at(tensor).largest * (1e-6 + scores) + kSmallest;
    if (tensor == "d_query" || tensor == "d_key") absolute_ += std::ldexp(amplitude * scale * head_dim, -24);
  }
  double of(double value) const { return of_value_ * std::abs(value) + absolute_; }

 private:
  static constexpr double kSmallest = 0x1p-24;  // fp16 results below 2^-14 are rounded to multiples of it
  double of_value_ = 0;
  double absolute_ = 0;
};

void compare(const ReferenceCase& reference, const std::string& name, const std::vector<float>& got) {
  const RecordedTensor& want = reference.tensors.at(name);
  REQUIRE(static_cast<int64_t>(got.size()) == want.count);
  const Tolerance tolerance(reference, name);
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

}  // namespace

TEST_CASE("forward and backward agree with the recorded values") {
  const auto cases = read_reference_cases();
  REQUIRE(cases.size() > 100);
  auto pool = std::make_shared<ThreadPool>(2);
  for (const ReferenceCase& reference : cases) {
    CAPTURE(reference.name);
    CaseRun run(reference);
    AttentionKernel kernel(eager_plugin(), 0, run.problem(), pool);
    run.forward(kernel);
    run.backward(kernel);
    for (const auto& recorded : reference.tensors) {
      const std::string& name = recorded.first;
      CAPTURE(name);
      compare(reference, name, run.result(name));
    }
    CHECK(run.gaps_untouched());
  }
}
