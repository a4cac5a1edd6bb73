// What the recorded cases lack or have too few of: the graphs against the formulas.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "attention_plugins/cudnn/graph.hpp"
#include "attention_plugins/host/problem.hpp"
#include "tests/cudnn_graph/attention_case.hpp"

using namespace cudnn_graph_test;
using namespace cfgtool::attention;

namespace {

/// Constants of a graph are fp32; all else is double on both sides.
void check_equal(const std::string& name, const std::vector<double>& got, const std::vector<double>& want) {
  CAPTURE(name);
  REQUIRE(got.size() == want.size());
  double largest = 0;
  for (double value : want)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  size_t wrong = 0;
  for (size_t i = 0; i < got.size(); ++i)
    if (!(got[i] == want[i] || std::abs(got[i] - want[i]) <= 1e-6 * largest)) ++wrong;
  CHECK(wrong == 0);
}

void check(const Inputs& inputs, int32_t compute_capability = 90) {
  CAPTURE(describe(inputs.problem));
  CAPTURE(compute_capability);
  REQUIRE(!check_problem(inputs.problem));
  const Results got = by_graphs(inputs, compute_capability);
  const Results want = by_formulas(inputs);
  check_equal("output", got.output, want.output);
  check_equal("lse", got.lse, want.lse);
  check_equal("d_query", got.d_query, want.d_query);
  check_equal("d_key", got.d_key, want.d_key);
  check_equal("d_value", got.d_value, want.d_value);
  check_equal("d_bias", got.d_bias, want.d_bias);
}

attn_problem problem_of(int64_t heads_q, int64_t heads_kv, int64_t seq_q, int64_t seq_kv) {
  return make_problem({.batch = 3,
                       .heads_q = heads_q,
                       .heads_kv = heads_kv,
                       .seq_q = seq_q,
                       .seq_kv = seq_kv,
                       .head_dim_qk = 16,
                       .head_dim_v = 32},
                      ATTN_DTYPE_BF16, ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD,
                      Layout::kBatchSequenceHeads);
}

/// The problem with each kind of sequences; shorter rows than keys, the other way round, no keys, no rows.
void check_with_all_lengths(attn_problem p, int32_t compute_capability = 90) {
  check(random_inputs(p, 1), compute_capability);
  p.batch = 5;
  const auto q = static_cast<int32_t>(p.seq_q);
  const auto kv = static_cast<int32_t>(p.seq_kv);
  const std::vector<int32_t> rows{q, 3, 0, q - 1, 5}, keys{kv, kv - 2, 4, 0, 2};
  p.varlen = ATTN_VARLEN_PADDED;
  check(random_inputs(p, 2, rows, keys), compute_capability);
  p.varlen = ATTN_VARLEN_PACKED;
  for (int32_t length : rows)
    p.total_q += length;
  for (int32_t length : keys)
    p.total_kv += length;
  check(random_inputs(p, 3, rows, keys), compute_capability);
}

void give_bias(attn_problem& p, bool broadcast_batch, bool broadcast_heads, bool gradient) {
  add_bias(p, ATTN_DTYPE_BF16, broadcast_batch, broadcast_heads);
  if (!gradient) return;
  p.flags |= ATTN_FLAG_D_BIAS;
  std::ranges::copy(p.bias_stride, p.d_bias_stride);
}

}  // namespace

TEST_CASE("Windows to both sides, along both diagonals, of all shapes and kinds of sequences") {
  int checked = 0;
  for (const auto& [seq_q, seq_kv] : {std::pair{9, 9}, {7, 12}, {12, 7}})
    for (int32_t diagonal : {ATTN_DIAGONAL_TOP_LEFT, ATTN_DIAGONAL_BOTTOM_RIGHT})
      for (int64_t left : {-1, 0, 3, 100})
        for (int64_t right : {-1, 0, 2, 100}) {
          attn_problem p = problem_of(2, 1, seq_q, seq_kv);
          p.diagonal = diagonal;
          p.window_left = left;
          p.window_right = right;
          check_with_all_lengths(p);
          checked += 3;
        }
  CHECK(checked == 288);
}

TEST_CASE("Bounds just where they begin to hide a key") {
  for (const auto& [seq_q, seq_kv] : {std::pair{6, 6}, {5, 8}, {8, 5}, {1, 7}})
    for (int32_t diagonal : {ATTN_DIAGONAL_TOP_LEFT, ATTN_DIAGONAL_BOTTOM_RIGHT})
      for (int64_t bound = 3; bound <= 8; ++bound) {
        attn_problem p = problem_of(1, 1, seq_q, seq_kv);
        p.diagonal = diagonal;
        p.window_left = bound;
        check(random_inputs(p, 4));
        std::swap(p.window_left, p.window_right);
        check(random_inputs(p, 4));
      }
}

TEST_CASE("Grouped heads") {
  for (int64_t heads_kv : {1, 2, 3, 6}) {
    attn_problem p = problem_of(6, heads_kv, 8, 11);
    check_with_all_lengths(p);
  }
}

TEST_CASE("Packed sequences on devices that want the log-sum-exp padded") {
  for (int32_t compute_capability : {80, 89, 90, 100, 120}) {
    attn_problem p = problem_of(4, 2, 8, 11);
    p.window_right = 0;
    check_with_all_lengths(p, compute_capability);
    const attn_problem no_multiple_of_16 =
        make_problem({3, 4, 2, 8, 11, 24, 24}, p.dtype, p.passes, Layout::kBatchSequenceHeads);
    check_with_all_lengths(no_multiple_of_16, compute_capability);
  }
}

TEST_CASE("Dropout with a given mask") {
  for (float dropout : {0.1F, 0.5F})
    for (int64_t right : {-1, 0}) {
      attn_problem p = problem_of(4, 2, 9, 9);
      p.dropout = dropout;
      p.window_right = right;
      check_with_all_lengths(p);
      give_bias(p, true, false, true);
      check(random_inputs(p, 5));
    }
}

TEST_CASE("Additive bias: broadcast, with and without a gradient, masks, and empty rows that it makes") {
  for (bool broadcast_batch : {false, true})
    for (bool broadcast_heads : {false, true})
      for (bool gradient : {false, true}) {
        attn_problem p = problem_of(4, 2, 9, 7);
        give_bias(p, broadcast_batch, broadcast_heads, gradient);
        check(random_inputs(p, 6));
        p.varlen = ATTN_VARLEN_PADDED;
        p.window_left = 3;
        Inputs inputs = random_inputs(p, 7, {9, 4, 0}, {7, 3, 2});
        for (size_t i = 0; i < inputs.bias.size(); ++i)
          if (i / 7 % 9 == 2 || i % 11 == 7) inputs.bias[i] = -std::numeric_limits<double>::infinity();
        check(inputs);
      }
}

TEST_CASE("A bias of one row for all rows, and of one key for all keys") {
  for (size_t axis : {size_t{2}, size_t{3}}) {
    attn_problem p = problem_of(2, 2, 6, 6);
    give_bias(p, false, false, false);
    for (size_t i = 0; i < axis; ++i)
      p.bias_stride[i] /= 6;
    p.bias_stride[axis] = 0;
    check(random_inputs(p, 8));
  }
}

TEST_CASE("ALiBi") {
  for (const auto& [seq_q, seq_kv] : {std::pair{9, 9}, {7, 12}, {12, 7}})
    for (int64_t left : {-1, 4}) {
      attn_problem p = problem_of(4, 2, seq_q, seq_kv);
      p.bias = ATTN_BIAS_ALIBI;
      p.window_left = left;
      p.window_right = 0;
      check_with_all_lengths(p);
    }
}

TEST_CASE("Deterministic gradients") {
  attn_problem p = problem_of(4, 2, 9, 9);
  p.flags = ATTN_FLAG_DETERMINISTIC;
  check_with_all_lengths(p);
  CHECK(!cudnn::make_backward_graph(p, 90).find(cudnn::Buffer::kDQueryAccumulator));
  p.flags = 0;
  CHECK(cudnn::make_backward_graph(p, 90).find(cudnn::Buffer::kDQueryAccumulator));
}

TEST_CASE("Gradients with strides of their own") {
  attn_problem p = problem_of(4, 2, 9, 9);
  const attn_problem other = make_problem({3, 4, 2, 9, 9, 16, 32}, p.dtype, p.passes, Layout::kBatchHeadsSequence);
  std::ranges::copy(other.query_stride, p.d_query_stride);
  std::ranges::copy(other.key_stride, p.d_key_stride);
  std::ranges::copy(other.value_stride, p.d_value_stride);
  std::ranges::copy(other.output_stride, p.d_output_stride);
  check(random_inputs(p, 9));
}
