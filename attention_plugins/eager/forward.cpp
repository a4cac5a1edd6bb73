#include <algorithm>
#include <cmath>
#include <limits>

#include "attention_plugins/eager/eager_plan.hpp"

namespace cfgtool::attention::eager {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

/// Turns the scores of one row into weights that sum to 1 and returns the log-sum-exp; an empty row gets weights 0.
float softmax(float* scores, KeyRange keys) {
  float largest = kMinusInfinity;
  for (int64_t j = keys.begin; j < keys.end; ++j)
    largest = std::max(largest, scores[j]);
  if (largest == kMinusInfinity &&
      std::none_of(scores + keys.begin, scores + keys.end, [](float s) { return std::isnan(s); })) {
    std::fill(scores + keys.begin, scores + keys.end, 0.0F);
    return kMinusInfinity;
  }
  float sum = 0;
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    scores[j] = std::exp(scores[j] - largest);
    sum += scores[j];
  }
  for (int64_t j = keys.begin; j < keys.end; ++j)
    scores[j] /= sum;
  return largest + std::log(sum);
}

struct Forward {
  const EagerPlan& plan;
  const attn_extras& extras;
  Rows<const void> query, key, value;
  Rows<void> output;
  float* lse;

  void rows(const RowBlock& block, float* scratch) const;
  void write(const RowBlock& block, int64_t r, const float* row, float row_lse) const;
};

void Forward::rows(const RowBlock& block, float* scratch) const {
  const attn_problem& p = plan.problem;
  float* queries = scratch;
  float* outputs = queries + kBlock * p.head_dim_qk;
  float* weights = outputs + kBlock * p.head_dim_v;
  float* one_row = weights + kBlock * p.seq_kv;

  load_block(query, block, queries);
  const KeyRange keys = plan.visible_keys(block);
  compute_scores(plan, extras, block, keys, key, queries, one_row, weights);

  KeyRange visible[kBlock];
  float row_lse[kBlock];
  for (int64_t r = 0; r < block.count; ++r) {
    visible[r] = plan.visible_keys(block.sequence, block.first + r);
    row_lse[r] = softmax(weights + r * p.seq_kv, visible[r]);
  }

  std::fill_n(outputs, block.count * p.head_dim_v, 0.0F);
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    load_row(value, block.sequence.tensor_batch, plan.kv_head(block.head), block.sequence.kv_begin + j, one_row);
    for (int64_t r = 0; r < block.count; ++r)
      if (visible[r].contains(j))
        add_scaled(outputs + r * p.head_dim_v, weights[r * p.seq_kv + j], one_row, p.head_dim_v);
  }
  for (int64_t r = 0; r < block.count; ++r)
    write(block, r, outputs + r * p.head_dim_v, row_lse[r]);
}

void Forward::write(const RowBlock& block, int64_t r, const float* row, float row_lse) const {
  const int64_t i = block.first + r;
  store_row(output, block.sequence.tensor_batch, block.head, block.sequence.q_begin + i, row, 1.0F);
  if (lse != nullptr) lse[plan.row_index(block.sequence, block.head, i)] = row_lse;
}

}  // namespace

void forward(const EagerPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
             const attn_run& run) {
  const attn_problem& p = plan.problem;
  const Forward pass{plan,
                     extras,
                     {tensors.query, p.dtype, p.query_stride, p.head_dim_qk},
                     {tensors.key, p.dtype, p.key_stride, p.head_dim_qk},
                     {tensors.value, p.dtype, p.value_stride, p.head_dim_v},
                     {tensors.output, p.dtype, p.output_stride, p.head_dim_v},
                     tensors.lse};
  auto* workspace = static_cast<float*>(run.workspace);
  const int64_t floats = plan.forward_floats_per_worker();
  parallel_for(*run.executor, plan.row_block_count(), [&](int64_t index, uint32_t worker) {
    pass.rows(plan.row_block(index, extras), workspace + worker * floats);
  });
}

}  // namespace cfgtool::attention::eager
