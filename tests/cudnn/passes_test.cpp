// What cuDNN gets of a problem, and the workspace around it.
#include "attention_plugins/cudnn/passes.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>

#include "attention_plugins/host/problem.hpp"
#include "tests/cudnn/plugin_question.hpp"

using namespace cfgtool::attention;
using namespace cfgtool::attention::cudnn;

namespace {

constexpr uint32_t kAll = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;

attn_problem packed_problem() {
  attn_problem problem = make_problem({.batch = 3, .heads_q = 4, .heads_kv = 2, .seq_q = 64, .head_dim_qk = 64},
                                      ATTN_DTYPE_F16, kAll, Layout::kBatchSequenceHeads);
  problem.varlen = ATTN_VARLEN_PACKED;
  problem.total_q = problem.total_kv = 100;
  return problem;
}

}  // namespace

TEST_CASE("whether there can be empty rows and unseen keys") {
  for (const int64_t rows : {1, 4, 9})
    for (const int64_t keys : {1, 4, 9})
      for (const int64_t left : {-1, 0, 2})
        for (const int64_t right : {-1, 0, 2})
          for (const int32_t diagonal : {ATTN_DIAGONAL_TOP_LEFT, ATTN_DIAGONAL_BOTTOM_RIGHT}) {
            attn_problem problem = make_problem({.seq_q = rows, .seq_kv = keys}, ATTN_DTYPE_F16, ATTN_PASS_FORWARD);
            problem.window_left = left;
            problem.window_right = right;
            problem.diagonal = diagonal;
            const Sequences s = sequences_of(problem);
            bool row = false, key = false;
            for (int64_t i = 0; i < rows; ++i)
              row = row || is_empty_row(s, 0, 0, i);
            for (int64_t j = 0; j < keys; ++j)
              key = key || is_unseen_key(s, 0, j);
            CHECK(may_have_empty_rows(problem) == row);
            CHECK(may_have_unseen_keys(problem) == key);
          }
  CHECK(may_have_empty_rows(packed_problem()));
  CHECK(may_have_unseen_keys(packed_problem()));
}

TEST_CASE("a window as wide as numbers go does not overflow") {
  attn_problem problem = make_problem({.seq_q = 8}, ATTN_DTYPE_F16, ATTN_PASS_FORWARD);
  problem.window_left = problem.window_right = std::numeric_limits<int64_t>::max();
  CHECK(!may_have_empty_rows(problem));
  CHECK(!may_have_unseen_keys(problem));
}

TEST_CASE("padded tensors are copied, others are not") {
  attn_problem problem = make_problem({.batch = 2, .heads_q = 4, .heads_kv = 2, .seq_q = 16, .head_dim_qk = 64},
                                      ATTN_DTYPE_F16, kAll, Layout::kBatchHeadsSequence);
  CHECK(!is_copied(problem, Pass::kBackward, Buffer::kKey));
  problem.varlen = ATTN_VARLEN_PADDED;
  CHECK(!is_copied(problem, Pass::kForward, Buffer::kQuery));
  for (const Buffer buffer : {Buffer::kQuery, Buffer::kKey, Buffer::kValue, Buffer::kOutput, Buffer::kDOutput})
    CHECK(is_copied(problem, Pass::kBackward, buffer));
  CHECK(!is_copied(problem, Pass::kBackward, Buffer::kDQuery));
  const attn_problem inner = inner_problem(problem, Pass::kForward);
  CHECK(inner.key_stride[0] == 16 * 2 * 64);
  CHECK(inner.key_stride[1] == 64);
  CHECK(inner.key_stride[2] == 2 * 64);
  CHECK(inner.query_stride[1] == problem.query_stride[1]);
}

TEST_CASE("the workspace holds what is not the caller's, aligned, each apart") {
  const attn_problem problem = packed_problem();
  for (const Pass pass : {Pass::kForward, Pass::kBackward}) {
    const Graph graph = make_graph(problem, pass, 90);
    const Workspace workspace(graph, problem, pass, 1000);
    std::map<uint64_t, uint64_t> places{{0, 1000}};
    for (size_t i = 0; i < kBufferCount; ++i) {
      const auto buffer = static_cast<Buffer>(i);
      const std::optional<uint64_t> offset = workspace.offset(buffer);
      if (!offset) continue;
      CHECK(*offset % 256 == 0);
      CHECK(places.emplace(*offset, graph.bytes(*graph.find(buffer))).second);
    }
    uint64_t end = 0;
    for (const auto& [offset, bytes] : places) {
      CHECK(offset >= end);
      end = offset + bytes;
    }
    CHECK(workspace.bytes() == end);
    for (const Buffer buffer : {Buffer::kLengthsQ, Buffer::kLengthsKv, Buffer::kStats, Buffer::kOffsetsKey})
      CHECK(workspace.offset(buffer).has_value());
    CHECK(!workspace.offset(Buffer::kQuery));
  }
}

TEST_CASE("a problem with nothing special needs no more than cuDNN's own workspace forward") {
  const attn_problem problem = causal_problem(ATTN_PASS_FORWARD | ATTN_PASS_LSE);
  CHECK(Workspace(make_graph(problem, Pass::kForward, 90), problem, Pass::kForward, 256).bytes() == 256);
}
