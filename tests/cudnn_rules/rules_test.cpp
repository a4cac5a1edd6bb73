#include "attention_plugins/cudnn/rules.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/cudnn_rules/problems.hpp"

using namespace cfgtool::attention;

namespace {

struct Gpu {
  const char* name;
  int32_t capability;
};
constexpr Gpu kAmpere{"a100", 80}, kAda{"rtx4090", 89}, kHopper{"h100", 90}, kBlackwell{"b200", 100},
    kConsumer{"rtx-pro-6000", 120};
constexpr Gpu kAll[] = {kAmpere, kAda, kHopper, kBlackwell, kConsumer};

void check_accepted(const attn_problem& problem, Gpu gpu) {
  CAPTURE(describe(problem));
  CAPTURE(gpu.capability);
  REQUIRE_FALSE(check_problem(problem).has_value());  // a plugin is asked about nothing else
  const auto refusal = cudnn::refuse_by_rules(problem, gpu.capability, gpu.name);
  CHECK_MESSAGE(!refusal, (refusal ? refusal->text : ""));
}

/// Every refusal names the device and its compute capability, and the words given.
void check_refused(const attn_problem& problem, Gpu gpu, int32_t reason, const std::vector<std::string>& words) {
  CAPTURE(describe(problem));
  CAPTURE(gpu.capability);
  const auto refusal = cudnn::refuse_by_rules(problem, gpu.capability, gpu.name);
  REQUIRE(refusal.has_value());
  CHECK(refusal->reason == reason);
  std::vector<std::string> all = words;
  all.push_back(cudnn::name_device(gpu.name, gpu.capability));
  for (const std::string& word : all)
    CHECK_MESSAGE(refusal->text.find(word) != std::string::npos, refusal->text, " does not say: ", word);
  CHECK(refusal->text.size() < ATTN_TEXT_BYTES);
  CHECK(refusal->text.find('\n') == std::string::npos);
}

void check_refused_everywhere(const attn_problem& problem, int32_t reason, const std::vector<std::string>& words) {
  for (const Gpu gpu : kAll)
    check_refused(problem, gpu, reason, words);
}

void check_accepted_everywhere(const attn_problem& problem) {
  for (const Gpu gpu : kAll)
    check_accepted(problem, gpu);
}

attn_problem with_bias(attn_problem problem, int32_t dtype = ATTN_DTYPE_BF16, uint32_t flags = 0) {
  problem.flags |= flags;
  add_bias(problem, dtype, true, false);
  return problem;
}

attn_problem with_window(attn_problem problem, int64_t left, int64_t right, int32_t diagonal) {
  problem.window_left = left;
  problem.window_right = right;
  problem.diagonal = diagonal;
  return problem;
}

attn_problem with_dropout(attn_problem problem) {
  problem.dropout = 0.1F;
  return problem;
}

attn_problem with_flags(attn_problem problem, uint32_t flags) {
  problem.flags |= flags;
  return problem;
}

}  // namespace

TEST_CASE("a device names itself") {
  CHECK(cudnn::name_device("a100", 80) == "a100 (compute capability 8.0)");
  CHECK(cudnn::name_device("rtx-pro-6000", 120) == "rtx-pro-6000 (compute capability 12.0)");
}

TEST_CASE("ordinary training and generation are accepted") {
  check_accepted_everywhere(make(kTraining, square(2048)));
  check_accepted_everywhere(make(kTraining, grouped(28, 4, 1024)));
  check_accepted_everywhere(make(kForward, rectangle(1, 4096)));
  check_accepted_everywhere(make(kTraining, square(2047, 80)));
  check_accepted_everywhere(make(kTraining, square(2048), false, ATTN_DTYPE_F16));
  check_accepted_everywhere(packed(kTraining, square(2048)));
}

TEST_CASE("architectures before Ampere") {
  for (const Gpu gpu : {Gpu{"v100", 70}, Gpu{"t4", 75}})
    check_refused(make(kForward, square(128)), gpu, ATTN_REASON_ARCHITECTURE, {"8.0 (Ampere) or newer"});
  // What cuDNN will say of newer ones, it says itself.
  check_accepted(make(kForward, square(128)), {"newer", 130});
}

TEST_CASE("types") {
  check_refused_everywhere(make(kForward, square(128), true, ATTN_DTYPE_F32), ATTN_REASON_DTYPE,
                           {"fp32", "fp16 and bf16", "eager"});
  for (const int32_t dtype : {ATTN_DTYPE_F8_E4M3, ATTN_DTYPE_F8_E5M2})
    check_refused_everywhere(make(kForward, square(128), true, dtype), ATTN_REASON_DTYPE,
                             {"fp8 is not offered by this plugin"});
}

TEST_CASE("constants of later versions of the interface") {
  const auto refused = [](const attn_problem& problem) {
    const auto refusal = cudnn::refuse_by_rules(problem, 90, "h100");
    return refusal && refusal->reason == ATTN_REASON_UNKNOWN_FEATURE;
  };
  attn_problem problem = make(kForward, square(128));
  CHECK_FALSE(refused(problem));
  CHECK(refused(with_flags(problem, 1U << 20)));
  for (int32_t attn_problem::*kind : {&attn_problem::diagonal, &attn_problem::varlen, &attn_problem::bias})
    for (const int32_t value : {-1, 3}) {
      attn_problem other = problem;
      other.*kind = value;
      CHECK(refused(other));
    }
  problem.passes |= 8;
  CHECK(refused(problem));
}

TEST_CASE("sinks") {
  check_refused_everywhere(with_flags(make(kForward, square(128)), ATTN_FLAG_SINK), ATTN_REASON_SINK,
                           {"not offered by this plugin"});
}

TEST_CASE("head dimensions of the forward pass") {
  for (const int64_t dim : {8, 72, 256, 264, 512})
    check_accepted_everywhere(make(kForward, square(128, dim)));
  check_refused_everywhere(make(kForward, square(128, 300)), ATTN_REASON_HEAD_DIM,
                           {"head_dim 300 is not a multiple of 8"});
  check_refused_everywhere(make(kForward, square(128, 128, 20)), ATTN_REASON_HEAD_DIM,
                           {"head_dim 20 is not a multiple of 8"});
}

TEST_CASE("head dimensions of the backward pass") {
  for (const Gpu gpu : {kAmpere, kAda, kConsumer}) {
    check_accepted(make(kTraining, square(128, 128)), gpu);
    check_accepted(make(kTraining, square(128, 64, 128)), gpu);
    for (const int64_t dim : {136, 192, 256})
      check_refused(make(kTraining, square(128, dim)), gpu, ATTN_REASON_HEAD_DIM,
                    {"up to 128", "not " + std::to_string(dim), "9.0 takes up to 256"});
    check_refused(make(kTraining, square(128, 192, 128)), gpu, ATTN_REASON_HEAD_DIM, {"up to 128", "192:128"});
  }
  for (const int64_t dim : {128, 136, 192, 256})
    check_accepted(make(kTraining, square(128, dim)), kHopper);
  check_accepted(make(kTraining, square(128, 192, 128)), kHopper);
  check_refused(make(kTraining, square(128, 264)), kHopper, ATTN_REASON_HEAD_DIM, {"up to 256", "264"});
  check_accepted(make(kTraining, square(128, 128)), kBlackwell);
  check_accepted(make(kTraining, square(128, 192, 128)), kBlackwell);
  for (const auto& [qk, v] : {std::pair<int64_t, int64_t>{192, 192}, {256, 256}, {160, 128}, {320, 320}})
    check_refused(make(kTraining, square(128, qk, v)), kBlackwell, ATTN_REASON_HEAD_DIM,
                  {"up to 128, and 192:128", std::to_string(qk)});
}

TEST_CASE("bottom-right diagonals") {
  const attn_problem more_keys = make(kTraining, rectangle(512, 2048));
  check_accepted_everywhere(more_keys);
  check_refused_everywhere(make(kForward, rectangle(2048, 512)), ATTN_REASON_MASK,
                           {"2048 queries and 512 keys", "bottom-right"});
  check_refused_everywhere(with_dropout(more_keys), ATTN_REASON_MASK, {"bottom-right", "dropout", "top-left"});
  check_refused_everywhere(with_bias(more_keys), ATTN_REASON_MASK, {"bottom-right", "a bias"});
  // Where the two diagonals are one, or the mask hides nothing, it is not the problem's name that counts.
  check_accepted_everywhere(with_dropout(make(kTraining, square(512))));
  check_accepted_everywhere(with_bias(make(kTraining, square(512))));
  check_accepted_everywhere(with_dropout(make(kForward, rectangle(1, 4096))));
  // Lengths of padded sequences may differ.
  attn_problem padded = make(kForward, square(512));
  padded.varlen = ATTN_VARLEN_PADDED;
  check_accepted_everywhere(padded);
  check_refused_everywhere(with_dropout(padded), ATTN_REASON_MASK, {"bottom-right"});
  padded = make(kForward, rectangle(2048, 512));
  padded.varlen = ATTN_VARLEN_PADDED;
  check_accepted_everywhere(padded);
}

TEST_CASE("windows") {
  for (const int64_t right : {-1, 0, 64})
    check_accepted_everywhere(with_window(make(kTraining, square(2048)), 255, right, ATTN_DIAGONAL_BOTTOM_RIGHT));
  check_accepted_everywhere(with_window(make(kTraining, rectangle(512, 2048)), 255, 64, ATTN_DIAGONAL_BOTTOM_RIGHT));
  check_refused_everywhere(with_window(make(kForward, rectangle(2048, 512)), 64, 0, ATTN_DIAGONAL_TOP_LEFT),
                           ATTN_REASON_MASK, {"sliding window", "2048 queries and 512 keys"});
  check_accepted_everywhere(with_window(make(kForward, rectangle(2048, 512)), -1, 0, ATTN_DIAGONAL_TOP_LEFT));
}

TEST_CASE("alibi") {
  attn_problem problem = make(kTraining, square(2048));
  problem.bias = ATTN_BIAS_ALIBI;
  check_accepted_everywhere(problem);
  problem.window_right = -1;
  check_refused_everywhere(problem, ATTN_REASON_BIAS, {"alibi", "causal", "an open one"});
  problem = make(kForward, rectangle(1, 512));
  problem.bias = ATTN_BIAS_ALIBI;
  check_refused_everywhere(problem, ATTN_REASON_BIAS, {"alibi", "top-left"});
}

TEST_CASE("bias and its gradient") {
  for (const int32_t dtype : {ATTN_DTYPE_BF16, ATTN_DTYPE_F16, ATTN_DTYPE_F32})
    check_accepted_everywhere(with_bias(make(kTraining, square(2048)), dtype));
  check_refused_everywhere(with_bias(make(kForward, square(128)), ATTN_DTYPE_F8_E4M3), ATTN_REASON_BIAS, {"fp8"});
  const attn_problem gradient = with_bias(make(kTraining, square(2047), false), ATTN_DTYPE_BF16, ATTN_FLAG_D_BIAS);
  check_accepted_everywhere(gradient);
  check_refused_everywhere(with_bias(make(kTraining, square(2048)), ATTN_DTYPE_F32, ATTN_FLAG_D_BIAS), ATTN_REASON_BIAS,
                           {"the queries' type"});
  check_refused(with_dropout(gradient), kBlackwell, ATTN_REASON_BIAS, {"dropout"});
  check_accepted(with_dropout(gradient), kHopper);
  const attn_problem in_a_row = with_bias(packed(kTraining, square(128)), ATTN_DTYPE_BF16, ATTN_FLAG_D_BIAS);
  for (const Gpu gpu : {kAmpere, kAda, kBlackwell, kConsumer})
    check_refused(in_a_row, gpu, ATTN_REASON_BIAS, {"packed", "9.0"});
  check_accepted(in_a_row, kHopper);
}

TEST_CASE("one query and one key") {
  check_accepted_everywhere(make(kForward, square(1)));
  check_refused_everywhere(make(kTraining, square(1)), ATTN_REASON_SEQUENCE, {"1 query and 1 key"});
  check_accepted_everywhere(make(kTraining, square(2)));
}

TEST_CASE("deterministic backward passes") {
  const attn_problem plain = with_flags(make(kTraining, square(2048)), ATTN_FLAG_DETERMINISTIC);
  check_accepted_everywhere(plain);
  for (const Gpu gpu : {kAmpere, kHopper, kConsumer})
    check_accepted(with_dropout(plain), gpu);
  check_refused(with_dropout(plain), kBlackwell, ATTN_REASON_DETERMINISM, {"deterministic", "dropout"});
  check_refused(with_bias(plain), kBlackwell, ATTN_REASON_DETERMINISM, {"a bias"});
  check_accepted(with_bias(plain), kHopper);
  check_refused(with_bias(plain, ATTN_DTYPE_BF16, ATTN_FLAG_D_BIAS), kBlackwell, ATTN_REASON_DETERMINISM, {"bias"});
  check_accepted(with_dropout(with_flags(make(kForward, square(128)), ATTN_FLAG_DETERMINISTIC)), kBlackwell);
  const attn_problem in_a_row = with_flags(packed(kTraining, square(128)), ATTN_FLAG_DETERMINISTIC);
  for (const Gpu gpu : {kAmpere, kAda, kConsumer})
    check_refused(in_a_row, gpu, ATTN_REASON_DETERMINISM, {"packed", "9.0 and 10.x"});
  for (const Gpu gpu : {kHopper, kBlackwell})
    check_accepted(in_a_row, gpu);
}

TEST_CASE("packed sequences and their gradients lie alike") {
  check_accepted_everywhere(packed(kTraining, square(128)));
  const struct {
    const char* name;
    int64_t (attn_problem::*stride)[4];
  } gradients[] = {{"d_output", &attn_problem::d_output_stride},
                   {"d_query", &attn_problem::d_query_stride},
                   {"d_key", &attn_problem::d_key_stride},
                   {"d_value", &attn_problem::d_value_stride}};
  for (const auto& gradient : gradients) {
    attn_problem apart = packed(kTraining, square(128));
    (apart.*gradient.stride)[2] *= 3;  // as a part of interleaved queries, keys and values
    check_refused_everywhere(apart, ATTN_REASON_STRIDES, {gradient.name, "must be equal"});
    attn_problem padded = make(kTraining, square(128));
    for (const size_t axis : {0, 2})
      (padded.*gradient.stride)[axis] *= 3;
    check_accepted_everywhere(padded);
  }
}

TEST_CASE("positions beyond 24 bits, and keys of a bias that lie apart") {
  ProblemSizes longest = square((int64_t{1} << 24) - 8, 8);
  longest.batch = longest.heads_q = 1;
  check_accepted_everywhere(make(kForward, longest));
  longest.seq_q += 8;
  check_refused_everywhere(make(kForward, longest), ATTN_REASON_SEQUENCE, {"16777216"});
  attn_problem turned = with_bias(make(kForward, square(128)));
  std::swap(turned.bias_stride[2], turned.bias_stride[3]);
  check_refused_everywhere(turned, ATTN_REASON_BIAS, {"128 apart"});
}

TEST_CASE("rows of 16 bytes") {
  attn_problem problem = make(kTraining, square(128));
  problem.alignment = 8;
  check_refused_everywhere(problem, ATTN_REASON_ALIGNMENT, {"8 bytes", "16"});
  const struct {
    const char* name;
    int64_t (attn_problem::*stride)[4];
  } tensors[] = {{"query", &attn_problem::query_stride},       {"key", &attn_problem::key_stride},
                 {"value", &attn_problem::value_stride},       {"output", &attn_problem::output_stride},
                 {"d_output", &attn_problem::d_output_stride}, {"d_query", &attn_problem::d_query_stride},
                 {"d_key", &attn_problem::d_key_stride},       {"d_value", &attn_problem::d_value_stride}};
  for (const auto& tensor : tensors)
    for (const size_t axis : {0, 1, 2}) {
      attn_problem odd = make(kTraining, square(128));
      (odd.*tensor.stride)[axis] += 4;
      check_refused_everywhere(odd, ATTN_REASON_STRIDES, {std::string("of ") + tensor.name + ",", "multiple of 8"});
    }
  problem = make(kTraining, square(128));
  problem.batch = 1;
  problem.query_stride[0] += 4;  // leads nowhere
  check_accepted_everywhere(problem);
}
