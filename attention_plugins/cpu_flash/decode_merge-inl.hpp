// One row from what the tasks with its keys found (decode-inl.hpp). Included once for each SIMD target.
#if defined(CFGTOOL_CPU_FLASH_DECODE_MERGE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_DECODE_MERGE_INL_HPP
#undef CFGTOOL_CPU_FLASH_DECODE_MERGE_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_DECODE_MERGE_INL_HPP
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/forward-inl.hpp"
#include "attention_plugins/cpu_flash/kernels.hpp"
#include "attention_plugins/cpu_flash/vector_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// \param number of a row: (batch * heads_kv + kv_head) * decode_rows() + row
inline void decode_merge(const ForwardArguments& arguments, int64_t number) {
  const FlashPlan& plan = arguments.plan;
  const attn_problem& problem = plan.problem;
  const int64_t rows = plan.decode_rows();
  const int64_t row = number % rows;
  const int64_t kv = number / rows;
  const geometry::Sequence sequence = plan.sequence(kv / problem.heads_kv, arguments.extras);
  const int64_t head = kv % problem.heads_kv * plan.group_size() + row / problem.seq_q;
  const int64_t i = row % problem.seq_q;
  if (i >= plan.output_rows(sequence)) return;
  const int64_t padded = plan.padded_v();
  float* const first = arguments.partials + (kv * plan.splits() * rows + row) * plan.partial_floats();
  const int64_t step = rows * plan.partial_floats();
  float largest = kMinusInfinity;
  for (int64_t s = 0; s < plan.splits(); ++s)
    largest = std::max(largest, first[s * step + padded]);
  float sum = 0;
  const float base = largest == kMinusInfinity ? 0.0F : largest;
  for (int64_t s = 0; s < plan.splits(); ++s) {
    float* const part = first + s * step;
    const float factor = std::exp2(part[padded] - base);
    sum += part[padded + 1] * factor;
    for (int64_t k = 0; k < problem.head_dim_v; ++k)
      first[k] = (s == 0 ? 0.0F : first[k]) + part[k] * factor;
  }
  const bool is_empty = sum == 0;
  const geometry::Rows<void> output{arguments.tensors.output, problem.dtype, problem.output_stride, problem.head_dim_v};
  if (is_empty) std::fill_n(first, problem.head_dim_v, 0.0F);
  store_numbers(first, is_empty ? 0.0F : 1.0F / sum, problem.head_dim_v, output.data, output.dtype,
                output.offset(sequence.tensor_batch, head, sequence.q_begin + i));
  if (arguments.tensors.lse == nullptr) return;
  arguments.tensors.lse[plan.row_index(sequence, head, i)] =
      is_empty ? kMinusInfinity : (largest + std::log2(sum)) * kLn2;
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
