// What must hold of a graph as data, whatever it computes.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "attention_plugins/cudnn/graph.hpp"
#include "attention_plugins/host/problem.hpp"

using namespace cfgtool::attention;
using namespace cfgtool::attention::cudnn;

namespace {

attn_problem sample(int32_t varlen, uint32_t passes) {
  attn_problem p = make_problem({2, 8, 4, 32, 64, 64, 128}, ATTN_DTYPE_F16, passes, Layout::kBatchSequenceHeads);
  p.varlen = varlen;
  if (varlen == ATTN_VARLEN_PACKED) p.total_q = p.total_kv = 50;
  p.dropout = 0.25F;
  p.window_left = 7;
  p.window_right = 0;
  p.diagonal = ATTN_DIAGONAL_BOTTOM_RIGHT;
  return p;
}

constexpr uint32_t kAllPasses = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;

uint64_t bytes_of(const Graph& graph, Buffer buffer) {
  return graph.bytes(graph.find(buffer).value());
}

}  // namespace

TEST_CASE("A buffer is one tensor, and every tensor is used") {
  for (int32_t varlen : {ATTN_VARLEN_NONE, ATTN_VARLEN_PADDED, ATTN_VARLEN_PACKED})
    for (const Graph& graph :
         {make_forward_graph(sample(varlen, kAllPasses)), make_backward_graph(sample(varlen, kAllPasses), 90)}) {
      std::set<Buffer> buffers;
      std::set<TensorIndex> used;
      for (const Tensor& tensor : graph.tensors) {
        used.insert(tensor.offsets);
        if (tensor.buffer == Buffer::kVirtual || tensor.buffer == Buffer::kConstant) continue;
        CHECK(buffers.insert(tensor.buffer).second);
      }
      for (const Operation& o : graph.operations)
        used.insert({o.a, o.b, o.mask, o.output, o.m_lengths, o.n_lengths, o.k_lengths});
      for (TensorIndex i = 0; i < static_cast<TensorIndex>(graph.tensors.size()); ++i)
        CHECK(used.contains(i));
    }
}

TEST_CASE("The log-sum-exp is virtual unless it is asked for") {
  CHECK(make_forward_graph(sample(ATTN_VARLEN_NONE, ATTN_PASS_FORWARD | ATTN_PASS_LSE)).find(Buffer::kStats));
  CHECK(!make_forward_graph(sample(ATTN_VARLEN_NONE, ATTN_PASS_FORWARD)).find(Buffer::kStats));
}

TEST_CASE("No stride is 0, whatever is broadcast or of size 1") {
  attn_problem p = make_problem({1, 1, 1, 1, 8, 16, 16}, ATTN_DTYPE_F16, kAllPasses, Layout::kBatchSequenceHeads);
  add_bias(p, ATTN_DTYPE_F16, true, true);
  p.query_stride[0] = p.query_stride[1] = 0;
  for (const Graph& graph : {make_forward_graph(p), make_backward_graph(p, 90)})
    for (const Tensor& tensor : graph.tensors)
      CHECK(std::ranges::find(tensor.stride, 0) == tensor.stride.end());
}

TEST_CASE("Bytes of the workspace") {
  const Graph plain = make_backward_graph(sample(ATTN_VARLEN_NONE, kAllPasses), 90);
  CHECK(bytes_of(plain, Buffer::kSoftmaxSum) == 2 * 8 * 32 * 4);
  CHECK(bytes_of(plain, Buffer::kDQueryAccumulator) == 2 * 8 * 32 * 64 * 4);
  const Graph packed = make_backward_graph(sample(ATTN_VARLEN_PACKED, kAllPasses), 90);
  CHECK(bytes_of(packed, Buffer::kSoftmaxSum) == 50 * 8 * 4);
  CHECK(bytes_of(packed, Buffer::kDQueryAccumulator) == 50 * 8 * 64 * 4);
  CHECK(bytes_of(packed, Buffer::kOffsetsQuery) == 3 * 8);
  CHECK(bytes_of(packed, Buffer::kQuery) == 50 * 8 * 64 * 2);
  CHECK(bytes_of(packed, Buffer::kKey) == 50 * 4 * 64 * 2);
  const Graph padded = make_backward_graph(sample(ATTN_VARLEN_PACKED, kAllPasses), 80);
  CHECK(bytes_of(padded, Buffer::kSoftmaxSum) == 2 * 8 * 32 * 4);
  CHECK(bytes_of(padded, Buffer::kDQueryAccumulator) == 2 * 8 * 32 * 64 * 4);
}

TEST_CASE("The workspace of packed sequences is padded where a head dimension is no multiple of 16") {
  for (const auto& [head_dim_qk, head_dim_v] : {std::pair{72, 64}, {64, 72}}) {
    attn_problem p = make_problem({2, 8, 4, 32, 64, head_dim_qk, head_dim_v}, ATTN_DTYPE_F16, kAllPasses,
                                  Layout::kBatchSequenceHeads);
    p.varlen = ATTN_VARLEN_PACKED;
    p.total_q = p.total_kv = 50;
    const Graph graph = make_backward_graph(p, 90);
    CHECK(bytes_of(graph, Buffer::kDQueryAccumulator) == static_cast<uint64_t>(2 * 8 * 32 * head_dim_qk * 4));
    CHECK(bytes_of(graph, Buffer::kStats) == 50 * 8 * 4);
  }
}
