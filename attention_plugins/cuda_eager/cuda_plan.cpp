#include "attention_plugins/cuda_eager/cuda_plan.hpp"

#include <algorithm>

namespace cfgtool::attention::cuda_eager {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);

int64_t chunk_rows(const attn_problem& p, int64_t rows, int64_t most_bytes, int64_t matrices) {
  return std::clamp<int64_t>(most_bytes / (matrices * p.seq_kv * kFloatBytes), 1, rows);
}

}  // namespace

CudaPlan::CudaPlan(const attn_problem& given, int32_t device, int64_t most_matrix_bytes)
    : Geometry(given),
      device_index(device),
      forward_chunk_rows(chunk_rows(problem, all_rows(), most_matrix_bytes, 1)),
      backward_chunk_rows(chunk_rows(problem, all_rows(), most_matrix_bytes, 2)) {}

int64_t CudaPlan::key_count() const {
  return problem.heads_kv * (problem.varlen == ATTN_VARLEN_PACKED ? problem.total_kv : problem.batch * problem.seq_kv);
}

int64_t CudaPlan::d_bias_count() const {
  if ((problem.flags & ATTN_FLAG_D_BIAS) == 0) return 0;
  return bias_batches() * bias_heads() * problem.seq_q * problem.seq_kv;
}

uint64_t CudaPlan::forward_workspace_bytes() const {
  return static_cast<uint64_t>(forward_chunk_rows * (problem.seq_kv + 2) * kFloatBytes);
}

uint64_t CudaPlan::backward_workspace_bytes() const {
  const int64_t of_keys = key_count() * (problem.head_dim_qk + problem.head_dim_v);
  return static_cast<uint64_t>((backward_chunk_rows * (2 * problem.seq_kv + 2) + of_keys + d_bias_count()) *
                               kFloatBytes);
}

ForwardWorkspace::ForwardWorkspace(const CudaPlan& plan, void* workspace)
    : scores(static_cast<float*>(workspace)),
      largest(scores + plan.forward_chunk_rows * plan.problem.seq_kv),
      sums(largest + plan.forward_chunk_rows) {}

BackwardWorkspace::BackwardWorkspace(const CudaPlan& plan, void* workspace)
    : weights(static_cast<float*>(workspace)),
      d_scores(weights + plan.backward_chunk_rows * plan.problem.seq_kv),
      sums(d_scores + plan.backward_chunk_rows * plan.problem.seq_kv),
      deltas(sums + plan.backward_chunk_rows),
      d_key(deltas + plan.backward_chunk_rows),
      d_value(d_key + plan.key_count() * plan.problem.head_dim_qk),
      d_bias(d_value + plan.key_count() * plan.problem.head_dim_v) {}

}  // namespace cfgtool::attention::cuda_eager
