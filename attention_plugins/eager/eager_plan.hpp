/// \file
/// The plan of the eager reference: what forward and backward both need to know about a problem.
#pragma once

#include <cstdint>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/geometry/geometry.hpp"
#include "attention_plugins/geometry/tensor_rows.hpp"

namespace cfgtool::attention::eager {

/// Query rows, or keys, that one task works on: each key that it reads serves so many rows.
constexpr int64_t kBlock = 16;

using namespace geometry;

/// Rows [first, first + count) of one head of one sequence, counted within the sequence.
struct RowBlock {
  Sequence sequence;
  int64_t head;
  int64_t first;
  int64_t count;
};

inline int64_t blocks_of(int64_t count) {
  return (count + kBlock - 1) / kBlock;
}

struct EagerPlan : Geometry {
  uint32_t max_workers;

  KeyRange visible_keys(const RowBlock& block) const {
    return Geometry::visible_keys(block.sequence, block.first, block.count);
  }
  using Geometry::visible_keys;

  /// The score of a row and a key that it sees, from their product.
  float score(const attn_extras& extras, const Sequence& sequence, int64_t head, int64_t row, int64_t key,
              float product) const;

  /// Tasks of a loop over batch, heads and blocks of rows, and the block of one of them. The block may be empty or
  /// reach beyond a sequence that is shorter than seq_q.
  int64_t row_block_count() const { return problem.batch * problem.heads_q * blocks_of(problem.seq_q); }
  RowBlock row_block(int64_t index, const attn_extras& extras) const;

  /// Floats of workspace.
  int64_t forward_floats_per_worker() const;
  int64_t backward_floats_per_worker() const;
  uint64_t forward_workspace_bytes() const;
  uint64_t backward_workspace_bytes() const;
};

/// Reads `count` query rows of a block into `queries`, one after the other.
void load_block(const Rows<const void>& rows, const RowBlock& block, float* values);

/// scores[r * seq_kv + j] of each row of the block and each key in `keys`; -infinity where the row does not see it.
/// `key_row` is scratch for one key.
void compute_scores(const EagerPlan& plan, const attn_extras& extras, const RowBlock& block, KeyRange keys,
                    const Rows<const void>& key_rows, const float* queries, float* key_row, float* scores);

void forward(const EagerPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
             const attn_run& run);
void backward(const EagerPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
              const attn_run& run);

}  // namespace cfgtool::attention::eager
