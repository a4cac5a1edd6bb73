#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "attention_plugins/cudnn/band.hpp"
#include "tests/attention/reference_check.hpp"
#include "tests/cudnn_graph/attention_case.hpp"

using namespace attention_test;
using namespace cudnn_graph_test;

namespace {

/// Why a problem has no graph, by graph.hpp; empty if it has. Types and sizes that cuDNN has no kernels for have
/// graphs.
std::string inexpressible(const attn_problem& p) {
  const bool causal = p.window_right == 0 && !cfgtool::attention::cudnn::effective_band(p).bottom_right;
  return p.bias == ATTN_BIAS_ALIBI && !causal ? "ALiBi that is not causal along the top-left diagonal" : "";
}

std::vector<float> narrowed(const std::vector<double>& values) {
  std::vector<float> narrow;
  std::ranges::transform(values, std::back_inserter(narrow), [](double v) { return static_cast<float>(v); });
  return narrow;
}

void compare_all(const ReferenceCase& reference, const Results& results) {
  const auto one = [&](const std::string& name, const std::vector<double>& got) {
    CAPTURE(name);
    compare(reference, name, narrowed(got));
  };
  one("output", results.output);
  one("lse", results.lse);
  one("d_query", results.d_query);
  one("d_key", results.d_key);
  one("d_value", results.d_value);
  if (reference.tensors.contains("d_bias")) one("d_bias", results.d_bias);
}

}  // namespace

TEST_CASE("The graphs compute what torch recorded") {
  int compared = 0, skipped = 0, with_empty_rows = 0;
  for (const ReferenceCase& reference : read_reference_cases()) {
    CAPTURE(reference.name);
    const Inputs inputs = recorded_inputs(reference);
    const std::string why = inexpressible(inputs.problem);
    if (!why.empty()) {
      MESSAGE("skipped: " << reference.name << ": " << why);
      ++skipped;
      continue;
    }
    const Results results = by_graphs(inputs, 90);
    compare_all(reference, results);
    ++compared;
    if (std::ranges::any_of(results.lse, [](double lse) { return std::isinf(lse); })) ++with_empty_rows;
  }
  MESSAGE(compared << " recorded cases compared, " << with_empty_rows << " of them with empty rows, which the test put "
                   << "right as the plugin does; " << skipped << " have no graph");
  CHECK(compared >= 115);
  CHECK(skipped <= 6);
}

TEST_CASE("The formulas compute what torch recorded, so that they can be held against the graphs") {
  int compared = 0;
  for (const ReferenceCase& reference : read_reference_cases()) {
    CAPTURE(reference.name);
    compare_all(reference, by_formulas(recorded_inputs(reference)));
    ++compared;
  }
  CHECK(compared >= 120);
}
