/// \file
/// How a problem is cut into tasks: tiles of query rows and blocks of keys whose numbers stay in the processor's
/// caches.
#pragma once

#include <cstdint>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/geometry/geometry.hpp"

namespace cfgtool::attention::cpu_flash {

struct Kernels;

/// Query rows of one head that lie side by side in vectors.
inline constexpr int64_t kPanelRows = 32;
/// Panels that share a block of keys once it is copied.
inline constexpr int64_t kPanelsPerTask = 8;
/// Keys that are looked at at a time.
inline constexpr int64_t kKeyBlock = 64;
/// The same for a few rows, where the keys are only read once, and the keys of one task there.
inline constexpr int64_t kDecodeRows = 8;
inline constexpr int64_t kDecodeKeys = 512;
/// Keys, and query rows, that the backward pass looks at at a time.
inline constexpr int64_t kBackwardKeys = 128;
inline constexpr int64_t kBackwardRows = 128;

/// Numbers of rows of matrices in scratch memory are multiples of this.
inline constexpr int64_t kRowMultiple = 8;
/// Rows of fp32 numbers in scratch memory are this much longer than needed, so that equal columns of successive rows do
/// not fall on the same line of a cache.
inline constexpr int64_t kRowPadding = 16;

inline int64_t rounded_up(int64_t count, int64_t step) {
  return (count + step - 1) / step * step;
}

struct FlashPlan : geometry::Geometry {
  uint32_t max_workers;
  const Kernels* kernels;

  /// That hold so many numbers in scratch memory, as operands of products (gemm-inl.hpp).
  int64_t words(int64_t numbers) const;

  /// Head dimensions as they lie in scratch memory: whole vectors of every width that there is.
  int64_t padded_qk() const { return rounded_up(problem.head_dim_qk, 16); }
  int64_t padded_v() const { return rounded_up(problem.head_dim_v, 16); }

  /// Few rows against many keys: the keys are split among the tasks instead of the rows.
  bool splits_keys() const { return group_size() * problem.seq_q <= kDecodeRows; }

  // Forward: a task is up to kPanelsPerTask panels of the query heads of one key head.
  int64_t panels_of_head() const { return (problem.seq_q + kPanelRows - 1) / kPanelRows; }
  int64_t tasks_of_kv_head() const { return (panels_of_head() * group_size() + kPanelsPerTask - 1) / kPanelsPerTask; }
  int64_t forward_tasks() const { return problem.batch * problem.heads_kv * tasks_of_kv_head(); }
  int64_t forward_floats_per_worker() const;

  // Forward with split keys: a task is kDecodeKeys keys of one key head; what it found is merged afterwards.
  int64_t splits() const { return (problem.seq_kv + kDecodeKeys - 1) / kDecodeKeys; }
  int64_t decode_rows() const { return group_size() * problem.seq_q; }
  /// Of one row: its output so far, the largest score and the sum of the weights.
  int64_t partial_floats() const { return padded_v() + 2; }
  int64_t all_partial_floats() const {
    return problem.batch * problem.heads_kv * splits() * decode_rows() * partial_floats();
  }
  int64_t decode_floats_per_worker() const;

  int64_t backward_floats_per_worker() const;

  uint64_t forward_workspace_bytes() const;
  uint64_t backward_workspace_bytes() const;
};

void forward(const FlashPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
             const attn_run& run);
void backward(const FlashPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
              const attn_run& run);

}  // namespace cfgtool::attention::cpu_flash
