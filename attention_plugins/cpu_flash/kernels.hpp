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

/// The tasks with one set of instructions. Every function works on one task, with scratch memory of its own.
struct Kernels {
  const char* name;
  int64_t numbers_per_word;  ///< 2: multiplies bf16 and takes no other type; 1: widens all types to fp32
  void (*forward_task)(const ForwardArguments& arguments, int64_t task, float* scratch);
  void (*decode_task)(const ForwardArguments& arguments, int64_t task, float* scratch);
  void (*decode_merge)(const ForwardArguments& arguments, int64_t row);
  void (*delta_task)(const BackwardArguments& arguments, int64_t task, float* scratch);
  void (*backward_task)(const BackwardArguments& arguments, int64_t task, float* scratch);
  double (*peak_gflops)(int repeats);  ///< of what multiplies, measured in 0.1 ms for each repeat
};

struct Path {
  const char* name;  ///< "avx512_bf16", "avx512", "avx2", "sse4" or "portable"
  const Kernels* kernels;
  const Kernels* bf16_kernels;  ///< for problems in bf16; the same but on "avx512_bf16"

  const Kernels& of(int32_t dtype) const { return dtype == ATTN_DTYPE_BF16 ? *bf16_kernels : *kernels; }
};

/// What this processor can run, the fastest first; at least "portable".
const std::vector<Path>& available_paths();

/// nullptr if there is none of that name here.
const Path* find_path(std::string_view name);

}  // namespace cfgtool::attention::cpu_flash
