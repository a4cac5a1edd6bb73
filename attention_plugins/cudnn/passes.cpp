#include "attention_plugins/cudnn/passes.hpp"

#include <algorithm>

namespace cfgtool::attention::cudnn {

namespace {

/// cuDNN's and our buffers begin at multiples of this, as the workspace itself does.
constexpr uint64_t kAlignment = 256;

/// [batch, sequence, head, head_dim], contiguous.
void lay_out(int64_t (&stride)[4], int64_t heads, int64_t rows, int64_t head_dim) {
  stride[0] = rows * heads * head_dim;
  stride[1] = head_dim;
  stride[2] = heads * head_dim;
  stride[3] = 1;
}

bool is_ours(const attn_problem& problem, Pass pass, Buffer buffer) {
  const bool is_packed = problem.varlen == ATTN_VARLEN_PACKED;
  switch (buffer) {
    case Buffer::kLengthsQ:
    case Buffer::kLengthsKv:
      return is_packed;
    case Buffer::kStats:
      return is_packed || (pass == Pass::kBackward && may_have_empty_rows(problem));
    case Buffer::kOffsetsQuery:
    case Buffer::kOffsetsKey:
    case Buffer::kOffsetsValue:
    case Buffer::kOffsetsOutput:
    case Buffer::kOffsetsStats:
    case Buffer::kSoftmaxSum:
    case Buffer::kDQueryAccumulator:
      return true;
    default:
      return is_copied(problem, pass, buffer);
  }
}

/// A window wider than all lengths is none, and would overflow what is added to it.
int64_t bounded(int64_t window, const attn_problem& problem) {
  return window > problem.seq_q + problem.seq_kv ? -1 : window;
}

}  // namespace

const char* name_of(Pass pass) {
  return pass == Pass::kForward ? "forward" : "backward";
}

std::vector<Pass> passes_of(const attn_problem& problem) {
  std::vector<Pass> passes;
  if ((problem.passes & ATTN_PASS_FORWARD) != 0) passes.push_back(Pass::kForward);
  if ((problem.passes & ATTN_PASS_BACKWARD) != 0) passes.push_back(Pass::kBackward);
  return passes;
}

bool is_copied(const attn_problem& problem, Pass pass, Buffer buffer) {
  if (problem.varlen != ATTN_VARLEN_PADDED) return false;
  switch (buffer) {
    case Buffer::kKey:
    case Buffer::kValue:
      return true;
    // Forward, a row of the tail spoils that row alone; backward, the gradients of all keys.
    case Buffer::kQuery:
    case Buffer::kOutput:
    case Buffer::kDOutput:
      return pass == Pass::kBackward;
    default:
      return false;
  }
}

attn_problem inner_problem(const attn_problem& problem, Pass pass) {
  attn_problem inner = problem;
  if (is_copied(problem, pass, Buffer::kQuery))
    lay_out(inner.query_stride, problem.heads_q, problem.seq_q, problem.head_dim_qk);
  if (is_copied(problem, pass, Buffer::kKey))
    lay_out(inner.key_stride, problem.heads_kv, problem.seq_kv, problem.head_dim_qk);
  if (is_copied(problem, pass, Buffer::kValue))
    lay_out(inner.value_stride, problem.heads_kv, problem.seq_kv, problem.head_dim_v);
  if (is_copied(problem, pass, Buffer::kOutput))
    lay_out(inner.output_stride, problem.heads_q, problem.seq_q, problem.head_dim_v);
  if (is_copied(problem, pass, Buffer::kDOutput))
    lay_out(inner.d_output_stride, problem.heads_q, problem.seq_q, problem.head_dim_v);
  return inner;
}

Graph make_graph(const attn_problem& problem, Pass pass, int32_t compute_capability) {
  const attn_problem inner = inner_problem(problem, pass);
  return pass == Pass::kForward ? make_forward_graph(inner) : make_backward_graph(inner, compute_capability);
}

Sequences sequences_of(const attn_problem& problem) {
  Sequences sequences;
  sequences.batch = problem.batch;
  sequences.heads_q = problem.heads_q;
  sequences.heads_kv = problem.heads_kv;
  sequences.seq_q = problem.seq_q;
  sequences.seq_kv = problem.seq_kv;
  sequences.total_q = problem.total_q;
  sequences.total_kv = problem.total_kv;
  sequences.window_left = bounded(problem.window_left, problem);
  sequences.window_right = bounded(problem.window_right, problem);
  sequences.diagonal = problem.diagonal;
  sequences.varlen = problem.varlen;
  sequences.bias_dtype = problem.bias_dtype;
  std::copy(std::begin(problem.bias_stride), std::end(problem.bias_stride), std::begin(sequences.bias_stride));
  return sequences;
}

bool may_have_empty_rows(const attn_problem& problem) {
  if (problem.varlen != ATTN_VARLEN_NONE || problem.bias == ATTN_BIAS_ADDITIVE) return true;
  const Sequences sequences = sequences_of(problem);
  // The range moves one way as rows do, so that the first or the last row is empty if any is.
  return is_empty_row(sequences, 0, 0, 0) || is_empty_row(sequences, 0, 0, problem.seq_q - 1);
}

bool may_have_unseen_keys(const attn_problem& problem) {
  if (problem.varlen != ATTN_VARLEN_NONE) return true;
  const Sequences sequences = sequences_of(problem);
  return is_unseen_key(sequences, 0, 0) || is_unseen_key(sequences, 0, problem.seq_kv - 1);
}

Workspace::Workspace(const Graph& graph, const attn_problem& problem, Pass pass, uint64_t plan_bytes)
    : bytes_(plan_bytes) {
  for (size_t i = 0; i < kBufferCount; ++i) {
    const auto buffer = static_cast<Buffer>(i);
    const std::optional<TensorIndex> tensor = graph.find(buffer);
    if (!tensor || !is_ours(problem, pass, buffer)) continue;
    bytes_ = (bytes_ + kAlignment - 1) / kAlignment * kAlignment;
    offsets_[i] = bytes_;
    bytes_ += graph.bytes(*tensor);
  }
}

}  // namespace cfgtool::attention::cudnn
