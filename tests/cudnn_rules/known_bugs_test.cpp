#include <doctest/doctest.h>

#include <string>

#include "attention_plugins/cudnn/rules.hpp"
#include "tests/cudnn_rules/problems.hpp"

using namespace cfgtool::attention;

namespace {

constexpr int64_t k919 = 91900;

void check_bug(const attn_problem& problem, int32_t capability, int64_t version, const std::string& link) {
  CAPTURE(describe(problem));
  REQUIRE_FALSE(cudnn::refuse_by_rules(problem, capability, "gpu").has_value());  // or nobody looks for bugs
  const auto bug = cudnn::find_known_bug(problem, capability, version, "gpu");
  REQUIRE(bug.has_value());
  CHECK(bug->reason == ATTN_REASON_KNOWN_BUG);
  const std::string device = cudnn::name_device("gpu", capability);
  const std::string number = std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + ".";
  for (const std::string& word : {link, device, "cuDNN " + number, std::string("eager")})
    CHECK_MESSAGE(bug->text.find(word) != std::string::npos, bug->text, " does not say: ", word);
  CHECK(bug->text.size() < ATTN_TEXT_BYTES);
}

void check_no_bug(const attn_problem& problem, int32_t capability, int64_t version = k919) {
  CAPTURE(describe(problem));
  const auto bug = cudnn::find_known_bug(problem, capability, version, "gpu");
  CHECK_MESSAGE(!bug, (bug ? bug->text : ""));
}

attn_problem with_bias(attn_problem problem) {
  add_bias(problem, ATTN_DTYPE_BF16, true, true);
  return problem;
}

attn_problem padded(attn_problem problem) {
  problem.varlen = ATTN_VARLEN_PADDED;
  return problem;
}

ProblemSizes decoding(int64_t heads_q, int64_t heads_kv, int64_t seq_kv = 4096, int64_t head_dim = 128) {
  return {.batch = 2, .heads_q = heads_q, .heads_kv = heads_kv, .seq_q = 1, .seq_kv = seq_kv, .head_dim_qk = head_dim};
}

}  // namespace

TEST_CASE("ordinary training has no known bug on h100") {
  for (const int64_t seq : {1000, 1024, 1088, 1152, 2048, 4096})
    check_no_bug(make(kTraining, grouped(28, 4, seq)), 90);
  for (const int64_t seq : {1024, 1000})
    check_no_bug(make(kTraining, square(seq), false), 90);
  check_no_bug(packed(kTraining, grouped(28, 4, 1088)), 90);
  check_no_bug(padded(make(kTraining, square(1088), false)), 90);
}

TEST_CASE("a half empty tile of keys, backward on 9.0") {
  constexpr const char* kLink = "pytorch/issues/196678";
  for (const int64_t seq : {64, 192, 704, 2112}) {
    const attn_problem masked = with_bias(make(kTraining, square(seq, 64), false));
    check_bug(masked, 90, k919, kLink);
    check_bug(make(kTraining, square(seq, 64), false), 90, 92000, "cudnn-frontend/pull/628");
    check_no_bug(make(kTraining, square(seq, 64)), 90);  // causal
    check_no_bug(padded(masked), 90);
    check_no_bug(masked, 90, 92600);
    check_no_bug(masked, 80);
    check_no_bug(masked, 100);
    check_no_bug(with_bias(make(kForward, square(seq, 64), false)), 90);
  }
  for (const int64_t seq : {128, 640, 768, 700, 63})
    check_no_bug(with_bias(make(kTraining, square(seq, 64), false)), 90);
  // A diagonal that ends before the last key hides the tail; one that ends behind it does not.
  attn_problem window = make(kTraining, square(704));
  window.window_right = 1;
  check_bug(window, 90, k919, kLink);
  check_no_bug(make(kTraining, rectangle(512, 704)), 90);
  attn_problem top_left = make(kTraining, rectangle(1024, 704));
  top_left.diagonal = ATTN_DIAGONAL_TOP_LEFT;
  check_bug(top_left, 90, k919, kLink);
}

TEST_CASE("one query, backward on 9.0") {
  constexpr const char* kLink = "cudnn-frontend/issues/1072";
  const attn_problem problem = make(kTraining, rectangle(1, 128, 64), false);
  for (const int64_t version : {k919, int64_t{92501}, int64_t{92600}})
    check_bug(problem, 90, version, kLink);
  check_no_bug(padded(problem), 90);
  check_no_bug(make(kTraining, rectangle(1, 97, 64), false), 90);
  check_no_bug(make(kTraining, rectangle(2, 128, 64), false), 90);
  check_no_bug(problem, 80);
}

TEST_CASE("one row: the plan crashes") {
  const attn_problem problem =
      make(kTraining, {.batch = 1, .heads_q = 1, .seq_q = 1, .seq_kv = 100, .head_dim_qk = 64}, false);
  check_bug(problem, 90, 92600, "cudnn-frontend/issues/1071");
  check_no_bug(problem, 90);
}

TEST_CASE("few key-value heads on B200") {
  constexpr const char* kLink = "pytorch/issues/193893";
  for (const auto& [heads_q, heads_kv] : {std::pair{12, 2}, {28, 4}, {16, 1}}) {
    check_bug(make(kForward, grouped(heads_q, heads_kv, 512)), 100, k919, kLink);
    check_bug(make(kForward, decoding(heads_q, heads_kv)), 100, 92000, kLink);
    check_bug(make(kTraining, grouped(heads_q, heads_kv, 512)), 100, k919, kLink);
    check_no_bug(make(kForward, grouped(heads_q, heads_kv, 512)), 120);
    check_no_bug(make(kForward, grouped(heads_q, heads_kv, 512)), 90);
    check_no_bug(make(kForward, grouped(heads_q, heads_kv, 512)), 100, 91801);
  }
  check_no_bug(make(kForward, grouped(40, 8, 512)), 100);
  check_no_bug(make(kForward, grouped(32, 4, 512, 64)), 100);
  check_no_bug(make(kForward, square(512)), 100);
}

TEST_CASE("log-sum-exp of packed sequences of one query") {
  constexpr const char* kLink = "cudnn-frontend/issues/1083";
  constexpr uint32_t kWithLse = ATTN_PASS_FORWARD | ATTN_PASS_LSE;
  for (const int32_t capability : {80, 89, 90, 100, 120})
    for (const int64_t version : {k919, int64_t{92700}})
      check_bug(packed(kWithLse, decoding(32, 8, 300)), capability, version, kLink);
  check_no_bug(packed(kForward, decoding(32, 8, 300)), 90);
  check_no_bug(packed(kWithLse, decoding(8, 8, 300)), 90);
  check_no_bug(padded(make(kWithLse, decoding(32, 8, 300), false)), 90);
  ProblemSizes two = decoding(32, 8, 300);
  two.seq_q = 2;
  check_no_bug(packed(kWithLse, two), 90);
}

TEST_CASE("a mask over one query") {
  constexpr const char* kLink = "release-notes";
  attn_problem problem = make(kForward, decoding(32, 8));
  check_no_bug(problem, 90);  // bottom-right: it hides nothing, so none is in the graph
  problem.diagonal = ATTN_DIAGONAL_TOP_LEFT;
  for (const int32_t capability : {80, 90, 100, 120})
    check_bug(problem, capability, k919, kLink);
  problem.diagonal = ATTN_DIAGONAL_BOTTOM_RIGHT;
  problem.window_left = 255;
  check_bug(problem, 90, k919, kLink);
  problem.heads_kv = problem.heads_q;
  check_no_bug(problem, 90);
}

TEST_CASE("what NVIDIA's frontend does otherwise in older versions") {
  const attn_problem tail = make(kTraining, square(200));
  check_bug(tail, 80, 91500, "cudnn-frontend");
  check_no_bug(tail, 80, 91501);
  check_no_bug(make(kForward, square(200)), 80, 91500);
  check_no_bug(make(kTraining, square(256)), 80, 91500);
  attn_problem fixed = make(kTraining, square(256));
  fixed.flags |= ATTN_FLAG_DETERMINISTIC;
  check_bug(fixed, 100, 91700, "cudnn-frontend");
  check_no_bug(fixed, 100, 91800);
  check_no_bug(fixed, 90, 91700);
}

TEST_CASE("versions that NVIDIA's frontend refuses") {
  const attn_problem plain = make(kTraining, square(2048));
  for (const int64_t version : {91000, 91001})
    check_bug(plain, 80, version, "cudnn-frontend");
  check_no_bug(plain, 80, 91002);
  attn_problem window = make(kForward, square(2048));
  window.window_left = 255;
  check_no_bug(window, 90, 91400);
  window.window_right = -1;
  check_bug(window, 90, 91400, "cudnn-frontend");
  check_no_bug(window, 90, 91401);
}
