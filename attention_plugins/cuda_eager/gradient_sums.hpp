/// \file
/// The phases of the backward pass that sum over rows: for the gradients of keys, values and the bias. Sums are fp32
/// and live through all chunks, which are added in their order.
#pragma once

#include "attention_plugins/cuda_eager/phase.hpp"

namespace cfgtool::attention::cuda_eager {

/// Adds to element d of a key's sum what the rows of this chunk give: dS times the query to d_key's, or P times
/// d_output to d_value's.
struct KeySums : Phase {
  const float* matrix;    ///< dS or P
  View<const void> rows;  ///< query or d_output
  int64_t head_dim;
  float factor;
  float* sums;

  /// Rows of the query heads that share a key head.
  CFGTOOL_HOST_DEVICE int64_t rows_of_kv_head() const { return plan.group_size() * problem().seq_q; }
  /// Key heads are counted over all sequences here.
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
