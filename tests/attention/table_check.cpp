#include "tests/attention/table_check.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace attention_test {

double allowed(const std::string& name, const attn_problem& p, bool rounds, double largest, double amplitude) {
  const double unit = p.dtype == ATTN_DTYPE_F32 ? 0 : p.dtype == ATTN_DTYPE_F16 ? 0x1p-10 : 0x1p-7;
  const bool from_delta = name == "d_query" || name == "d_key";
  const double rounding = name == "lse" ? 0 : unit * ((from_delta ? 2 : 1) + (rounds ? 0.5 : 0));
  const double of_delta = from_delta ? unit * amplitude * std::abs(static_cast<double>(p.scale)) *
                                           std::sqrt(static_cast<double>(p.head_dim_v))
                                     : 0;
  return (rounding + 4e-5) * largest + of_delta + 1e-6;
}

void compare_runs(const std::string& name, const CaseRun& run, const CaseRun& reference, bool rounds,
                  double amplitude) {
  const std::vector<float> got = run.result(name);
  const std::vector<float> want = reference.result(name);
  REQUIRE(got.size() == want.size());
  double largest = 0;
  for (const float value : want)
    largest = std::isfinite(value) ? std::max(largest, std::abs(static_cast<double>(value))) : largest;
  const double most = allowed(name, run.problem(), rounds, largest, amplitude);
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const auto a = static_cast<double>(got[i]);
    const auto b = static_cast<double>(want[i]);
    worst = a == b ? worst : std::isnan(a - b) || std::isinf(a - b) ? INFINITY : std::max(worst, std::abs(a - b));
  }
  CAPTURE(name);
  CAPTURE(largest);
  CHECK(worst <= most);
}

}  // namespace attention_test
