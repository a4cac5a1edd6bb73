/// \file
/// What the plugin needs of CUDA's runtime: runtime.cu has it. A test has a second one, whose device is the CPU.
#pragma once

#include "attention_plugins/cuda_eager/cuda_plan.hpp"

namespace cfgtool::attention::cuda_eager {

/// Whether a driver is here that is new enough for the runtime that was compiled in, and device `index`.
/// \param[in,out] compute_capability major * 10 + minor; 0: is asked for
attn_status find_device(int32_t index, int32_t& compute_capability, attn_answer* answer);

/// Loads all kernels of the plan on device `index`, as the first launch of each would, which may be captured.
attn_status load_kernels(const CudaPlan& plan, int32_t index, attn_answer* answer);

/// Queue the pass on run.stream. Nothing waits.
attn_status queue_forward(const CudaPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
                          const attn_run& run, attn_answer* answer);
attn_status queue_backward(const CudaPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
                           const attn_run& run, attn_answer* answer);

}  // namespace cfgtool::attention::cuda_eager
