/// \file
/// The phases of the backward pass, after Scores. With P = softmax weights, L = the loss and d… = the derivative of L:
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

/// Adds to element d of a key's sum what the rows of this chunk give: dS times the query to d_key's, or P times
/// d_output to d_value's.
struct KeySums : Phase {
  const float* matrix;    ///< dS or P
  View<const void> rows;  ///< query or d_output
  int64_t head_dim;
  float factor;
  float* sums;

  /// Key heads, of all sequences, that the chunk's rows belong to.
  CFGTOOL_HOST_DEVICE int64_t rows_of_kv_head() const { return plan.group_size() * problem().seq_q; }
  CFGTOOL_HOST_DEVICE int64_t first_kv_head() const { return chunk.first / rows_of_kv_head(); }

  int64_t count() const {
    const int64_t last = (chunk.first + chunk.count - 1) / rows_of_kv_head();
    return (last - first_kv_head() + 1) * problem().seq_kv * head_dim;
  }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t d = index % head_dim;
    const int64_t j = index / head_dim % problem().seq_kv;
    const int64_t kv_head = first_kv_head() + index / head_dim / problem().seq_kv;
    const Sequence s = plan.sequence(kv_head / problem().heads_kv, extras);
    if (j >= s.kv_count) return;
    const int64_t begin = std::max(chunk.first, kv_head * rows_of_kv_head()) - chunk.first;
    const int64_t end = std::min(chunk.first + chunk.count, (kv_head + 1) * rows_of_kv_head()) - chunk.first;
    float sum = 0;
    for (int64_t r = begin; r < end; ++r) {
      const float element = matrix[chunk.element(j, r)];
      if (element == 0) continue;
      const int64_t row = (chunk.first + r) % problem().seq_q;
      const int64_t head = (chunk.first + r) / problem().seq_q % problem().heads_q;
      sum += element * rows.at(rows.row(s.tensor_batch, head, s.q_begin + row) + d);
    }
    sums[plan.key_index(s, kv_head % problem().heads_kv, j) * head_dim + d] += sum * factor;
  }
};

/// Adds dS of this chunk's rows to the gradient of the bias: of all sequences and heads that share an element.
struct BiasSums : Phase {
  const float* d_scores;
  float* sums;

  int64_t count() const { return plan.d_bias_count(); }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const attn_problem& p = problem();
    const int64_t j = index % p.seq_kv;
    const int64_t row = index / p.seq_kv % p.seq_q;
    const int64_t bias_heads = p.bias_stride[1] == 0 ? 1 : p.heads_q;
    const int64_t head = index / p.seq_kv / p.seq_q % bias_heads;
    const int64_t batch = index / p.seq_kv / p.seq_q / bias_heads;
    const int64_t last_batch = p.bias_stride[0] == 0 ? p.batch : batch + 1;
    const int64_t last_head = bias_heads == 1 ? p.heads_q : head + 1;
    float sum = 0;
    for (int64_t b = batch; b < last_batch; ++b)
      for (int64_t h = head; h < last_head; ++h) {
        const int64_t r = (b * p.heads_q + h) * p.seq_q + row - chunk.first;
        if (r >= 0 && r < chunk.count) sum += d_scores[chunk.element(j, r)];
      }
    sums[index] += sum;
  }
};

/// Rounds the sums for keys or values to the gradient's type.
struct StoreKeySums : Phase {
  const float* sums;
  int64_t head_dim;
  View<void> gradient;

  int64_t count() const { return plan.key_count() * head_dim; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const attn_problem& p = problem();
    const int64_t rows = p.varlen == ATTN_VARLEN_PACKED ? p.total_kv : p.seq_kv;
    const int64_t row = index / head_dim % rows;
    const int64_t head = index / head_dim / rows % p.heads_kv;
    const int64_t batch = index / head_dim / rows / p.heads_kv;
    store(gradient.data, gradient.dtype, gradient.row(batch, head, row) + index % head_dim, sums[index]);
  }
};

/// The same for the bias.
struct StoreBiasSums : Phase {
  const float* sums;

  int64_t count() const { return plan.d_bias_count(); }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const {
    const attn_problem& p = problem();
    const int64_t heads = p.bias_stride[1] == 0 ? 1 : p.heads_q;
    const int64_t j = index % p.seq_kv;
    const int64_t row = index / p.seq_kv % p.seq_q;
    const int64_t head = index / p.seq_kv / p.seq_q % heads;
    const int64_t batch = index / p.seq_kv / p.seq_q / heads;
    const int64_t* stride = p.d_bias_stride;
    store(extras.d_bias, p.bias_dtype, batch * stride[0] + head * stride[1] + row * stride[2] + j * stride[3],
          sums[index]);
  }
};

/// Before the first chunk: no sums yet.
struct Zero {
  float* values;
  int64_t value_count;

  int64_t count() const { return value_count; }
  CFGTOOL_HOST_DEVICE void operator()(int64_t index) const { values[index] = 0; }
};

}  // namespace cfgtool::attention::cuda_eager
