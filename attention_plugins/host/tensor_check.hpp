/// \file
/// Checks what a caller passes to a run against the problem that its plan was made for.
#pragma once

#include <string>

#include "attention_plugins/host/plan.hpp"

namespace cfgtool::attention {

/// Each returns what is wrong, or an empty text.
std::string tensors_fault(const attn_problem& problem, const ForwardTensors& tensors);
std::string tensors_fault(const attn_problem& problem, const BackwardTensors& tensors);
std::string extras_fault(const attn_problem& problem, const attn_extras& extras, bool backward);

}  // namespace cfgtool::attention
