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
  void write_partial(int64_t row, float* partial);
  template <int kRows>
  void score_keys(geometry::KeyRange keys);
  template <int kRows, int kKeys>
  void score_some(int64_t first_key, int64_t place, int64_t step);
  template <int kRows>
  void add_values(geometry::KeyRange keys);
  template <int kRows, int kPairs>
  void add_columns(geometry::KeyRange keys, int64_t first);
  void weigh(int64_t row, geometry::KeyRange keys, float* partial);
  void add_seen_values(int64_t row, geometry::KeyRange keys);

  const FlashPlan& plan_;
  const attn_problem& problem_;
  const ForwardArguments& arguments_;
  float* scratch_;
  geometry::Sequence sequence_{};
  int64_t kv_head_ = 0;
  // Numbers of head dimensions up to a multiple of 2 * lanes() are in the order of load_pair, the rest as they are.
  float* queries_ = nullptr;  // [kDecodeRows][padded_qk]
  float* outputs_ = nullptr;  // [kDecodeRows][padded_v]
  float* scores_ = nullptr;   // [kDecodeRows][kDecodeKeys]
};

/// Numbers of a head that load_pair reads, and where they go.
inline int64_t paired(int64_t head_dim) {
  return head_dim / (2 * lanes()) * (2 * lanes());
}
inline int64_t place_of(int32_t dtype, int64_t head_dim, int64_t k) {
  const int64_t step = 2 * lanes();
  return k < paired(head_dim) ? k / step * step + place_in_pair(dtype, k % step) : k;
}

inline void DecodeTask::run(int64_t task) {
  const int64_t splits = plan_.splits();
  kv_head_ = task / splits % problem_.heads_kv;
  sequence_ = plan_.sequence(task / splits / problem_.heads_kv, arguments_.extras);
  queries_ = scratch_;
  outputs_ = queries_ + kDecodeRows * plan_.padded_qk();
  scores_ = outputs_ + kDecodeRows * plan_.padded_v();
  const int64_t rows = plan_.decode_rows();
  const int64_t first = task % splits * kDecodeKeys;
  const geometry::KeyRange seen = plan_.visible_keys(sequence_, 0, problem_.seq_q);
  const geometry::KeyRange keys{std::max(seen.begin, first), std::min(seen.end, first + kDecodeKeys)};
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
  rows == 1 ? add_values<1>(keys) : rows <= 4 ? add_values<4>(keys) : add_values<8>(keys);
  for (int64_t r = 0; r < rows; ++r) {
    add_seen_values(r, keys);
    write_partial(r, partials + r * plan_.partial_floats());
  }
}

inline void DecodeTask::load_queries() {
  const geometry::Rows<const void> rows{arguments_.tensors.query, problem_.dtype, problem_.query_stride,
                                        problem_.head_dim_qk};
  std::fill_n(queries_, kDecodeRows * plan_.padded_qk(), 0.0F);
  // What add_values multiplies with where there is no row.
  if (plan_.decode_rows() > 1) std::fill_n(scores_, kDecodeRows * kDecodeKeys, 0.0F);
  for (int64_t r = 0; r < plan_.decode_rows(); ++r) {
    if (row_of(r) >= sequence_.q_count) continue;
    const int64_t start = rows.offset(sequence_.tensor_batch, head_of(r), sequence_.q_begin + row_of(r));
    for (int64_t k = 0; k < problem_.head_dim_qk; ++k) {
      queries_[r * plan_.padded_qk() + place_of(problem_.dtype, problem_.head_dim_qk, k)] =
          geometry::load(rows.data, rows.dtype, start + k) * (problem_.scale * kLog2E);
    }
  }
}

inline void DecodeTask::write_partial(int64_t row, float* partial) {
  const float* const output = outputs_ + row * plan_.padded_v();
  for (int64_t k = 0; k < problem_.head_dim_v; ++k)
    partial[k] = output[place_of(problem_.dtype, problem_.head_dim_v, k)];
}

template <int kRows>
inline void DecodeTask::score_keys(geometry::KeyRange keys) {
  // Four places of the memory at a time are read faster than one.
  const int64_t quarter = (keys.end - keys.begin) / 4;
  for (int64_t j = 0; j < quarter; ++j)
    score_some<kRows, 4>(keys.begin + j, j, quarter);
  for (int64_t j = 4 * quarter; j < keys.end - keys.begin; ++j)
    score_some<kRows, 1>(keys.begin + j, j, 0);
}

/// The scores of `kKeys` keys, 1 or 4. \param place of the first among the task's \param step from one to the next
template <int kRows, int kKeys>
inline void DecodeTask::score_some(int64_t first_key, int64_t place, int64_t step) {
  const FloatTag d;
  const int64_t padded = plan_.padded_qk();
  const geometry::Rows<const void> rows{arguments_.tensors.key, problem_.dtype, problem_.key_stride,
                                        problem_.head_dim_qk};
  const int64_t pairs_end = paired(problem_.head_dim_qk);
  const int32_t dtype = problem_.dtype;
  int64_t starts[kKeys];
  for (int n = 0; n < kKeys; ++n)
    starts[n] = rows.offset(sequence_.tensor_batch, kv_head_, sequence_.kv_begin + first_key + n * step);
  for (int r = 0; r < kRows; ++r) {
    const float* const query = queries_ + r * padded;
    FloatVec sums[4];
    for (FloatVec& sum : sums)
      sum = hn::Zero(d);
    for (int64_t k = 0; k < pairs_end; k += 2 * lanes()) {
      const FloatVec first = hn::LoadU(d, query + k);
      const FloatVec second = hn::LoadU(d, query + k + lanes());
      for (int n = 0; n < kKeys; ++n) {
        const VectorPair key = load_pair(rows.data, dtype, starts[n] + k);
        sums[n] = hn::MulAdd(key.second, second, hn::MulAdd(key.first, first, sums[n]));
      }
    }
    float totals[4];
    add_across(sums, totals);
    for (int n = 0; n < kKeys; ++n) {
      for (int64_t k = pairs_end; k < problem_.head_dim_qk; ++k)
        totals[n] += geometry::load(rows.data, dtype, starts[n] + k) * query[k];
      scores_[r * kDecodeKeys + place + n * step] = totals[n];
    }
  }
}

/// Biases and masks the scores of a row, and turns them into weights.
inline void DecodeTask::weigh(int64_t row, geometry::KeyRange keys, float* partial) {
  const FloatTag d;
  float* const scores = scores_ + row * kDecodeKeys;
  const geometry::KeyRange seen = plan_.visible_keys(sequence_, row_of(row));
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
          geometry::load(arguments_.extras.bias, problem_.bias_dtype, start + (keys.begin + j) * stride[3]) * kLog2E;
    }
  }
  if (seen.begin > keys.begin || seen.end < keys.end) {
    for (int64_t j = 0; j < count; ++j) {
      if (!seen.contains(keys.begin + j)) scores[j] = kMinusInfinity;
    }
  }
  for (int64_t j = count; j < rounded_up(count, lanes()); ++j)
    scores[j] = kMinusInfinity;
  FloatVec all_largest = hn::Set(d, kMinusInfinity);
  for (int64_t j = 0; j < count; j += lanes())
    all_largest = hn::Max(all_largest, hn::LoadU(d, scores + j));
  const float largest = hn::GetLane(hn::MaxOfLanes(d, all_largest));
  const float base = largest == kMinusInfinity ? 0.0F : largest;
  FloatVec sum = hn::Zero(d);
  for (int64_t j = 0; j < count; j += lanes()) {
    const FloatVec weight = exp2(hn::Sub(hn::LoadU(d, scores + j), hn::Set(d, base)));
    hn::StoreU(weight, d, scores + j);
    sum = hn::Add(sum, weight);
  }
  partial[plan_.padded_v()] = largest;
  partial[plan_.padded_v() + 1] = hn::GetLane(hn::SumOfLanes(d, sum));
}

template <int kRows>
inline void DecodeTask::add_values(geometry::KeyRange keys) {
  // As many columns at a time as their sums fit into registers.
  constexpr int kPairs = kRows == 1 ? 4 : kRows == 4 ? 2 : 1;
  const int64_t step = 2 * lanes();
  const int64_t pairs_end = paired(problem_.head_dim_v);
  int64_t k = 0;
  for (; k + kPairs * step <= pairs_end; k += kPairs * step)
    add_columns<kRows, kPairs>(keys, k);
  for (; k < pairs_end; k += step)
    add_columns<kRows, 1>(keys, k);
  const geometry::Rows<const void> rows{arguments_.tensors.value, problem_.dtype, problem_.value_stride,
                                        problem_.head_dim_v};
  for (; k < problem_.head_dim_v; ++k) {
    float sums[kRows] = {};
    for (int64_t j = keys.begin; j < keys.end; ++j) {
      const float value = geometry::load(rows.data, rows.dtype,
                                         rows.offset(sequence_.tensor_batch, kv_head_, sequence_.kv_begin + j) + k);
      for (int r = 0; r < kRows; ++r)
        sums[r] += scores_[r * kDecodeKeys + j - keys.begin] * value;
    }
    for (int r = 0; r < kRows; ++r)
      outputs_[r * plan_.padded_v() + k] = sums[r];
  }
}

template <int kRows, int kPairs>
inline void DecodeTask::add_columns(geometry::KeyRange keys, int64_t first) {
  const FloatTag d;
  const geometry::Rows<const void> rows{arguments_.tensors.value, problem_.dtype, problem_.value_stride,
                                        problem_.head_dim_v};
  const int32_t dtype = problem_.dtype;
  FloatVec sums[kRows][2 * kPairs];
  for (auto& row : sums) {
    for (FloatVec& sum : row)
      sum = hn::Zero(d);
  }
  const auto add_key = [&](int64_t place) HWY_ATTR {
    const int64_t key = sequence_.kv_begin + keys.begin + place;
    const int64_t start = rows.offset(sequence_.tensor_batch, kv_head_, key) + first;
    for (int p = 0; p < kPairs; ++p) {
      const VectorPair value = load_pair(rows.data, dtype, start + p * 2 * lanes());
      for (int r = 0; r < kRows; ++r) {
        const FloatVec weight = hn::Set(d, scores_[r * kDecodeKeys + place]);
        sums[r][2 * p] = hn::MulAdd(weight, value.first, sums[r][2 * p]);
        sums[r][2 * p + 1] = hn::MulAdd(weight, value.second, sums[r][2 * p + 1]);
      }
    }
  };
  const int64_t quarter = (keys.end - keys.begin) / 4;
  for (int64_t j = 0; j < quarter; ++j) {
    for (int64_t n = 0; n < 4; ++n)
      add_key(j + n * quarter);
  }
  for (int64_t place = 4 * quarter; place < keys.end - keys.begin; ++place)
    add_key(place);
  for (int r = 0; r < kRows; ++r) {
    for (int n = 0; n < 2 * kPairs; ++n)
      hn::StoreU(sums[r][n], d, outputs_ + r * plan_.padded_v() + first + n * lanes());
  }
}

/// Rows share the keys, and the weight 0 of a key that one of them does not see makes NaNs of infinities and NaNs: such
/// a row is summed once more over what it sees. Not inlined, since that makes run() 4 % slower.
HWY_NOINLINE inline void DecodeTask::add_seen_values(int64_t row, geometry::KeyRange keys) {
  const geometry::KeyRange seen = plan_.visible_keys(sequence_, row_of(row));
  if (seen.begin <= keys.begin && seen.end >= keys.end) return;
  float* const output = outputs_ + row * plan_.padded_v();
  if (std::all_of(output, output + problem_.head_dim_v, [](float number) { return std::isfinite(number); })) return;
  const geometry::Rows<const void> rows{arguments_.tensors.value, problem_.dtype, problem_.value_stride,
                                        problem_.head_dim_v};
  std::fill_n(output, problem_.head_dim_v, 0.0F);
  for (int64_t j = std::max(keys.begin, seen.begin); j < std::min(keys.end, seen.end); ++j) {
    const float weight = scores_[row * kDecodeKeys + j - keys.begin];
    const int64_t start = rows.offset(sequence_.tensor_batch, kv_head_, sequence_.kv_begin + j);
    for (int64_t k = 0; k < problem_.head_dim_v; ++k)
      output[place_of(problem_.dtype, problem_.head_dim_v, k)] +=
          weight * geometry::load(rows.data, rows.dtype, start + k);
  }
}

inline void decode_task(const ForwardArguments& arguments, int64_t task, float* scratch) {
  DecodeTask(arguments, scratch).run(task);
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
