// dot(d_output, output) of each row, which the backward pass begins with. Included once for each SIMD target.
#if defined(CFGTOOL_CPU_FLASH_DELTA_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_DELTA_INL_HPP
#undef CFGTOOL_CPU_FLASH_DELTA_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_DELTA_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/gemm-inl.hpp"
#include "attention_plugins/cpu_flash/kernels.hpp"
#include "attention_plugins/cpu_flash/vector_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// A tensor as the backward pass reads or writes it.
inline geometry::Rows<const void> rows_of(const void* data, const attn_problem& problem, const int64_t* stride,
                                          int64_t head_dim) {
  return {data, problem.dtype, stride, head_dim};
}

/// delta of all rows of one head. \param task batch * heads_q + head
inline void delta_task(const BackwardArguments& arguments, int64_t task, float* scratch) {
  const FloatTag d;
  const FlashPlan& plan = arguments.plan;
  const attn_problem& problem = plan.problem;
  const geometry::Sequence sequence = plan.sequence(task / problem.heads_q, arguments.extras);
  const int64_t head = task % problem.heads_q;
  const auto output = rows_of(arguments.tensors.output, problem, problem.output_stride, problem.head_dim_v);
  const auto d_output = rows_of(arguments.tensors.d_output, problem, problem.d_output_stride, problem.head_dim_v);
  float* const one = scratch;
  float* const other = scratch + plan.padded_v();
  for (int64_t i = 0; i < sequence.q_count; ++i) {
    const int64_t row = sequence.q_begin + i;
    load_numbers(output.data, output.dtype, output.offset(sequence.tensor_batch, head, row), problem.head_dim_v, one,
                 plan.padded_v());
    load_numbers(d_output.data, d_output.dtype, d_output.offset(sequence.tensor_batch, head, row), problem.head_dim_v,
                 other, plan.padded_v());
    FloatVec sum = hn::Zero(d);
    for (int64_t k = 0; k < plan.padded_v(); k += lanes())
      sum = hn::MulAdd(hn::LoadU(d, one + k), hn::LoadU(d, other + k), sum);
    arguments.deltas[plan.row_index(sequence, head, i)] = hn::GetLane(hn::SumOfLanes(d, sum));
  }
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
