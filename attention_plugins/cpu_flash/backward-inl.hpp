// The backward pass: the weights are computed again from the log-sum-exp, a block of keys by a block of rows at a time.
// Included once for each SIMD target.
//
//   P = 2^(score - lse)   dP = dO V^T         dS = P (dP - delta), delta = dot(dO, O) of each row
//   dV = P^T dO           dK = scale dS^T Q   dQ = scale dS K
//
// Scores come out bit for bit as in the forward pass. A log-sum-exp of thousands is rounded so much that weights
// inherit it: they are then divided by their sum again.
//
// A task is one key head with its query heads, so that no two tasks add to the same sum: the result depends on neither
// the number of threads nor their order.
#if defined(CFGTOOL_CPU_FLASH_BACKWARD_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_BACKWARD_INL_HPP
#undef CFGTOOL_CPU_FLASH_BACKWARD_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_BACKWARD_INL_HPP
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/backward_tiles-inl.hpp"
#include "attention_plugins/cpu_flash/delta-inl.hpp"
#include "attention_plugins/cpu_flash/forward-inl.hpp"
#include "attention_plugins/cpu_flash/gemm-inl.hpp"
#include "attention_plugins/cpu_flash/kernels.hpp"
#include "attention_plugins/cpu_flash/vector_math-inl.hpp"
#include "attention_plugins/cpu_flash/words-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// Rows of a block with a mask are looked at in smaller steps, so that less is computed for nothing.
inline constexpr int64_t kMaskedRows = 32;
/// From here on the rounding of a log-sum-exp shows in the weights.
inline constexpr float kLargeLse = 256;

class BackwardTask : private BackwardTiles {
 public:
  using BackwardTiles::BackwardTiles;

  void run(int64_t task);

 private:
  void head(int64_t head, bool is_first, bool is_last);
  void correct_weights(int64_t head);
  void add_weights(int64_t head, int64_t first_row, int64_t rows, int64_t first_key, int64_t keys);
  void rows_by_keys(int64_t head, int64_t first_row, int64_t rows, int64_t first_key, int64_t keys);
  void part(int64_t head, int64_t first_row, int64_t offset, int64_t rows, int64_t first_key, int64_t begin,
            int64_t end, bool is_masked);
  void weigh(int64_t head, int64_t first_row, int64_t offset, int64_t rows, int64_t first_key, int64_t begin,
             int64_t end, bool is_masked);
  void add_bias(int64_t head, int64_t row, int64_t first_key, int64_t begin, int64_t end, float* scores);
  void add_odd_keys(int64_t first_row, int64_t rows, int64_t first_key, int64_t begin, int64_t end);
  void write_rows(void* data, const int64_t* stride, int64_t head_dim, int64_t head, int64_t first, int64_t count,
                  const float* values, int64_t row, float factor);
  void write_zeros(void* data, const int64_t* stride, int64_t head_dim, int64_t head, int64_t first, int64_t count);
};

inline void BackwardTask::run(int64_t task) {
  sequence_ = plan_.sequence(task / problem_.heads_kv, arguments_.extras);
  kv_head_ = task % problem_.heads_kv;
  take_scratch();
  const int64_t group = plan_.group_size();
  for (int64_t g = 0; g < group; ++g)
    head(kv_head_ * group + g, g == 0, g == group - 1);
  const int64_t tail = plan_.output_keys(sequence_) - sequence_.kv_count;
  write_zeros(arguments_.tensors.d_key, problem_.d_key_stride, problem_.head_dim_qk, kv_head_,
              sequence_.kv_begin + sequence_.kv_count, tail);
  write_zeros(arguments_.tensors.d_value, problem_.d_value_stride, problem_.head_dim_v, kv_head_,
              sequence_.kv_begin + sequence_.kv_count, tail);
}

inline void BackwardTask::head(int64_t head, bool is_first, bool is_last) {
  std::fill_n(d_queries_, rounded_up(sequence_.q_count, kRowMultiple) * plan_.padded_qk(), 0.0F);
  correct_weights(head);
  float* const d_keys = d_keys_;
  float* const d_values = d_values_;
  for (int64_t block = 0; block < sequence_.kv_count; block += kBackwardKeys) {
    const int64_t keys = std::min(kBackwardKeys, sequence_.kv_count - block);
    const int64_t place = plan_.group_size() > 1 ? block : 0;
    d_keys_ = d_keys + place * plan_.padded_qk();
    d_values_ = d_values + place * plan_.padded_v();
    if (is_first) {
      std::fill_n(d_keys_, kBackwardKeys * plan_.padded_qk(), 0.0F);
      std::fill_n(d_values_, kBackwardKeys * plan_.padded_v(), 0.0F);
    }
    load_keys(block, keys);
    for (int64_t row = 0; row < sequence_.q_count; row += kBackwardRows)
      rows_by_keys(head, row, std::min(kBackwardRows, sequence_.q_count - row), block, keys);
    if (!is_last) continue;
    const int64_t first = sequence_.kv_begin + block;
    write_rows(arguments_.tensors.d_key, problem_.d_key_stride, problem_.head_dim_qk, kv_head_, first, keys, d_keys_,
               plan_.padded_qk(), problem_.scale);
    write_rows(arguments_.tensors.d_value, problem_.d_value_stride, problem_.head_dim_v, kv_head_, first, keys,
               d_values_, plan_.padded_v(), 1.0F);
  }
  d_keys_ = d_keys;
  d_values_ = d_values;
  write_rows(arguments_.tensors.d_query, problem_.d_query_stride, problem_.head_dim_qk, head, sequence_.q_begin,
             sequence_.q_count, d_queries_, plan_.padded_qk(), problem_.scale);
  write_zeros(arguments_.tensors.d_query, problem_.d_query_stride, problem_.head_dim_qk, head,
              sequence_.q_begin + sequence_.q_count, plan_.output_rows(sequence_) - sequence_.q_count);
}

/// Of rows with a large log-sum-exp the weights are added up once more than else.
inline void BackwardTask::correct_weights(int64_t head) {
  const auto is_large = [&](int64_t row) {
    const float lse = arguments_.tensors.lse[plan_.row_index(sequence_, head, row)];
    return std::fabs(lse) > kLargeLse && lse != kMinusInfinity;
  };
  bool any_is_large = false;
  for (int64_t row = 0; row < sequence_.q_count; ++row) {
    any_is_large |= is_large(row);
    corrections_[row] = 1;
  }
  if (!any_is_large) return;
  float* const sums = d_queries_;  // not in use yet
  std::fill_n(sums, sequence_.q_count, 0.0F);
  for (int64_t block = 0; block < sequence_.kv_count; block += kBackwardKeys) {
    const int64_t keys = std::min(kBackwardKeys, sequence_.kv_count - block);
    load_keys(block, keys);
    for (int64_t row = 0; row < sequence_.q_count; row += kBackwardRows)
      add_weights(head, row, std::min(kBackwardRows, sequence_.q_count - row), block, keys);
  }
  for (int64_t row = 0; row < sequence_.q_count; ++row) {
    if (is_large(row) && sums[row] > 0) corrections_[row] = 1.0F / sums[row];
  }
  std::fill_n(sums, sequence_.q_count, 0.0F);
}

/// Into d_queries_, one number for each row.
inline void BackwardTask::add_weights(int64_t head, int64_t first_row, int64_t rows, int64_t first_key, int64_t keys) {
  load_rows(head, first_row, rows);
  const int64_t padded = rounded_up(keys, 16);
  const float factor = problem_.scale * kLog2E;
  multiply<Into::kScaleAndStore>({queries_, row_qk_, 1}, {keys_across_, kScoreRow}, {weights_, kScoreRow},
                                 rounded_up(rows, kRowMultiple), padded, words(problem_.head_dim_qk), &factor);
  std::fill_n(d_scores_, rounded_up(rows, kRowMultiple) * kScoreRow, 0.0F);
  weigh(head, first_row, 0, rows, first_key, 0, padded, true);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < keys; ++j)
      d_queries_[first_row + i] += weights_[i * kScoreRow + j];
  }
}

inline void BackwardTask::rows_by_keys(int64_t head, int64_t first_row, int64_t rows, int64_t first_key, int64_t keys) {
  const geometry::KeyRange any = plan_.visible_keys(sequence_, first_row, rows);
  if (any.begin >= first_key + keys || any.end <= first_key) return;
  geometry::KeyRange all{first_key, first_key + keys};
  for (int64_t i = first_row; i < first_row + rows; ++i) {
    const geometry::KeyRange seen = plan_.visible_keys(sequence_, i);
    all = {std::max(all.begin, seen.begin), std::min(all.end, seen.end)};
  }
  load_rows(head, first_row, rows);
  const bool is_masked = all.begin > first_key || all.end < first_key + rounded_up(keys, 16);
  const int64_t step = is_masked ? kMaskedRows : rows;
  for (int64_t offset = 0; offset < rows; offset += step) {
    const int64_t count = std::min(step, rows - offset);
    const geometry::KeyRange seen = plan_.visible_keys(sequence_, first_row + offset, count);
    const int64_t begin = std::max(seen.begin - first_key, int64_t{0}) / 16 * 16;
    const int64_t end = std::min(rounded_up(seen.end - first_key, 16), rounded_up(keys, 16));
    if (begin < end) part(head, first_row, offset, count, first_key, begin, end, is_masked);
  }
}

/// \param offset of the rows in the block that begins at `first_row` \param begin, end of the keys in their block:
/// multiples of 16
inline void BackwardTask::part(int64_t head, int64_t first_row, int64_t offset, int64_t rows, int64_t first_key,
                               int64_t begin, int64_t end, bool is_masked) {
  const int64_t padded_rows = rounded_up(rows, kRowMultiple);
  const int64_t padded_qk = plan_.padded_qk();
  const int64_t padded_v = plan_.padded_v();
  const float factor = problem_.scale * kLog2E;
  multiply<Into::kScaleAndStore>({queries_ + offset * row_qk_, row_qk_, 1}, {keys_across_ + begin, kScoreRow},
                                 {weights_ + begin, kScoreRow}, padded_rows, end - begin, words(problem_.head_dim_qk),
                                 &factor);
  multiply<Into::kStore>({d_outputs_ + offset * row_v_, row_v_, 1}, {values_across_ + begin, kScoreRow},
                         {d_scores_ + begin, kScoreRow}, padded_rows, end - begin, words(problem_.head_dim_v));
  weigh(head, first_row, offset, rows, first_key, begin, end, is_masked);
  if constexpr (kPerWord > 1) round_weights(padded_rows, begin, end);
  multiply<Into::kAdd>({weights_ + begin, 1, kScoreRow}, {d_output_groups_ + offset / kPerWord * group_v_, group_v_},
                       {d_values_ + begin * padded_v, padded_v}, end - begin, padded_v, words(rows));
  multiply<Into::kAdd>({d_scores_ + begin, 1, kScoreRow}, {query_groups_ + offset / kPerWord * group_qk_, group_qk_},
                       {d_keys_ + begin * padded_qk, padded_qk}, end - begin, padded_qk, words(rows));
  multiply<Into::kAdd>(
      {d_score_rows_ + begin / kPerWord, kRoundedRow, 1}, {keys_ + begin / kPerWord * group_qk_, group_qk_},
      {d_queries_ + (first_row + offset) * padded_qk, padded_qk}, padded_rows, padded_qk, words(end - begin));
  if (odd_count_ > 0) add_odd_keys(first_row + offset, rows, first_key, begin, end);
}

/// The part of the queries' gradients that `keys_` has not.
inline void BackwardTask::add_odd_keys(int64_t first_row, int64_t rows, int64_t first_key, int64_t begin, int64_t end) {
  const auto key = rows_of(arguments_.tensors.key, problem_, problem_.key_stride, problem_.head_dim_qk);
  for (int64_t n = 0; n < odd_count_; ++n) {
    const int64_t j = odd_keys_[n];
    if (j < begin || j >= end) continue;
    geometry::load_row(key, sequence_.tensor_batch, kv_head_, sequence_.kv_begin + first_key + j, row_);
    for (int64_t i = 0; i < rows; ++i) {
      const float d_score = number_of(d_score_rows_[i * kRoundedRow + j / kPerWord], j % kPerWord);
      if (d_score == 0) continue;
      geometry::add_scaled(d_queries_ + (first_row + i) * plan_.padded_qk(), d_score, row_, problem_.head_dim_qk);
    }
  }
}

/// Scores to weights, and their gradients' first factor to their gradients.
inline void BackwardTask::weigh(int64_t head, int64_t first_row, int64_t offset, int64_t rows, int64_t first_key,
                                int64_t begin, int64_t end, bool is_masked) {
  const FloatTag d;
  for (int64_t i = 0; i < rounded_up(rows, kRowMultiple); ++i) {
    float* const weights = weights_ + i * kScoreRow;
    float* const d_scores = d_scores_ + i * kScoreRow;
    const int64_t row = first_row + offset + i;
    const float row_lse = i < rows ? arguments_.tensors.lse[plan_.row_index(sequence_, head, row)] : kMinusInfinity;
    if (row_lse == kMinusInfinity) {
      std::fill(weights + begin, weights + end, 0.0F);
      std::fill(d_scores + begin, d_scores + end, 0.0F);
      continue;
    }
    if (problem_.bias != ATTN_BIAS_NONE) add_bias(head, row, first_key, begin, end, weights);
    const FloatVec lse = hn::Set(d, row_lse * kLog2E);
    const FloatVec correction = hn::Set(d, corrections_[row]);
    const FloatVec delta = hn::Set(d, arguments_.deltas[plan_.row_index(sequence_, head, row)]);
    const geometry::KeyRange seen = is_masked ? plan_.visible_keys(sequence_, row) : geometry::KeyRange{0, 0};
    const FloatVec first_seen = hn::Set(d, static_cast<float>(seen.begin - first_key));
    const FloatVec behind_seen = hn::Set(d, static_cast<float>(seen.end - first_key));
    for (int64_t j = begin; j < end; j += lanes()) {
      FloatVec weight = hn::Mul(exp2(hn::Sub(hn::LoadU(d, weights + j), lse)), correction);
      if (is_masked) {
        const FloatVec key = hn::Iota(d, static_cast<float>(j));
        weight = hn::IfThenElseZero(hn::And(hn::Ge(key, first_seen), hn::Lt(key, behind_seen)), weight);
      }
      // What has no weight has no gradient; it may hold infinities.
      const FloatVec gradient = hn::Mul(weight, hn::Sub(hn::LoadU(d, d_scores + j), delta));
      hn::StoreU(weight, d, weights + j);
      hn::StoreU(hn::IfThenZeroElse(hn::Eq(weight, hn::Zero(d)), gradient), d, d_scores + j);
    }
  }
}

inline void BackwardTask::add_bias(int64_t head, int64_t row, int64_t first_key, int64_t begin, int64_t end,
                                   float* scores) {
  const int64_t present = std::min(end, sequence_.kv_count - first_key);
  if (problem_.bias == ATTN_BIAS_ALIBI) {
    const float slope = arguments_.extras.alibi_slopes[head] * kLog2E;
    const int64_t position = plan_.aligned_position(sequence_, row) - first_key;
    for (int64_t j = begin; j < present; ++j)
      scores[j] -= slope * static_cast<float>(std::abs(position - j));
    return;
  }
  const int64_t* const stride = problem_.bias_stride;
  const int64_t start = sequence_.batch * stride[0] + head * stride[1] + row * stride[2];
  for (int64_t j = begin; j < present; ++j)
    scores[j] +=
        kLog2E * geometry::load(arguments_.extras.bias, problem_.bias_dtype, start + (first_key + j) * stride[3]);
}

inline void BackwardTask::write_rows(void* data, const int64_t* stride, int64_t head_dim, int64_t head, int64_t first,
                                     int64_t count, const float* values, int64_t row, float factor) {
  const geometry::Rows<void> rows{data, problem_.dtype, stride, head_dim};
  for (int64_t i = 0; i < count; ++i) {
    store_numbers(values + i * row, factor, head_dim, data, problem_.dtype,
                  rows.offset(sequence_.tensor_batch, head, first + i));
  }
}

inline void BackwardTask::write_zeros(void* data, const int64_t* stride, int64_t head_dim, int64_t head, int64_t first,
                                      int64_t count) {
  if (count <= 0) return;
  std::fill_n(row_, head_dim, 0.0F);
  write_rows(data, stride, head_dim, head, first, count, row_, 0, 1.0F);
}

inline void backward_task(const BackwardArguments& arguments, int64_t task, float* scratch) {
  BackwardTask(arguments, scratch).run(task);
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
