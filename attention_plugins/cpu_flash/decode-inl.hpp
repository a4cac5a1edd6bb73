// The forward pass of a few rows over many keys, as in decoding: bound by how fast keys and values are read, each of
// them once. The keys are split into tasks of a fixed size, whose results are merged, so that the number of threads
// changes nothing. Included once for each SIMD target.
#if defined(CFGTOOL_CPU_FLASH_DECODE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_DECODE_INL_HPP
#undef CFGTOOL_CPU_FLASH_DECODE_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_DECODE_INL_HPP
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

class DecodeTask {
 public:
  DecodeTask(const ForwardArguments& arguments, float* scratch)
      : plan_(arguments.plan), problem_(plan_.problem), arguments_(arguments), scratch_(scratch) {}

  void run(int64_t task);

 private:
  int64_t head_of(int64_t row) const { return kv_head_ * plan_.group_size() + row / problem_.seq_q; }
  int64_t row_of(int64_t row) const { return row % problem_.seq_q; }
  void load_queries();
  template <int kRows>
  void score_keys(cpu::KeyRange keys);
  template <int kRows>
  void add_values(cpu::KeyRange keys);
  void weigh(int64_t row, cpu::KeyRange keys, float* partial);
  const float* key_row(const void* data, const int64_t* stride, int64_t head_dim, int64_t key, int64_t* start);

  const FlashPlan& plan_;
  const attn_problem& problem_;
  const ForwardArguments& arguments_;
  float* scratch_;
  cpu::Sequence sequence_{};
  int64_t kv_head_ = 0;
  float* queries_ = nullptr;  // [kDecodeRows][padded_qk]
  float* outputs_ = nullptr;  // [kDecodeRows][padded_v]
  float* scores_ = nullptr;   // [kDecodeRows][kDecodeKeys]
  float* row_ = nullptr;      // one key or value
};

inline void DecodeTask::run(int64_t task) {
  const int64_t splits = plan_.splits();
  kv_head_ = task / splits % problem_.heads_kv;
  sequence_ = plan_.sequence(task / splits / problem_.heads_kv, arguments_.extras);
  queries_ = scratch_;
  outputs_ = queries_ + kDecodeRows * plan_.padded_qk();
  scores_ = outputs_ + kDecodeRows * plan_.padded_v();
  row_ = scores_ + kDecodeRows * kDecodeKeys;
  const int64_t rows = plan_.decode_rows();
  const int64_t first = task % splits * kDecodeKeys;
  const cpu::KeyRange seen = plan_.visible_keys(sequence_, 0, problem_.seq_q);
  const cpu::KeyRange keys{std::max(seen.begin, first), std::min(seen.end, first + kDecodeKeys)};
  float* const partials = arguments_.partials + task * rows * plan_.partial_floats();
  if (keys.begin >= keys.end) {
    for (int64_t r = 0; r < rows; ++r) {
      float* const partial = partials + r * plan_.partial_floats();
      std::fill_n(partial, plan_.padded_v(), 0.0F);
      partial[plan_.padded_v()] = kMinusInfinity;
      partial[plan_.padded_v() + 1] = 0;
    }
    return;
  }
  load_queries();
  rows == 1 ? score_keys<1>(keys) : rows <= 4 ? score_keys<4>(keys) : score_keys<8>(keys);
  for (int64_t r = 0; r < rows; ++r)
    weigh(r, keys, partials + r * plan_.partial_floats());
  std::fill_n(outputs_, kDecodeRows * plan_.padded_v(), 0.0F);
  rows == 1 ? add_values<1>(keys) : rows <= 4 ? add_values<4>(keys) : add_values<8>(keys);
  for (int64_t r = 0; r < rows; ++r)
    std::copy_n(outputs_ + r * plan_.padded_v(), plan_.padded_v(), partials + r * plan_.partial_floats());
}

inline void DecodeTask::load_queries() {
  const cpu::Rows<const void> rows{arguments_.tensors.query, problem_.dtype, problem_.query_stride,
                                   problem_.head_dim_qk};
  std::fill_n(queries_, kDecodeRows * plan_.padded_qk(), 0.0F);
  // What add_values multiplies with in lanes without a row.
  std::fill_n(scores_, kDecodeRows * kDecodeKeys, 0.0F);
  for (int64_t r = 0; r < plan_.decode_rows(); ++r) {
    if (row_of(r) >= sequence_.q_count) continue;
    float* const query = queries_ + r * plan_.padded_qk();
    load_numbers(rows.data, rows.dtype, rows.offset(sequence_.tensor_batch, head_of(r), sequence_.q_begin + row_of(r)),
                 problem_.head_dim_qk, query, plan_.padded_qk());
    for (int64_t k = 0; k < problem_.head_dim_qk; ++k)
      query[k] *= problem_.scale * kLog2E;
  }
}

/// Where the numbers of a key or value can be read in whole vectors: in the tensor, or, if they are not as many, in a
/// copy. `start` is set to the first one's index.
inline const float* DecodeTask::key_row(const void* data, const int64_t* stride, int64_t head_dim, int64_t key,
                                        int64_t* start) {
  const cpu::Rows<const void> rows{data, problem_.dtype, stride, head_dim};
  *start = rows.offset(sequence_.tensor_batch, kv_head_, sequence_.kv_begin + key);
  if (head_dim % lanes() == 0) return nullptr;
  load_numbers(data, problem_.dtype, *start, head_dim, row_, rounded_up(head_dim, 16));
  return row_;
}

template <int kRows>
inline void DecodeTask::score_keys(cpu::KeyRange keys) {
  const FloatTag d;
  const int64_t padded = plan_.padded_qk();
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    int64_t start = 0;
    const float* const copy = key_row(arguments_.tensors.key, problem_.key_stride, problem_.head_dim_qk, j, &start);
    FloatVec sums[kRows];
    for (int r = 0; r < kRows; ++r)
      sums[r] = hn::Zero(d);
    for (int64_t k = 0; k < problem_.head_dim_qk; k += lanes()) {
      const FloatVec key =
          copy ? hn::LoadU(d, copy + k) : load_vector(arguments_.tensors.key, problem_.dtype, start + k);
      for (int r = 0; r < kRows; ++r)
        sums[r] = hn::MulAdd(key, hn::LoadU(d, queries_ + r * padded + k), sums[r]);
    }
    for (int r = 0; r < kRows; ++r)
      scores_[r * kDecodeKeys + j - keys.begin] = hn::GetLane(hn::SumOfLanes(d, sums[r]));
  }
}

/// Biases and masks the scores of a row, and turns them into weights.
inline void DecodeTask::weigh(int64_t row, cpu::KeyRange keys, float* partial) {
  const FloatTag d;
  float* const scores = scores_ + row * kDecodeKeys;
  const cpu::KeyRange seen = plan_.visible_keys(sequence_, row_of(row));
  const int64_t count = keys.end - keys.begin;
  if (problem_.bias == ATTN_BIAS_ALIBI) {
    const float slope = arguments_.extras.alibi_slopes[head_of(row)] * kLog2E;
    const int64_t position = plan_.aligned_position(sequence_, row_of(row));
    for (int64_t j = 0; j < count; ++j)
      scores[j] -= slope * static_cast<float>(std::abs(position - keys.begin - j));
  } else if (problem_.bias == ATTN_BIAS_ADDITIVE) {
    const int64_t* const stride = problem_.bias_stride;
    const int64_t start = sequence_.batch * stride[0] + head_of(row) * stride[1] + row_of(row) * stride[2];
    for (int64_t j = 0; j < count; ++j) {
      if (!seen.contains(keys.begin + j)) continue;
      scores[j] +=
          cpu::load(arguments_.extras.bias, problem_.bias_dtype, start + (keys.begin + j) * stride[3]) * kLog2E;
    }
  }
  float largest = kMinusInfinity;
  bool is_nan = false;
  for (int64_t j = 0; j < count; ++j) {
    if (!seen.contains(keys.begin + j)) scores[j] = kMinusInfinity;
    largest = std::max(largest, scores[j]);
    is_nan |= std::isnan(scores[j]);
  }
  const float base = largest == kMinusInfinity ? 0.0F : largest;
  for (int64_t j = count; j < rounded_up(count, lanes()); ++j)
    scores[j] = kMinusInfinity;
  FloatVec sum = hn::Zero(d);
  for (int64_t j = 0; j < count; j += lanes()) {
    const FloatVec weight = exp2(hn::Sub(hn::LoadU(d, scores + j), hn::Set(d, base)));
    hn::StoreU(weight, d, scores + j);
    sum = hn::Add(sum, weight);
  }
  partial[plan_.padded_v()] = largest;
  partial[plan_.padded_v() + 1] =
      is_nan ? std::numeric_limits<float>::quiet_NaN() : hn::GetLane(hn::SumOfLanes(d, sum));
}

template <int kRows>
inline void DecodeTask::add_values(cpu::KeyRange keys) {
  const FloatTag d;
  const int64_t padded = plan_.padded_v();
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    int64_t start = 0;
    const float* const copy = key_row(arguments_.tensors.value, problem_.value_stride, problem_.head_dim_v, j, &start);
    FloatVec weights[kRows];
    for (int r = 0; r < kRows; ++r)
      weights[r] = hn::Set(d, scores_[r * kDecodeKeys + j - keys.begin]);
    for (int64_t k = 0; k < problem_.head_dim_v; k += lanes()) {
      const FloatVec value =
          copy ? hn::LoadU(d, copy + k) : load_vector(arguments_.tensors.value, problem_.dtype, start + k);
      for (int r = 0; r < kRows; ++r) {
        float* const output = outputs_ + r * padded + k;
        hn::StoreU(hn::MulAdd(weights[r], value, hn::LoadU(d, output)), d, output);
      }
    }
  }
}

inline void decode_task(const ForwardArguments& arguments, int64_t task, float* scratch) {
  DecodeTask(arguments, scratch).run(task);
}

/// \param number of a row: (batch * heads_kv + kv_head) * decode_rows() + row
inline void decode_merge(const ForwardArguments& arguments, int64_t number) {
  const FlashPlan& plan = arguments.plan;
  const attn_problem& problem = plan.problem;
  const int64_t rows = plan.decode_rows();
  const int64_t row = number % rows;
  const int64_t kv = number / rows;
  const cpu::Sequence sequence = plan.sequence(kv / problem.heads_kv, arguments.extras);
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
  const cpu::Rows<void> output{arguments.tensors.output, problem.dtype, problem.output_stride, problem.head_dim_v};
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
