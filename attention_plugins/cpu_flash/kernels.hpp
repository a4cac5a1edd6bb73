/// \file
/// The tasks of attention, compiled once for each set of vector instructions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "attention_plugins/cpu_flash/flash_plan.hpp"

namespace cfgtool::attention::cpu_flash {

struct ForwardArguments {
  const FlashPlan& plan;
  const attn_forward_tensors& tensors;
  const attn_extras& extras;
  float* partials;  ///< all_partial_floats() of them, when the keys are split
};

struct BackwardArguments {
  const FlashPlan& plan;
  const attn_backward_tensors& tensors;
  const attn_extras& extras;
  float* deltas;  ///< row_count() of them: dot(d_output, output) of each row
};

/// One path. Every function works on one task, with scratch memory of its own.
struct Kernels {
  const char* name;  ///< "avx512", "avx2", "sse4" or "portable"
  void (*forward_task)(const ForwardArguments& arguments, int64_t task, float* scratch);
  void (*decode_task)(const ForwardArguments& arguments, int64_t task, float* scratch);
  void (*decode_merge)(const ForwardArguments& arguments, int64_t row);
  void (*delta_task)(const BackwardArguments& arguments, int64_t task, float* scratch);
  void (*backward_task)(const BackwardArguments& arguments, int64_t task, float* scratch);
  double (*fma_gflops)();  ///< measured, in some milliseconds
};

/// What this processor can run, the fastest first; at least "portable".
const std::vector<const Kernels*>& available_kernels();

/// nullptr if there is none of that name here.
const Kernels* find_kernels(std::string_view name);

}  // namespace cfgtool::attention::cpu_flash
