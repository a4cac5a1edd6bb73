/// \file
/// What the phases of both passes share. A phase is a function of an index that reads what earlier phases wrote and
/// writes one element: no memory is shared and nothing waits, so that a loop on the CPU runs it as a kernel does.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "attention_plugins/cuda_eager/cuda_plan.hpp"
#include "attention_plugins/geometry/tensor_rows.hpp"

namespace cfgtool::attention::cuda_eager {

CFGTOOL_HOST_DEVICE constexpr float minus_infinity() {
  return -std::numeric_limits<float>::infinity();
}

/// A tensor [batch, heads, sequence, head_dim]; unlike geometry::Rows it holds its strides, since it goes to the
/// device.
template <typename Void>
struct View {
  Void* data;
  int32_t dtype;
  int64_t batch_stride, head_stride, row_stride;

  View(Void* tensor, int32_t type, const int64_t (&stride)[4])
      : data(tensor), dtype(type), batch_stride(stride[0]), head_stride(stride[1]), row_stride(stride[2]) {}

  CFGTOOL_HOST_DEVICE int64_t row(int64_t batch, int64_t head, int64_t row) const {
    return batch * batch_stride + head * head_stride + row * row_stride;
  }
  CFGTOOL_HOST_DEVICE float at(int64_t element) const { return load(data, dtype, element); }
};

/// Rows [first, first + count) of all, and where their numbers lie in a matrix of scores: rows beside each other, so
/// that neighbouring threads, which have neighbouring rows, read and write neighbouring numbers.
struct Chunk {
  int64_t first, count;
  CFGTOOL_HOST_DEVICE int64_t element(int64_t key, int64_t row) const { return key * count + row; }
};

/// What every phase knows. Rows are counted within the chunk.
struct Phase {
  CudaPlan plan;
  attn_extras extras;
  Chunk chunk;

  CFGTOOL_HOST_DEVICE const attn_problem& problem() const { return plan.problem; }
  CFGTOOL_HOST_DEVICE RowPlace place(int64_t row) const { return plan.place(chunk.first + row, extras); }
  CFGTOOL_HOST_DEVICE KeyRange keys(const RowPlace& row) const { return plan.visible_keys(row.sequence, row.row); }
};

/// Two rows' product, in eight sums as the CPU's reference makes it.
CFGTOOL_HOST_DEVICE inline float dot(const View<const void>& a, int64_t a_row, const View<const void>& b, int64_t b_row,
                                     int64_t count) {
  constexpr int64_t kLanes = 8;
  float sums[kLanes] = {};
  for (int64_t d = 0; d < count; d += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane)  // of a known number, so that the sums are registers
      if (d + lane < count) sums[lane] += a.at(a_row + d + lane) * b.at(b_row + d + lane);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// scores[key, row]: -infinity where the row does not see the key.
struct Scores : Phase {
  View<const void> query, key;
  float* scores;

  int64_t count() const { return chunk.count * problem().seq_kv; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const RowPlace row = place(index % chunk.count);
    const int64_t j = index / chunk.count;
    scores[index] = keys(row).contains(j) ? score(row, j) : minus_infinity();
  }

 private:
  CFGTOOL_HOST_DEVICE float score(const RowPlace& row, int64_t j) const {
    const attn_problem& p = problem();
    const Sequence& s = row.sequence;
    const float product = dot(query, query.row(s.tensor_batch, row.head, s.q_begin + row.row), key,
                              key.row(s.tensor_batch, plan.kv_head(row.head), s.kv_begin + j), p.head_dim_qk);
    return p.scale * product + bias(row, j);
  }
  CFGTOOL_HOST_DEVICE float bias(const RowPlace& row, int64_t j) const {
    const attn_problem& p = problem();
    if (p.bias == ATTN_BIAS_ADDITIVE) {
      const int64_t* stride = p.bias_stride;
      return load(extras.bias, p.bias_dtype,
                  row.sequence.batch * stride[0] + row.head * stride[1] + row.row * stride[2] + j * stride[3]);
    }
    if (p.bias == ATTN_BIAS_ALIBI) {
      const int64_t offset = plan.aligned_position(row.sequence, row.row) - j;
      return -extras.alibi_slopes[row.head] * static_cast<float>(offset < 0 ? -offset : offset);
    }
    return 0;
  }
};

}  // namespace cfgtool::attention::cuda_eager
