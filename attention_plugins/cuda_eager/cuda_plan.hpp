/// \file
/// The plan of the reference on a GPU: its chunks of rows and what lies where in the workspace.
#pragma once

#include <cstdint>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/geometry/geometry.hpp"

namespace cfgtool::attention::cuda_eager {

using namespace geometry;

/// What the matrices of scores may take of the workspace. Its other parts grow with the tensors themselves.
constexpr int64_t kMatrixBytes = int64_t{256} << 20;

/// Row `row` of all: those of head 0 of sequence 0, then of its other heads, then of the other sequences; each head of
/// each sequence has seq_q of them, however short it is.
struct RowPlace {
  Sequence sequence;
  int64_t head;
  int64_t row;  ///< within the sequence; may lie behind its end
};

struct CudaPlan : Geometry {
  int32_t device_index;        ///< -1: of a described device, which nothing runs on
  int64_t forward_chunk_rows;  ///< at most
  int64_t backward_chunk_rows;

  /// \param most_matrix_bytes for all matrices of a chunk; if a single row needs more, then it gets more
  CudaPlan(const attn_problem& problem, int32_t device_index, int64_t most_matrix_bytes = kMatrixBytes);

  int64_t all_rows() const { return problem.batch * problem.heads_q * problem.seq_q; }
  uint64_t forward_workspace_bytes() const;
  uint64_t backward_workspace_bytes() const;

  /// Rows of keys of all heads that tensors have.
  int64_t key_count() const;
  /// Elements of the gradient of the bias, over which scores are not summed.
  int64_t bias_heads() const { return problem.bias_stride[1] == 0 ? 1 : problem.heads_q; }
  int64_t bias_batches() const { return problem.bias_stride[0] == 0 ? 1 : problem.batch; }
  int64_t d_bias_count() const;

  /// As Geometry's, but lengths and offsets that do not fit the problem are cut to fit: the host cannot look at them,
  /// and a kernel that follows them would take all other work on the device with it.
  CFGTOOL_HOST_DEVICE Sequence sequence(int64_t batch, const attn_extras& extras) const;
  CFGTOOL_HOST_DEVICE RowPlace place(int64_t row, const attn_extras& extras) const {
    return {sequence(row / problem.seq_q / problem.heads_q, extras), row / problem.seq_q % problem.heads_q,
            row % problem.seq_q};
  }
  /// Into the sums for gradients of keys and values.
  CFGTOOL_HOST_DEVICE int64_t key_index(const Sequence& sequence, int64_t kv_head, int64_t key) const {
    if (problem.varlen == ATTN_VARLEN_PACKED) return kv_head * problem.total_kv + sequence.kv_begin + key;
    return (sequence.batch * problem.heads_kv + kv_head) * problem.seq_kv + key;
  }
};

/// Where the parts of a workspace lie.
struct ForwardWorkspace {
  float *scores, *largest, *sums;
  ForwardWorkspace(const CudaPlan& plan, void* workspace);
};
struct BackwardWorkspace {
  float *weights, *d_scores, *sums, *deltas, *d_key, *d_value, *d_bias;
  BackwardWorkspace(const CudaPlan& plan, void* workspace);
};

CFGTOOL_HOST_DEVICE inline int64_t clamp_count(int64_t value, int64_t most) {
  return std::min(std::max(value, int64_t{0}), most);
}

CFGTOOL_HOST_DEVICE inline Sequence CudaPlan::sequence(int64_t batch, const attn_extras& extras) const {
  Sequence s = Geometry::sequence(batch, extras);
  const bool packed = problem.varlen == ATTN_VARLEN_PACKED;
  s.q_begin = clamp_count(s.q_begin, problem.total_q);
  s.kv_begin = clamp_count(s.kv_begin, problem.total_kv);
  s.q_count = clamp_count(s.q_count, packed ? std::min(problem.seq_q, problem.total_q - s.q_begin) : problem.seq_q);
  s.kv_count =
      clamp_count(s.kv_count, packed ? std::min(problem.seq_kv, problem.total_kv - s.kv_begin) : problem.seq_kv);
  return s;
}

}  // namespace cfgtool::attention::cuda_eager
