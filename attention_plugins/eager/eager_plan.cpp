#include "attention_plugins/eager/eager_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace cfgtool::attention::eager {

float EagerPlan::score(const attn_extras& extras, const Sequence& sequence, int64_t head, int64_t row, int64_t key,
                       float product) const {
  const float score = problem.scale * product;
  if (problem.bias == ATTN_BIAS_ADDITIVE) {
    const int64_t* stride = problem.bias_stride;
    const int64_t index = sequence.batch * stride[0] + head * stride[1] + row * stride[2] + key * stride[3];
    return score + load(extras.bias, problem.bias_dtype, index);
  }
  if (problem.bias == ATTN_BIAS_ALIBI) {
    const int64_t distance = std::abs(aligned_position(sequence, row) - key);
    return score - extras.alibi_slopes[head] * static_cast<float>(distance);
  }
  return score;
}

RowBlock EagerPlan::row_block(int64_t index, const attn_extras& extras) const {
  const int64_t blocks = blocks_of(problem.seq_q);
  const int64_t head = index / blocks % problem.heads_q;
  const int64_t batch = index / blocks / problem.heads_q;
  const int64_t first = index % blocks * kBlock;
  const Sequence s = sequence(batch, extras);
  return {s, head, first, std::clamp<int64_t>(output_rows(s) - first, 0, kBlock)};
}

int64_t EagerPlan::forward_floats_per_worker() const {
  const int64_t widest = std::max(problem.head_dim_qk, problem.head_dim_v);
  return kBlock * (problem.head_dim_qk + problem.head_dim_v + problem.seq_kv) + widest;
}

int64_t EagerPlan::backward_floats_per_worker() const {
  const int64_t widest = std::max(problem.head_dim_qk, problem.head_dim_v);
  const int64_t query_blocks = kBlock * (2 * problem.head_dim_qk + problem.head_dim_v + 3 * problem.seq_kv);
  const int64_t key_blocks = 2 * kBlock * (problem.head_dim_qk + problem.head_dim_v);
  return std::max(query_blocks, key_blocks) + 2 * widest;
}

uint64_t EagerPlan::forward_workspace_bytes() const {
  return static_cast<uint64_t>(max_workers * forward_floats_per_worker()) * sizeof(float);
}

uint64_t EagerPlan::backward_workspace_bytes() const {
  return static_cast<uint64_t>(2 * row_count() + max_workers * backward_floats_per_worker()) * sizeof(float);
}

void load_block(const Rows<const void>& rows, const RowBlock& block, float* values) {
  for (int64_t r = 0; r < block.count; ++r)
    load_row(rows, block.sequence.tensor_batch, block.head, block.sequence.q_begin + block.first + r,
             values + r * rows.head_dim);
}

void compute_scores(const EagerPlan& plan, const attn_extras& extras, const RowBlock& block, KeyRange keys,
                    const Rows<const void>& key_rows, const float* queries, float* key_row, float* scores) {
  const attn_problem& p = plan.problem;
  KeyRange visible[kBlock];
  for (int64_t r = 0; r < block.count; ++r)
    visible[r] = plan.visible_keys(block.sequence, block.first + r);
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    load_row(key_rows, block.sequence.tensor_batch, plan.kv_head(block.head), block.sequence.kv_begin + j, key_row);
    for (int64_t r = 0; r < block.count; ++r) {
      float score = -std::numeric_limits<float>::infinity();
      if (visible[r].contains(j)) {
        const float product = dot(queries + r * p.head_dim_qk, key_row, p.head_dim_qk);
        score = plan.score(extras, block.sequence, block.head, block.first + r, j, product);
      }
      scores[r * p.seq_kv + j] = score;
    }
  }
}

}  // namespace cfgtool::attention::eager
