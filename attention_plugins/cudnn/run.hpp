/// \file
/// Runs compiled plans: queues cuDNN's work, and the little around it, on the caller's stream.
#pragma once

#include "attention_plugins/cudnn/compiled_plan.hpp"

namespace cfgtool::attention::cudnn {

// Both throw Failure, also where the plan has no such pass, is of a described device, or the workspace is too small.
// Nothing waits for the device or allocates its memory, so that a stream can be captured.
void run_forward(const CompiledPlan& compiled, const attn_forward_tensors& tensors, const attn_extras& extras,
                 const attn_run& run);
void run_backward(const CompiledPlan& compiled, const attn_backward_tensors& tensors, const attn_extras& extras,
                  const attn_run& run);

}  // namespace cfgtool::attention::cudnn
