/// \file
/// Compares results with the recorded ones.
#pragma once

#include <string>
#include <vector>

#include "tests/attention/reference_cases.hpp"

namespace attention_test {

/// How a kernel computes delta, which gradients of queries and keys are made from: from the weights, or as
/// dot(d_output, output), which brings in the rounding of the output to its type.
enum class Delta { kFromWeights, kFromOutput };

/// Checks (doctest) that `got`, the whole tensor, is what was recorded under that name, within the tolerance that its
/// type, its size and its scores allow.
void compare(const ReferenceCase& reference, const std::string& name, const std::vector<float>& got,
             Delta delta = Delta::kFromWeights);

}  // namespace attention_test
