/// \file
/// The phases of the backward pass, after Scores and before the sums of gradient_sums.hpp. With P = softmax weights, L
/// = the loss and d… = the derivative of L:
///   P_ij  = exp(score_ij - lse_i)          dP_ij = dot(dO_i, V_j)
///   dS_ij = P_ij (dP_ij - delta_i)         delta_i = sum over j of P_ij dP_ij
///   dQ_i  = scale sum over j dS_ij K_j     dK_j = scale sum over i dS_ij Q_i     dV_j = sum over i P_ij dO_i
/// The bias is added to the scores, so its gradient is dS. As in the CPU's reference, P is divided by its sum over a
/// row again, since a large lse is rounded coarsely, and delta is not made of the output, which is rounded to its type.
#pragma once

#include "attention_plugins/cuda_eager/phase.hpp"

namespace cfgtool::attention::cuda_eager {

/// weights[key, row]: from the score to exp(score - lse); d_scores[key, row]: dP. Both 0 where the row has no weight.
struct WeightGradients : Phase {
  float *weights, *d_scores;
  View<const void> value, d_output;
  const float* lse;

  int64_t count() const { return chunk.count * problem().seq_kv; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const RowPlace row = place(index % chunk.count);
    const Sequence& s = row.sequence;
    const int64_t j = index / chunk.count;
    float weight = 0;
    if (keys(row).contains(j)) {
      const float row_lse = lse[plan.row_index(s, row.head, row.row)];
      const float score = weights[index];
      if (score != minus_infinity() && row_lse != minus_infinity()) weight = std::exp(score - row_lse);
    }
    weights[index] = weight;
    // What has no weight has no gradient; it may hold infinities.
    d_scores[index] =
        weight == 0 ? 0
                    : dot(d_output, d_output.row(s.tensor_batch, row.head, s.q_begin + row.row), value,
                          value.row(s.tensor_batch, plan.kv_head(row.head), s.kv_begin + j), problem().head_dim_v);
  }
};

/// sums[row] of the weights, which is 1 but for rounding, and deltas[row].
struct RowDeltas : Phase {
  const float *weights, *d_scores;
  float *sums, *deltas;

  int64_t count() const { return chunk.count; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t r) const {
    const KeyRange visible = keys(place(r));
    float sum = 0;
    for (int64_t j = visible.begin; j < visible.end; ++j)
      sum += weights[chunk.element(j, r)];
    if (sum == 0) sum = 1;  // an empty row
    float delta = 0;
    for (int64_t j = visible.begin; j < visible.end; ++j)
      delta += weights[chunk.element(j, r)] / sum * d_scores[chunk.element(j, r)];
    sums[r] = sum;
    deltas[r] = delta;
  }
};

/// weights become P, and d_scores, which were dP, dS.
struct ScoreGradients : Phase {
  float *weights, *d_scores;
  const float *sums, *deltas;

  int64_t count() const { return chunk.count * problem().seq_kv; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t r = index % chunk.count;
    const float weight = weights[index] / sums[r];
    weights[index] = weight;
    d_scores[index] = weight == 0 ? 0 : weight * (d_scores[index] - deltas[r]);
  }
};

/// Element d of a row's d_query.
struct QueryGradients : Phase {
  const float* d_scores;
  View<const void> key;
  View<void> d_query;

  int64_t count() const { return chunk.count * problem().head_dim_qk; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t r = index / problem().head_dim_qk;
    const int64_t d = index % problem().head_dim_qk;
    const RowPlace row = place(r);
    const Sequence& s = row.sequence;
    if (row.row >= plan.output_rows(s)) return;
    const KeyRange visible = keys(row);
    float sum = 0;
    for (int64_t j = visible.begin; j < visible.end; ++j)
      if (const float d_score = d_scores[chunk.element(j, r)]; d_score != 0)
        sum += d_score * key.at(key.row(s.tensor_batch, plan.kv_head(row.head), s.kv_begin + j) + d);
    store(d_query.data, d_query.dtype, d_query.row(s.tensor_batch, row.head, s.q_begin + row.row) + d,
          sum * problem().scale);
  }
};

}  // namespace cfgtool::attention::cuda_eager
