// The forward pass: for each panel of query rows, the blocks of keys one after the other, with a softmax that goes on
// (Milakov and Gimelshein, "Online normalizer calculation for softmax"; Dao et al., "FlashAttention"). Included once
// for each SIMD target.
//
// Scores are kept transposed, [key][row], so that the rows of a panel lie side by side in vectors: the softmax needs no
// sums across a vector. They are in units of log2(e), the factor of which comes with the scale.
#if defined(CFGTOOL_CPU_FLASH_FORWARD_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_FORWARD_INL_HPP
#undef CFGTOOL_CPU_FLASH_FORWARD_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_FORWARD_INL_HPP
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/gemm-inl.hpp"
#include "attention_plugins/cpu_flash/kernels.hpp"
#include "attention_plugins/cpu_flash/vector_math-inl.hpp"
#include "attention_plugins/cpu_flash/words-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

inline constexpr float kLog2E = 1.4426950408889634F;
inline constexpr float kLn2 = 0.6931471805599453F;
inline constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

/// kPanelRows query rows of one head, and what is known of them so far.
struct Panel {
  int64_t head = 0;
  int64_t first = 0;                    // row within the sequence
  int64_t count = 0;                    // of rows that there are; the rest of the lanes computes on zeros
  geometry::KeyRange any{0, 0};         // keys that some row sees
  geometry::KeyRange all{0, 0};         // keys that every row sees
  bool is_begun = false;                // `output` holds something
  float* queries = nullptr;             // [words(head_dim_qk)][kPanelRows]
  float* output = nullptr;              // [kPanelRows][padded_v]
  float* largest = nullptr;             // [kPanelRows]: score
  float* sum = nullptr;                 // [kPanelRows]: of 2^(score - largest)
  geometry::KeyRange seen[kPanelRows];  // the keys that a row sees
  int64_t position[kPanelRows] = {};    // the key that a row faces
};

class ForwardTask {
 public:
  ForwardTask(const ForwardArguments& arguments, float* scratch)
      : plan_(arguments.plan), problem_(plan_.problem), arguments_(arguments), next_(scratch) {}

  void run(int64_t task);

 private:
  float* take(int64_t floats) {
    float* const taken = next_;
    next_ += rounded_up(floats, 16);
    return taken;
  }
  void choose_panels(int64_t task);
  void begin_panel(Panel& panel, int64_t number);
  void load_queries(const Panel& panel);
  void load_block(int64_t first_key, int64_t keys);
  void attend(Panel& panel, int64_t block);
  void add_bias(const Panel& panel, int64_t first_key, int64_t keys);
  void weigh(Panel& panel, int64_t first_key, int64_t keys, bool is_masked);
  void add_odd_values(const Panel& panel, int64_t block, int64_t begin, int64_t end);
  void write(const Panel& panel);

  const FlashPlan& plan_;
  const attn_problem& problem_;
  const ForwardArguments& arguments_;
  float* next_;
  geometry::Sequence sequence_{};
  int64_t kv_head_ = 0;
  Panel panels_[kPanelsPerTask];
  int64_t panel_count_ = 0;
  int64_t key_row_ = 0, value_row_ = 0;  // distances of rows
  float* keys_ = nullptr;                // [kKeyBlock][words(padded_qk) + pad]
  float* values_ = nullptr;              // [words(kKeyBlock)][padded_v + pad]
  float* scores_ = nullptr;              // [kKeyBlock][kPanelRows]; weights: [words(kKeyBlock)][kPanelRows]
  float* factors_ = nullptr;             // [kPanelRows]: what the output so far is multiplied with
  float* row_ = nullptr;                 // kPerWord rows of words
  // Keys of the block with infinities or NaNs among their values, which are zeros in `values_`: a weight of 0 would
  // make NaNs of them in rows that do not see the key.
  int64_t odd_keys_[kKeyBlock] = {};
  int64_t odd_count_ = 0;
};

inline void ForwardTask::run(int64_t task) {
  key_row_ = words(plan_.padded_qk()) + kRowPadding;
  value_row_ = plan_.padded_v() + kRowPadding;
  keys_ = take(kKeyBlock * key_row_);
  values_ = take(words(kKeyBlock) * value_row_);
  scores_ = take(kKeyBlock * kPanelRows);
  factors_ = take(kPanelRows);
  row_ = take(std::max(plan_.padded_qk(), plan_.padded_v()));
  choose_panels(task);
  geometry::KeyRange keys{0, 0};
  for (int64_t i = 0; i < panel_count_; ++i) {
    const geometry::KeyRange& any = panels_[i].any;
    if (any.is_empty()) continue;
    keys = keys.is_empty() ? any : geometry::KeyRange{std::min(keys.begin, any.begin), std::max(keys.end, any.end)};
  }
  // Blocks begin at multiples of their size, so that a row's result does not depend on the rows beside it.
  for (int64_t block = keys.begin / kKeyBlock * kKeyBlock; block < keys.end; block += kKeyBlock) {
    load_block(block, std::min(kKeyBlock, sequence_.kv_count - block));
    for (int64_t i = 0; i < panel_count_; ++i)
      attend(panels_[i], block);
  }
  for (int64_t i = 0; i < panel_count_; ++i)
    write(panels_[i]);
}

inline void ForwardTask::choose_panels(int64_t task) {
  const int64_t tasks = plan_.tasks_of_kv_head();
  kv_head_ = task / tasks % problem_.heads_kv;
  sequence_ = plan_.sequence(task / tasks / problem_.heads_kv, arguments_.extras);
  // With a causal mask the last rows have the most to do: they begin.
  const int64_t part = tasks - 1 - task % tasks;
  const int64_t all = plan_.panels_of_head() * plan_.group_size();
  panel_count_ = 0;
  for (int64_t number = part * kPanelsPerTask; number < std::min(all, (part + 1) * kPanelsPerTask); ++number) {
    begin_panel(panels_[panel_count_], number);
    if (panels_[panel_count_].count > 0) ++panel_count_;
  }
}

/// \param number of the panels of one key head: all heads of the first rows, then of the next
inline void ForwardTask::begin_panel(Panel& panel, int64_t number) {
  panel.head = kv_head_ * plan_.group_size() + number % plan_.group_size();
  panel.first = number / plan_.group_size() * kPanelRows;
  panel.count = std::min(kPanelRows, plan_.output_rows(sequence_) - panel.first);
  if (panel.count <= 0) return;
  panel.is_begun = false;
  panel.queries = take(words(problem_.head_dim_qk) * kPanelRows);
  panel.output = take(kPanelRows * plan_.padded_v());
  panel.largest = take(kPanelRows);
  panel.sum = take(kPanelRows);
  panel.any = plan_.visible_keys(sequence_, panel.first, panel.count);
  panel.all = panel.any;
  for (int64_t r = 0; r < kPanelRows; ++r) {
    // Lanes without a row see all that the others see, so that they call for no mask.
    const geometry::KeyRange keys = r < panel.count ? plan_.visible_keys(sequence_, panel.first + r) : panel.any;
    panel.all = {std::max(panel.all.begin, keys.begin), std::min(panel.all.end, keys.end)};
    panel.seen[r] = keys;
    panel.position[r] = plan_.aligned_position(sequence_, panel.first + r);
    panel.largest[r] = kMinusInfinity;
    panel.sum[r] = 0;
  }
  if (!panel.any.is_empty()) load_queries(panel);
}

inline void ForwardTask::load_queries(const Panel& panel) {
  const geometry::Rows<const void> rows{arguments_.tensors.query, problem_.dtype, problem_.query_stride,
                                        problem_.head_dim_qk};
  for (int64_t r = 0; r < kPanelRows; ++r) {
    if (panel.first + r < sequence_.q_count && r < panel.count) {
      const int64_t start = rows.offset(sequence_.tensor_batch, panel.head, sequence_.q_begin + panel.first + r);
      load_words(rows, start, row_, plan_.padded_qk());
    } else {
      std::fill_n(row_, words(problem_.head_dim_qk), 0.0F);
    }
    for (int64_t k = 0; k < words(problem_.head_dim_qk); ++k)
      panel.queries[k * kPanelRows + r] = row_[k];
  }
}

inline void ForwardTask::load_block(int64_t first_key, int64_t keys) {
  const geometry::Rows<const void> key{arguments_.tensors.key, problem_.dtype, problem_.key_stride,
                                       problem_.head_dim_qk};
  const geometry::Rows<const void> value{arguments_.tensors.value, problem_.dtype, problem_.value_stride,
                                         problem_.head_dim_v};
  const int64_t key_words = words(plan_.padded_qk());
  const int64_t value_words = words(plan_.padded_v());
  odd_count_ = 0;
  for (int64_t j = 0; j < rounded_up(keys, kRowMultiple); ++j) {
    float* const group = values_ + j / kPerWord * value_row_;
    float* const values = kPerWord == 1 ? group : row_ + j % kPerWord * value_words;
    if (j < keys) {
      const int64_t row = sequence_.kv_begin + first_key + j;
      load_words(key, key.offset(sequence_.tensor_batch, kv_head_, row), keys_ + j * key_row_, plan_.padded_qk());
      load_words(value, value.offset(sequence_.tensor_batch, kv_head_, row), values, plan_.padded_v());
      if (!all_finite(values, value_words)) {
        odd_keys_[odd_count_++] = j;
        std::fill_n(values, value_words, 0.0F);
      }
    } else {
      std::fill_n(keys_ + j * key_row_, key_words, 0.0F);
      std::fill_n(values, value_words, 0.0F);
    }
    if (j % kPerWord == kPerWord - 1) group_rows(row_, value_words, plan_.padded_v(), group);
  }
}

inline void ForwardTask::attend(Panel& panel, int64_t block) {
  // Within the block, in steps of rows of a tile; what the rows do not see of them is masked.
  const int64_t begin = std::max(panel.any.begin - block, int64_t{0}) / kRowMultiple * kRowMultiple;
  const int64_t end = std::min(rounded_up(panel.any.end - block, kRowMultiple), kKeyBlock);
  if (begin >= end) return;
  const float factor = problem_.scale * kLog2E;
  multiply<Into::kScaleAndStore>({keys_ + begin * key_row_, key_row_, 1}, {panel.queries, kPanelRows},
                                 {scores_, kPanelRows}, end - begin, kPanelRows, words(problem_.head_dim_qk), &factor);
  if (problem_.bias != ATTN_BIAS_NONE) add_bias(panel, block + begin, end - begin);
  const bool is_masked = block + begin < panel.all.begin || block + end > panel.all.end;
  weigh(panel, block + begin, end - begin, is_masked);
  const Left weights{scores_, 1, kPanelRows};
  const Right values{values_ + begin / kPerWord * value_row_, value_row_};
  const Result output{panel.output, plan_.padded_v()};
  if (panel.is_begun) {
    multiply<Into::kScaleAndAdd>(weights, values, output, kPanelRows, plan_.padded_v(), words(end - begin), factors_);
  } else {
    multiply<Into::kStore>(weights, values, output, kPanelRows, plan_.padded_v(), words(end - begin));
  }
  panel.is_begun = true;
  if (odd_count_ > 0) add_odd_values(panel, block, begin, end);
}

/// \param begin, end of the keys in the block that have weights
inline void ForwardTask::add_odd_values(const Panel& panel, int64_t block, int64_t begin, int64_t end) {
  const geometry::Rows<const void> value{arguments_.tensors.value, problem_.dtype, problem_.value_stride,
                                         problem_.head_dim_v};
  for (int64_t n = 0; n < odd_count_; ++n) {
    const int64_t j = odd_keys_[n];
    if (j < begin || j >= end) continue;
    geometry::load_row(value, sequence_.tensor_batch, kv_head_, sequence_.kv_begin + block + j, row_);
    for (int64_t r = 0; r < panel.count; ++r) {
      if (!panel.seen[r].contains(block + j)) continue;
      const float weight = number_of(scores_[(j - begin) / kPerWord * kPanelRows + r], j % kPerWord);
      geometry::add_scaled(panel.output + r * plan_.padded_v(), weight, row_, problem_.head_dim_v);
    }
  }
}

inline void ForwardTask::add_bias(const Panel& panel, int64_t first_key, int64_t keys) {
  const int64_t present = std::min(keys, sequence_.kv_count - first_key);
  for (int64_t r = 0; r < panel.count && panel.first + r < sequence_.q_count; ++r) {
    if (problem_.bias == ATTN_BIAS_ALIBI) {
      const float slope = arguments_.extras.alibi_slopes[panel.head] * kLog2E;
      for (int64_t j = 0; j < present; ++j)
        scores_[j * kPanelRows + r] -= slope * static_cast<float>(std::abs(panel.position[r] - first_key - j));
      continue;
    }
    const int64_t* const stride = problem_.bias_stride;
    const int64_t start = sequence_.batch * stride[0] + panel.head * stride[1] + (panel.first + r) * stride[2];
    for (int64_t j = 0; j < present; ++j) {
      const float bias =
          geometry::load(arguments_.extras.bias, problem_.bias_dtype, start + (first_key + j) * stride[3]);
      scores_[j * kPanelRows + r] += bias * kLog2E;
    }
  }
}

/// Turns the scores into weights 2^(score - largest), with the largest score so far, as words; `factors_` bring what
/// was summed before to the same. The sum is of the weights before they are rounded to bf16.
inline void ForwardTask::weigh(Panel& panel, int64_t first_key, int64_t keys, bool is_masked) {
  const FloatTag d;
  for (int64_t lane = 0; lane < kPanelRows; lane += lanes()) {
    float* const scores = scores_ + lane;
    const FloatVec before = hn::LoadU(d, panel.largest + lane);
    FloatVec largest = before;
    if (is_masked) {
      // From the block's first key on, since a float counts keys only up to 2^24.
      HWY_ALIGN float begins[kPanelRows];
      HWY_ALIGN float ends[kPanelRows];
      for (int64_t r = lane; r < lane + lanes(); ++r) {
        begins[r] = static_cast<float>(panel.seen[r].begin - first_key);
        ends[r] = static_cast<float>(panel.seen[r].end - first_key);
      }
      const FloatVec begin = hn::LoadU(d, begins + lane);
      const FloatVec end = hn::LoadU(d, ends + lane);
      for (int64_t j = 0; j < keys; ++j) {
        const FloatVec key = hn::Set(d, static_cast<float>(j));
        const auto sees = hn::And(hn::Ge(key, begin), hn::Lt(key, end));
        const FloatVec score = hn::IfThenElse(sees, hn::LoadU(d, scores + j * kPanelRows), hn::Set(d, kMinusInfinity));
        hn::StoreU(score, d, scores + j * kPanelRows);
        largest = hn::Max(largest, score);
      }
    } else {
      for (int64_t j = 0; j < keys; ++j)
        largest = hn::Max(largest, hn::LoadU(d, scores + j * kPanelRows));
    }
    hn::StoreU(largest, d, panel.largest + lane);
    // Of an empty row all differences are -infinity.
    const FloatVec base = hn::IfThenZeroElse(hn::Eq(largest, hn::Set(d, kMinusInfinity)), largest);
    const FloatVec factor = exp2(hn::Sub(before, base));
    hn::StoreU(factor, d, factors_ + lane);
    FloatVec sum = hn::Zero(d);
    for (int64_t j = 0; j < keys; j += kPerWord) {
      FloatVec weights[kPerWord];
      for (int64_t n = 0; n < kPerWord; ++n) {
        weights[n] = exp2(hn::Sub(hn::LoadU(d, scores + (j + n) * kPanelRows), base));
        sum = hn::Add(sum, weights[n]);
      }
      hn::StoreU(grouped(weights), d, scores + j / kPerWord * kPanelRows);
    }
    hn::StoreU(hn::MulAdd(hn::LoadU(d, panel.sum + lane), factor, sum), d, panel.sum + lane);
  }
}

inline void ForwardTask::write(const Panel& panel) {
  const geometry::Rows<void> output{arguments_.tensors.output, problem_.dtype, problem_.output_stride,
                                    problem_.head_dim_v};
  if (!panel.is_begun) std::fill_n(panel.output, kPanelRows * plan_.padded_v(), 0.0F);
  for (int64_t r = 0; r < panel.count; ++r) {
    const int64_t row = panel.first + r;
    const bool is_empty = panel.sum[r] == 0;
    if (is_empty) std::fill_n(panel.output + r * plan_.padded_v(), problem_.head_dim_v, 0.0F);
    store_numbers(panel.output + r * plan_.padded_v(), is_empty ? 0.0F : 1.0F / panel.sum[r], problem_.head_dim_v,
                  output.data, output.dtype,
                  output.offset(sequence_.tensor_batch, panel.head, sequence_.q_begin + row));
    if (arguments_.tensors.lse == nullptr) continue;
    arguments_.tensors.lse[plan_.row_index(sequence_, panel.head, row)] =
        is_empty ? kMinusInfinity : (panel.largest[r] + std::log2(panel.sum[r])) * kLn2;
  }
}

inline void forward_task(const ForwardArguments& arguments, int64_t task, float* scratch) {
  ForwardTask(arguments, scratch).run(task);
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
