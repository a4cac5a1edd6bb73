// The memory of a backward task: a block of keys and a block of rows, as the products of the backward pass want them.
// Included once for each SIMD target.
#if defined(CFGTOOL_CPU_FLASH_BACKWARD_TILES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_BACKWARD_TILES_INL_HPP
#undef CFGTOOL_CPU_FLASH_BACKWARD_TILES_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_BACKWARD_TILES_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/delta-inl.hpp"
#include "attention_plugins/cpu_flash/gemm-inl.hpp"
#include "attention_plugins/cpu_flash/kernels.hpp"
#include "attention_plugins/cpu_flash/words-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// Distance of rows of scores, and of transposed keys.
inline constexpr int64_t kScoreRow = kBackwardKeys + kRowPadding;
/// The same once they are words.
inline constexpr int64_t kRoundedRow = words(kBackwardKeys) + kRowPadding;

class BackwardTiles {
 public:
  BackwardTiles(const BackwardArguments& arguments, float* scratch)
      : plan_(arguments.plan), problem_(plan_.problem), arguments_(arguments), next_(scratch) {}

 protected:
  void take_scratch();
  void load_keys(int64_t first, int64_t count);
  void load_rows(int64_t head, int64_t first, int64_t count);
  void round_weights(int64_t rows, int64_t begin, int64_t end);

  const FlashPlan& plan_;
  const attn_problem& problem_;
  const BackwardArguments& arguments_;
  geometry::Sequence sequence_{};
  int64_t kv_head_ = 0;
  // Rows of words, and words that kPerWord rows have in common. Where a word is one number, both are the same memory.
  int64_t row_qk_ = 0, row_v_ = 0;                           // distances of rows: words(padded) + pad
  int64_t group_qk_ = 0, group_v_ = 0;                       // distances of groups: padded + pad
  float* keys_ = nullptr;                                    // groups
  float *keys_across_ = nullptr, *values_across_ = nullptr;  // [words(head_dim)][kScoreRow]
  float *queries_ = nullptr, *d_outputs_ = nullptr;          // rows
  float *query_groups_ = nullptr, *d_output_groups_ = nullptr;
  float *weights_ = nullptr, *d_scores_ = nullptr;  // [kBackwardRows][kScoreRow] of fp32, then groups
  float* d_score_rows_ = nullptr;                   // rows, at a distance of kRoundedRow
  float* corrections_ = nullptr;                    // [seq_q]: what the weights of each row are multiplied with
  float* d_queries_ = nullptr;                      // [seq_q][padded_qk]: of one head
  float *d_keys_ = nullptr, *d_values_ = nullptr;   // [seq_kv or kBackwardKeys][padded]
  float* row_ = nullptr;                            // kPerWord rows of words
  // Keys of the block that hold infinities or NaNs, which are zeros in `keys_`: a gradient of 0 would make NaNs of them
  // in rows that do not see the key.
  int64_t odd_keys_[kBackwardKeys] = {};
  int64_t odd_count_ = 0;

 private:
  float* take(int64_t floats) {
    float* const taken = next_;
    next_ += rounded_up(floats, 16);
    return taken;
  }

  float* next_;
};

inline void BackwardTiles::take_scratch() {
  row_qk_ = words(plan_.padded_qk()) + kRowPadding;
  row_v_ = words(plan_.padded_v()) + kRowPadding;
  group_qk_ = plan_.padded_qk() + kRowPadding;
  group_v_ = plan_.padded_v() + kRowPadding;
  keys_ = take(words(kBackwardKeys) * group_qk_);
  keys_across_ = take(words(problem_.head_dim_qk) * kScoreRow);
  values_across_ = take(words(problem_.head_dim_v) * kScoreRow);
  queries_ = take(kBackwardRows * row_qk_);
  d_outputs_ = take(kBackwardRows * row_v_);
  weights_ = take(kBackwardRows * kScoreRow);
  d_scores_ = take(kBackwardRows * kScoreRow);
  query_groups_ = kPerWord == 1 ? queries_ : take(words(kBackwardRows) * group_qk_);
  d_output_groups_ = kPerWord == 1 ? d_outputs_ : take(words(kBackwardRows) * group_v_);
  d_score_rows_ = kPerWord == 1 ? d_scores_ : take(kBackwardRows * kRoundedRow);
  row_ = take(std::max(plan_.padded_qk(), plan_.padded_v()));
  corrections_ = take(problem_.seq_q);
  d_queries_ = take(rounded_up(problem_.seq_q, kRowMultiple) * plan_.padded_qk());
  // The heads of a group add to the same gradients of keys and values; a head alone is done with a block at once.
  const int64_t keys = plan_.group_size() > 1 ? rounded_up(problem_.seq_kv, kBackwardKeys) : kBackwardKeys;
  d_keys_ = take(keys * plan_.padded_qk());
  d_values_ = take(keys * plan_.padded_v());
}

inline void BackwardTiles::load_keys(int64_t first, int64_t count) {
  const auto key = rows_of(arguments_.tensors.key, problem_, problem_.key_stride, problem_.head_dim_qk);
  const auto value = rows_of(arguments_.tensors.value, problem_, problem_.value_stride, problem_.head_dim_v);
  const auto load = [&](const geometry::Rows<const void>& rows, int64_t j, int64_t padded, float* to) HWY_ATTR {
    if (j < count) {
      const int64_t row = sequence_.kv_begin + first + j;
      load_words(rows, rows.offset(sequence_.tensor_batch, kv_head_, row), to, padded);
    } else {
      std::fill_n(to, words(padded), 0.0F);
    }
  };
  const int64_t key_words = words(plan_.padded_qk());
  for (int64_t j = 0; j < rounded_up(count, 16); ++j) {
    load(value, j, plan_.padded_v(), row_);
    for (int64_t k = 0; k < words(problem_.head_dim_v); ++k)
      values_across_[k * kScoreRow + j] = row_[k];
  }
  odd_count_ = 0;
  for (int64_t j = 0; j < rounded_up(count, 16); ++j) {
    float* const group = keys_ + j / kPerWord * group_qk_;
    float* const numbers = kPerWord == 1 ? group : row_ + j % kPerWord * key_words;
    load(key, j, plan_.padded_qk(), numbers);
    for (int64_t k = 0; k < words(problem_.head_dim_qk); ++k)
      keys_across_[k * kScoreRow + j] = numbers[k];
    if (!all_finite(numbers, key_words)) {
      odd_keys_[odd_count_++] = j;
      std::fill_n(numbers, key_words, 0.0F);
    }
    if (j % kPerWord == kPerWord - 1) group_rows(row_, key_words, plan_.padded_qk(), group);
  }
}

inline void BackwardTiles::load_rows(int64_t head, int64_t first, int64_t count) {
  const auto query = rows_of(arguments_.tensors.query, problem_, problem_.query_stride, problem_.head_dim_qk);
  const auto d_output = rows_of(arguments_.tensors.d_output, problem_, problem_.d_output_stride, problem_.head_dim_v);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = sequence_.q_begin + first + i;
    load_words(query, query.offset(sequence_.tensor_batch, head, row), queries_ + i * row_qk_, plan_.padded_qk());
    load_words(d_output, d_output.offset(sequence_.tensor_batch, head, row), d_outputs_ + i * row_v_, plan_.padded_v());
  }
  for (int64_t i = count; i < rounded_up(count, kRowMultiple); ++i) {
    std::fill_n(queries_ + i * row_qk_, words(plan_.padded_qk()), 0.0F);
    std::fill_n(d_outputs_ + i * row_v_, words(plan_.padded_v()), 0.0F);
  }
  for (int64_t i = 0; i < rounded_up(count, kRowMultiple); i += kPerWord) {
    group_rows(queries_ + i * row_qk_, row_qk_, plan_.padded_qk(), query_groups_ + i / kPerWord * group_qk_);
    group_rows(d_outputs_ + i * row_v_, row_v_, plan_.padded_v(), d_output_groups_ + i / kPerWord * group_v_);
  }
}

/// Weights and gradients of scores to words, in their place: of kPerWord rows in the first of these; the gradients also
/// row by row.
inline void BackwardTiles::round_weights(int64_t rows, int64_t begin, int64_t end) {
  const FloatTag d;
  for (int64_t i = 0; i < rows; i += kPerWord) {
    for (int64_t j = begin; j < end; j += lanes()) {
      FloatVec weights[kPerWord];
      FloatVec d_scores[kPerWord];
      for (int64_t n = 0; n < kPerWord; ++n) {
        weights[n] = hn::LoadU(d, weights_ + (i + n) * kScoreRow + j);
        d_scores[n] = hn::LoadU(d, d_scores_ + (i + n) * kScoreRow + j);
        store_words(d_scores[n], d_score_rows_ + (i + n) * kRoundedRow + j / kPerWord);
      }
      hn::StoreU(grouped(weights), d, weights_ + i / kPerWord * kScoreRow + j);
      hn::StoreU(grouped(d_scores), d, d_scores_ + i / kPerWord * kScoreRow + j);
    }
  }
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
