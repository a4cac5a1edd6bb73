/// \file
/// Problems as a training or a generation has them, to be changed by a test.
#pragma once

#include <cstdint>

#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {

constexpr uint32_t kForward = ATTN_PASS_FORWARD;
constexpr uint32_t kTraining = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;

/// bf16, causal where asked for, aligned as memory from CUDA is.
inline attn_problem make(uint32_t passes, ProblemSizes sizes, bool causal = true, int32_t dtype = ATTN_DTYPE_BF16) {
  attn_problem problem = make_problem(sizes, dtype, passes, Layout::kBatchSequenceHeads);
  problem.alignment = 256;
  if (causal) make_causal(problem, ATTN_DIAGONAL_BOTTOM_RIGHT);
  return problem;
}

inline ProblemSizes square(int64_t seq, int64_t head_dim = 128, int64_t head_dim_v = 0) {
  return {.batch = 2, .heads_q = 16, .seq_q = seq, .head_dim_qk = head_dim, .head_dim_v = head_dim_v};
}

inline ProblemSizes rectangle(int64_t seq_q, int64_t seq_kv, int64_t head_dim = 128) {
  return {.batch = 2, .heads_q = 16, .seq_q = seq_q, .seq_kv = seq_kv, .head_dim_qk = head_dim};
}

inline ProblemSizes grouped(int64_t heads_q, int64_t heads_kv, int64_t seq, int64_t head_dim = 128) {
  return {.batch = 2, .heads_q = heads_q, .heads_kv = heads_kv, .seq_q = seq, .head_dim_qk = head_dim};
}

/// Every sequence as long as the longest.
inline attn_problem packed(uint32_t passes, ProblemSizes sizes) {
  const int64_t batch = sizes.batch;
  ProblemSizes all = sizes;
  all.batch = 1;
  all.seq_q = batch * sizes.seq_q;
  all.seq_kv = batch * (sizes.seq_kv == 0 ? sizes.seq_q : sizes.seq_kv);
  attn_problem problem = make(passes, all, false);
  problem.varlen = ATTN_VARLEN_PACKED;
  problem.batch = batch;
  problem.total_q = all.seq_q;
  problem.total_kv = all.seq_kv;
  problem.seq_q = sizes.seq_q;
  problem.seq_kv = all.seq_kv / batch;
  return problem;
}

}  // namespace cfgtool::attention
