/// \file
/// The phases of the forward pass, after Scores: sums of a row, its weights, its output.
#pragma once

#include "attention_plugins/cuda_eager/phase.hpp"

namespace cfgtool::attention::cuda_eager {

/// largest[row], sums[row] of exp(score - largest), and the log-sum-exp. The sum of an empty row is 0.
struct RowSums : Phase {
  const float* scores;
  float *largest, *sums;
  float* lse;  ///< may be null

  int64_t count() const { return chunk.count; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t r) const {
    const RowPlace row = place(r);
    if (row.row >= plan.output_rows(row.sequence)) return;
    const KeyRange visible = keys(row);
    float most = minus_infinity();
    for (int64_t j = visible.begin; j < visible.end; ++j)
      most = std::max(most, scores[chunk.element(j, r)]);
    if (most == minus_infinity()) most = 0;  // only keys that the bias masks; or a NaN, which stays one
    float sum = 0;
    for (int64_t j = visible.begin; j < visible.end; ++j)
      sum += std::exp(scores[chunk.element(j, r)] - most);
    largest[r] = most;
    sums[r] = sum;
    if (lse != nullptr)
      lse[plan.row_index(row.sequence, row.head, row.row)] = sum == 0 ? minus_infinity() : most + std::log(sum);
  }
};

/// Scores become weights that sum to 1.
struct Weights : Phase {
  float* scores;
  const float *largest, *sums;

  int64_t count() const { return chunk.count * problem().seq_kv; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t r = index % chunk.count;
    const RowPlace row = place(r);
    if (!keys(row).contains(index / chunk.count)) return;
    scores[index] = sums[r] == 0 ? 0 : std::exp(scores[index] - largest[r]) / sums[r];
  }
};

/// Element d of a row's output.
struct Outputs : Phase {
  const float* weights;
  View<const void> value;
  View<void> output;

  int64_t count() const { return chunk.count * problem().head_dim_v; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t r = index / problem().head_dim_v;
    const int64_t d = index % problem().head_dim_v;
    const RowPlace row = place(r);
    const Sequence& s = row.sequence;
    if (row.row >= plan.output_rows(s)) return;
    const KeyRange visible = keys(row);
    float sum = 0;
    for (int64_t j = visible.begin; j < visible.end; ++j)
      sum += weights[chunk.element(j, r)] *
             value.at(value.row(s.tensor_batch, plan.kv_head(row.head), s.kv_begin + j) + d);
    store(output.data, output.dtype, output.row(s.tensor_batch, row.head, s.q_begin + row.row) + d, sum);
  }
};

}  // namespace cfgtool::attention::cuda_eager
