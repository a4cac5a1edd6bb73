/// \file
/// Compares results with the recorded ones, and gradients with slopes.
#pragma once

#include <string>
#include <vector>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_cases.hpp"

namespace attention_test {

/// How a kernel computes delta, which gradients of queries and keys are made from: from the weights, or as
/// dot(d_output, output), which brings in the rounding of the output to its type.
enum class Delta { kFromWeights, kFromOutput };

/// Whether weights, and the gradients of scores, are rounded to the problem's type before they are multiplied with
/// values and others.
enum class Weights { kExact, kRounded };

/// Checks (doctest) that `got`, the whole tensor, is what was recorded under that name, within the tolerance that its
/// type, its size and its scores allow.
void compare(const ReferenceCase& reference, const std::string& name, const std::vector<float>& got,
             Delta delta = Delta::kFromWeights, Weights weights = Weights::kExact);

/// Checks that `gradient` is the slope of the loss whose gradient with respect to the output is run.d_output, along
/// some elements of `input`, which is one of the run's. \param epsilon relative
void check_slopes(CaseRun& run, cfgtool::attention::AttentionKernel& kernel, TestTensor& input,
                  const std::vector<float>& gradient, double epsilon);

}  // namespace attention_test
