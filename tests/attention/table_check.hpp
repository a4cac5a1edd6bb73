/// \file
/// Compares one kernel's results with another's.
#pragma once

#include <string>

#include "tests/attention/case_run.hpp"

namespace attention_test {

/// How far two kernels may be apart that both compute in fp32 and round to the problem's type: one unit in the last
/// place of that, and what sums of some thousand terms in another order differ by. Gradients of queries and keys also
/// get the rounding of the output (delta is made from it), added up over a row. Where weights are rounded too, these
/// roundings add up as the terms of the result do: half a unit of that.
/// \param name of the result \param rounds whether weights are rounded \param largest magnitude in the result
/// \param amplitude of queries and keys
double allowed(const std::string& name, const attn_problem& problem, bool rounds, double largest, double amplitude);

/// Checks (doctest) that result `name` of two runs is the same but for what is allowed with the first one's type.
void compare_runs(const std::string& name, const CaseRun& run, const CaseRun& reference, bool rounds, double amplitude);

}  // namespace attention_test
