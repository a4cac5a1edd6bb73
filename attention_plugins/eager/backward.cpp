// With P = softmax weights, L = the loss and d… = the derivative of L:
//   P_ij  = exp(score_ij - lse_i)          dP_ij = dot(dO_i, V_j)
//   dS_ij = P_ij (dP_ij - delta_i)         delta_i = sum over j of P_ij dP_ij
//   dQ_i  = scale sum over j dS_ij K_j     dK_j = scale sum over i dS_ij Q_i     dV_j = sum over i P_ij dO_i
// The bias is added to the scores, so its gradient is dS.
// Two roundings are kept out, since this is a reference. delta_i is often computed as dot(dO_i, O_i), which brings in
// the rounding of O to its type. And an lse of magnitude 10^4 is rounded to about 10^-3, which P inherits: so the
// weights of a row are divided by their sum again.
#include <algorithm>
#include <cmath>
#include <limits>

#include "attention_plugins/eager/eager_plan.hpp"

namespace cfgtool::attention::eager {
namespace {

/// exp(score - lse); masked keys and empty rows have none.
float unnormalised_weight(float score, float lse) {
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  return score == kMinusInfinity || lse == kMinusInfinity ? 0.0F : std::exp(score - lse);
}

/// Sums over the keys of a row: of exp(score - lse), which is 1 but for rounding, and delta.
struct RowSums {
  float weights;
  float delta;
};

struct Backward {
  const EagerPlan& plan;
  const attn_extras& extras;
  Rows<const void> query, key, value, d_output;
  Rows<void> d_query, d_key, d_value;
  const float* lse;
  RowSums* sums;  // [row_index]; written by query_rows, read by the other two

  void query_rows(const RowBlock& block, float* scratch) const;
  void key_rows(const Sequence& sequence, int64_t kv_head, int64_t first, int64_t count, float* scratch) const;
  void bias_rows(int64_t batch, int64_t head, int64_t block, float* scratch) const;

 private:
  /// Scratch for a block of query rows.
  struct QueryScratch {
    float *queries, *d_queries, *d_outputs, *weights, *d_scores, *bias_sums, *one_row;
  };
  QueryScratch query_scratch(float* scratch) const;
  void score_gradients(const RowBlock& block, KeyRange keys, const QueryScratch& s, RowSums* row_sums) const;
  void add_row(const RowBlock& row, KeyRange keys, const float* keys_values, float* d_keys_values,
               float* one_row) const;
  float row_lse(const RowBlock& block, int64_t r) const {
    return lse[plan.row_index(block.sequence, block.head, block.first + r)];
  }
};

Backward::QueryScratch Backward::query_scratch(float* scratch) const {
  const attn_problem& p = plan.problem;
  QueryScratch s{};
  s.queries = scratch;
  s.d_queries = s.queries + kBlock * p.head_dim_qk;
  s.d_outputs = s.d_queries + kBlock * p.head_dim_qk;
  s.weights = s.d_outputs + kBlock * p.head_dim_v;
  s.d_scores = s.weights + kBlock * p.seq_kv;
  s.bias_sums = s.d_scores + kBlock * p.seq_kv;
  s.one_row = s.bias_sums + kBlock * p.seq_kv;
  return s;
}

/// dS of a block's rows, 0 where a row does not see the key.
void Backward::score_gradients(const RowBlock& block, KeyRange keys, const QueryScratch& s, RowSums* row_sums) const {
  const attn_problem& p = plan.problem;
  load_block(query, block, s.queries);
  load_block(d_output, block, s.d_outputs);
  compute_scores(plan, extras, block, keys, key, s.queries, s.one_row, s.weights);
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    load_row(value, block.sequence.tensor_batch, plan.kv_head(block.head), block.sequence.kv_begin + j, s.one_row);
    for (int64_t r = 0; r < block.count; ++r) {
      float& weight = s.weights[r * p.seq_kv + j];
      weight = unnormalised_weight(weight, row_lse(block, r));
      // What has no weight has no gradient; it may hold infinities.
      s.d_scores[r * p.seq_kv + j] =
          weight == 0.0F ? 0.0F : dot(s.d_outputs + r * p.head_dim_v, s.one_row, p.head_dim_v);
    }
  }
  for (int64_t r = 0; r < block.count; ++r) {
    float* weights = s.weights + r * p.seq_kv;
    float* d_weights = s.d_scores + r * p.seq_kv;
    RowSums sum{0, 0};
    for (int64_t j = keys.begin; j < keys.end; ++j)
      sum.weights += weights[j];
    if (sum.weights == 0.0F) sum.weights = 1.0F;  // an empty row
    for (int64_t j = keys.begin; j < keys.end; ++j) {
      weights[j] /= sum.weights;
      sum.delta += weights[j] * d_weights[j];
    }
    for (int64_t j = keys.begin; j < keys.end; ++j)
      d_weights[j] = weights[j] == 0.0F ? 0.0F : weights[j] * (d_weights[j] - sum.delta);
    row_sums[r] = sum;
  }
}

/// dQ, and the sums of each row.
void Backward::query_rows(const RowBlock& block, float* scratch) const {
  const attn_problem& p = plan.problem;
  const QueryScratch s = query_scratch(scratch);
  const KeyRange keys = plan.visible_keys(block);
  RowSums row_sums[kBlock];
  score_gradients(block, keys, s, row_sums);
  for (int64_t r = 0; r < block.count; ++r)
    sums[plan.row_index(block.sequence, block.head, block.first + r)] = row_sums[r];

  std::fill_n(s.d_queries, block.count * p.head_dim_qk, 0.0F);
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    load_row(key, block.sequence.tensor_batch, plan.kv_head(block.head), block.sequence.kv_begin + j, s.one_row);
    for (int64_t r = 0; r < block.count; ++r)
      if (const float d_score = s.d_scores[r * p.seq_kv + j]; d_score != 0.0F)
        add_scaled(s.d_queries + r * p.head_dim_qk, d_score, s.one_row, p.head_dim_qk);
  }
  for (int64_t r = 0; r < block.count; ++r)
    store_row(d_query, block.sequence.tensor_batch, block.head, block.sequence.q_begin + block.first + r,
              s.d_queries + r * p.head_dim_qk, p.scale);
}

/// What one query row adds to dK and dV of the keys in `keys`. The rows of keys, values and their gradients lie one
/// after the other, from keys.begin on.
void Backward::add_row(const RowBlock& row, KeyRange keys, const float* keys_values, float* d_keys_values,
                       float* one_row) const {
  const attn_problem& p = plan.problem;
  const KeyRange visible = plan.visible_keys(row);
  const int64_t begin = std::max(keys.begin, visible.begin);
  const int64_t end = std::min(keys.end, visible.end);
  if (begin >= end) return;
  const RowSums& sum = sums[plan.row_index(row.sequence, row.head, row.first)];
  float* query_row = one_row;
  float* d_output_row = one_row + p.head_dim_qk;
  load_block(query, row, query_row);
  load_block(d_output, row, d_output_row);
  const float* key_values = keys_values;
  const float* value_values = keys_values + kBlock * p.head_dim_qk;
  for (int64_t j = begin; j < end; ++j) {
    const int64_t k = j - keys.begin;
    const float product = dot(query_row, key_values + k * p.head_dim_qk, p.head_dim_qk);
    const float score = plan.score(extras, row.sequence, row.head, row.first, j, product);
    const float weight = unnormalised_weight(score, row_lse(row, 0)) / sum.weights;
    if (weight == 0.0F) continue;
    const float d_weight = dot(d_output_row, value_values + k * p.head_dim_v, p.head_dim_v);
    const float d_score = weight * (d_weight - sum.delta);
    add_scaled(d_keys_values + k * p.head_dim_qk, d_score, query_row, p.head_dim_qk);
    add_scaled(d_keys_values + kBlock * p.head_dim_qk + k * p.head_dim_v, weight, d_output_row, p.head_dim_v);
  }
}

/// dK and dV of keys [first, first + count) of one key-value head, from all rows of all query heads that share it.
void Backward::key_rows(const Sequence& sequence, int64_t kv_head, int64_t first, int64_t count, float* scratch) const {
  const attn_problem& p = plan.problem;
  const int64_t block_floats = kBlock * (p.head_dim_qk + p.head_dim_v);
  float* keys_values = scratch;
  float* d_keys_values = keys_values + block_floats;
  float* one_row = d_keys_values + block_floats;
  const RowBlock keys{sequence, kv_head, first, count};

  for (int64_t k = 0; k < count; ++k) {
    const int64_t row = sequence.kv_begin + first + k;
    load_row(key, sequence.tensor_batch, kv_head, row, keys_values + k * p.head_dim_qk);
    load_row(value, sequence.tensor_batch, kv_head, row, keys_values + kBlock * p.head_dim_qk + k * p.head_dim_v);
  }
  std::fill_n(d_keys_values, block_floats, 0.0F);
  const int64_t group = p.heads_q / p.heads_kv;
  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head)
    for (int64_t i = 0; i < sequence.q_count; ++i)
      add_row({sequence, head, i, 1}, {first, first + count}, keys_values, d_keys_values, one_row);
  for (int64_t k = 0; k < count; ++k) {
    const int64_t row = sequence.kv_begin + keys.first + k;
    store_row(d_key, sequence.tensor_batch, kv_head, row, d_keys_values + k * p.head_dim_qk, p.scale);
    store_row(d_value, sequence.tensor_batch, kv_head, row, d_keys_values + kBlock * p.head_dim_qk + k * p.head_dim_v,
              1.0F);
  }
}

/// The bias gradient of rows of one block, summed over the batch and the heads that the bias is broadcast to.
/// `batch` and `head` are 0 where it is.
void Backward::bias_rows(int64_t batch, int64_t head, int64_t block_number, float* scratch) const {
  const attn_problem& p = plan.problem;
  const QueryScratch s = query_scratch(scratch);
  const int64_t first = block_number * kBlock;
  const int64_t rows = std::min(kBlock, p.seq_q - first);
  const int64_t batches = p.bias_stride[0] == 0 ? p.batch : 1;
  const int64_t heads = p.bias_stride[1] == 0 ? p.heads_q : 1;
  std::fill_n(s.bias_sums, kBlock * p.seq_kv, 0.0F);
  for (int64_t b = batch; b < batch + batches; ++b) {
    const Sequence sequence = plan.sequence(b, extras);
    for (int64_t h = head; h < head + heads; ++h) {
      const RowBlock block{sequence, h, first, std::clamp<int64_t>(sequence.q_count - first, 0, rows)};
      const KeyRange keys = plan.visible_keys(block);
      RowSums row_sums[kBlock];
      score_gradients(block, keys, s, row_sums);
      for (int64_t r = 0; r < block.count; ++r)
        for (int64_t j = keys.begin; j < keys.end; ++j)
          s.bias_sums[r * p.seq_kv + j] += s.d_scores[r * p.seq_kv + j];
    }
  }
  const int64_t* stride = p.d_bias_stride;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < p.seq_kv; ++j)
      store(extras.d_bias, p.bias_dtype, batch * stride[0] + head * stride[1] + (first + r) * stride[2] + j * stride[3],
            s.bias_sums[r * p.seq_kv + j]);
}

}  // namespace

void backward(const EagerPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
              const attn_run& run) {
  const attn_problem& p = plan.problem;
  auto* sums = static_cast<RowSums*>(run.workspace);
  auto* workspace = reinterpret_cast<float*>(sums + plan.row_count());
  const int64_t floats = plan.backward_floats_per_worker();
  const Backward pass{plan,
                      extras,
                      {tensors.query, p.dtype, p.query_stride, p.head_dim_qk},
                      {tensors.key, p.dtype, p.key_stride, p.head_dim_qk},
                      {tensors.value, p.dtype, p.value_stride, p.head_dim_v},
                      {tensors.d_output, p.dtype, p.d_output_stride, p.head_dim_v},
                      {tensors.d_query, p.dtype, p.d_query_stride, p.head_dim_qk},
                      {tensors.d_key, p.dtype, p.d_key_stride, p.head_dim_qk},
                      {tensors.d_value, p.dtype, p.d_value_stride, p.head_dim_v},
                      tensors.lse,
                      sums};
  parallel_for(*run.executor, plan.row_block_count(), [&](int64_t index, uint32_t worker) {
    pass.query_rows(plan.row_block(index, extras), workspace + worker * floats);
  });

  const int64_t key_blocks = blocks_of(p.seq_kv);
  parallel_for(*run.executor, p.batch * p.heads_kv * key_blocks, [&](int64_t index, uint32_t worker) {
    const Sequence sequence = plan.sequence(index / key_blocks / p.heads_kv, extras);
    const int64_t first = index % key_blocks * kBlock;
    // Padded, the tail has keys, whose gradients must be written too.
    const int64_t keys = p.varlen == ATTN_VARLEN_PACKED ? sequence.kv_count : p.seq_kv;
    const int64_t count = std::clamp<int64_t>(keys - first, 0, kBlock);
    pass.key_rows(sequence, index / key_blocks % p.heads_kv, first, count, workspace + worker * floats);
  });

  if ((p.flags & ATTN_FLAG_D_BIAS) == 0) return;
  const int64_t batches = p.bias_stride[0] == 0 ? 1 : p.batch;
  const int64_t heads = p.bias_stride[1] == 0 ? 1 : p.heads_q;
  const int64_t row_blocks = blocks_of(p.seq_q);
  parallel_for(*run.executor, batches * heads * row_blocks, [&](int64_t index, uint32_t worker) {
    pass.bias_rows(index / row_blocks / heads, index / row_blocks % heads, index % row_blocks,
                   workspace + worker * floats);
  });
}

}  // namespace cfgtool::attention::eager
