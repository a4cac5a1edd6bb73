#include "attention_plugins/host/problem.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "attention_plugins/host/answer.hpp"
#include "attention_plugins/host/names.hpp"

using namespace cfgtool::attention;

namespace {

constexpr uint32_t kBoth = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;

attn_problem sound_problem() {
  return make_problem({2, 8, 2, 16, 24, 64, 32}, ATTN_DTYPE_BF16, kBoth);
}

struct Row {
  int32_t reason;
  const char* text;  // a part of it
  void (*change)(attn_problem&);
};

const Row kFaults[] = {
    {ATTN_REASON_SEQUENCE, "batch is 0", [](attn_problem& p) { p.batch = 0; }},
    {ATTN_REASON_SEQUENCE, "seq_kv is -3", [](attn_problem& p) { p.seq_kv = -3; }},
    {ATTN_REASON_HEAD_DIM, "head_dim_v is 0", [](attn_problem& p) { p.head_dim_v = 0; }},
    {ATTN_REASON_HEADS, "query heads, 8, is not a multiple of that of key-value heads, 3",
     [](attn_problem& p) { p.heads_kv = 3; }},
    {ATTN_REASON_SEQUENCE, "seq_q is 2147483648, which is too large", [](attn_problem& p) { p.seq_q = 1LL << 31; }},
    {ATTN_REASON_SEQUENCE, "too large to be counted",
     [](attn_problem& p) { p.batch = p.seq_q = p.seq_kv = INT32_MAX; }},
    {ATTN_REASON_VARLEN, "for packed sequences only", [](attn_problem& p) { p.total_q = 5; }},
    {ATTN_REASON_VARLEN, "do not fit 2 sequences",
     [](attn_problem& p) {
       p.varlen = ATTN_VARLEN_PACKED;
       p.total_q = 33;
       p.total_kv = 1;
     }},
    {ATTN_REASON_VARLEN, "kind 9", [](attn_problem& p) { p.varlen = 9; }},
    {ATTN_REASON_PASS, "the passes must be", [](attn_problem& p) { p.passes = 0; }},
    {ATTN_REASON_PASS, "the passes must be", [](attn_problem& p) { p.passes |= 64; }},
    {ATTN_REASON_PASS, "with the forward pass only",
     [](attn_problem& p) { p.passes = ATTN_PASS_BACKWARD | ATTN_PASS_LSE; }},
    {ATTN_REASON_DTYPE, "dtype 0 is not known", [](attn_problem& p) { p.dtype = 0; }},
    {ATTN_REASON_OTHER, "scale", [](attn_problem& p) { p.scale = std::numeric_limits<float>::infinity(); }},
    {ATTN_REASON_MASK, "below -1", [](attn_problem& p) { p.window_left = -2; }},
    {ATTN_REASON_MASK, "diagonal alignment 2", [](attn_problem& p) { p.diagonal = 2; }},
    {ATTN_REASON_DROPOUT, "dropout is 1", [](attn_problem& p) { p.dropout = 1.0F; }},
    {ATTN_REASON_DROPOUT, "dropout is nan",
     [](attn_problem& p) { p.dropout = std::numeric_limits<float>::quiet_NaN(); }},
    {ATTN_REASON_UNKNOWN_FEATURE, "flag", [](attn_problem& p) { p.flags = 1U << 20; }},
    {ATTN_REASON_ALIGNMENT, "alignment of 3 bytes", [](attn_problem& p) { p.alignment = 3; }},
    {ATTN_REASON_ALIGNMENT, "alignment of 1 bytes", [](attn_problem& p) { p.alignment = 1; }},
    {ATTN_REASON_BIAS, "kind 3 of bias", [](attn_problem& p) { p.bias = 3; }},
    {ATTN_REASON_BIAS, "needs an additive bias", [](attn_problem& p) { p.flags = ATTN_FLAG_D_BIAS; }},
    {ATTN_REASON_BIAS, "bias type but no", [](attn_problem& p) { p.bias_dtype = ATTN_DTYPE_F32; }},
    {ATTN_REASON_BIAS, "bias dtype 0", [](attn_problem& p) { p.bias = ATTN_BIAS_ADDITIVE; }},
    {ATTN_REASON_STRIDES, "head dimension of key must have stride 1, not 2",
     [](attn_problem& p) { p.key_stride[3] = 2; }},
    {ATTN_REASON_STRIDES, "a stride of value is negative", [](attn_problem& p) { p.value_stride[0] = -1; }},
    {ATTN_REASON_STRIDES, "strides of query are too large", [](attn_problem& p) { p.query_stride[0] = INT64_MAX; }},
    {ATTN_REASON_STRIDES, "rows of output, which is written to, overlap",
     [](attn_problem& p) { p.output_stride[2] = 31; }},
    {ATTN_REASON_STRIDES, "rows of d_key, which is written to, overlap",
     [](attn_problem& p) { p.d_key_stride[0] = 0; }},
    {ATTN_REASON_STRIDES, "d_query has strides but the problem does not have it",
     [](attn_problem& p) {
       p.passes = ATTN_PASS_FORWARD;
       for (int64_t& stride : p.d_output_stride)
         stride = 0;
     }},
    {ATTN_REASON_STRIDES, "broadcast exactly where the bias is",
     [](attn_problem& p) {
       p.flags = ATTN_FLAG_D_BIAS;
       add_bias(p, ATTN_DTYPE_F32, true, false);
       p.d_bias_stride[0] = 5;
     }},
    {ATTN_REASON_STRIDES, "rows of the bias gradient overlap",
     [](attn_problem& p) {
       p.flags = ATTN_FLAG_D_BIAS;
       add_bias(p, ATTN_DTYPE_F32, true, false);
       p.d_bias_stride[1] = 1;
     }},
};

}  // namespace

TEST_CASE("a problem that breaks a rule is found out") {
  REQUIRE(!check_problem(sound_problem()));
  for (const Row& row : kFaults) {
    CAPTURE(row.text);
    attn_problem problem = sound_problem();
    row.change(problem);
    const auto fault = check_problem(problem);
    REQUIRE(fault.has_value());
    CHECK(fault->reason == row.reason);
    CHECK_MESSAGE(fault->text.find(row.text) != std::string::npos, fault->text);
  }
}

TEST_CASE("both layouts, interleaved and broadcast inputs are sound") {
  CHECK(!check_problem(make_problem({2, 4, 4, 8, 8, 16}, ATTN_DTYPE_F32, kBoth, Layout::kBatchSequenceHeads)));
  attn_problem interleaved = make_problem({2, 4, 4, 8, 8, 16}, ATTN_DTYPE_F16, kBoth);
  for (auto* stride : {&interleaved.query_stride, &interleaved.d_query_stride, &interleaved.output_stride}) {
    (*stride)[0] = int64_t{8} * 3 * 4 * 16;
    (*stride)[1] = 16;
    (*stride)[2] = int64_t{3} * 4 * 16;
  }
  CHECK(!check_problem(interleaved));
  attn_problem broadcast = make_problem({2, 4, 4, 8, 8, 16}, ATTN_DTYPE_F16, ATTN_PASS_FORWARD);
  broadcast.key_stride[0] = 0;
  CHECK(!check_problem(broadcast));
}

TEST_CASE("make_problem fills in what its neighbours say") {
  const attn_problem p = make_problem({3, 6, 0, 5, 0, 64, 0}, ATTN_DTYPE_F16, ATTN_PASS_FORWARD);
  CHECK(p.heads_kv == 6);
  CHECK(p.seq_kv == 5);
  CHECK(p.head_dim_v == 64);
  CHECK(p.scale == 0.125F);
  CHECK(p.alignment == 2);
  CHECK(p.query_stride[2] == 64);
  CHECK(p.d_query_stride[3] == 0);
  const attn_problem q = make_problem({3, 6, 2, 5, 7, 64}, ATTN_DTYPE_F16, kBoth, Layout::kBatchSequenceHeads);
  CHECK(q.key_stride[2] == 2 * 64);
  CHECK(q.key_stride[1] == 64);
  CHECK(q.d_key_stride[0] == 7 * 2 * 64);
}

TEST_CASE("a problem in words") {
  attn_problem p = sound_problem();
  CHECK(describe(p) == "bf16, forward+backward, batch 2, heads 8:2, seq 16x24, head_dim 64/32, no mask");
  make_causal(p, ATTN_DIAGONAL_BOTTOM_RIGHT);
  p.dropout = 0.5F;
  p.flags = ATTN_FLAG_DETERMINISTIC;
  p.seq_kv = 16;
  p.head_dim_v = 64;
  p.passes = ATTN_PASS_FORWARD;
  CHECK(describe(p) ==
        "bf16, forward, batch 2, heads 8:2, seq 16, head_dim 64, causal (bottom-right), dropout 0.5, deterministic");
  p.window_left = 7;
  p.bias = ATTN_BIAS_ALIBI;
  CHECK(describe(p).find("window -7 to +0 (bottom-right), ALiBi") != std::string::npos);
}

TEST_CASE("names of types, devices and reasons") {
  for (int32_t dtype = ATTN_DTYPE_F32; dtype <= ATTN_DTYPE_F8_E5M2; ++dtype)
    CHECK(dtype_from_name(dtype_name(dtype)) == dtype);
  CHECK(dtype_from_name("torch.bfloat16") == ATTN_DTYPE_BF16);
  CHECK(dtype_from_name("float16") == ATTN_DTYPE_F16);
  CHECK(!dtype_from_name("torch.bf16"));
  CHECK(!dtype_from_name("int8"));
  CHECK(dtype_name(77) == "dtype 77");
  CHECK(device_kind_from_name("cuda") == ATTN_DEVICE_CUDA);
  CHECK(!device_kind_from_name("tpu"));
  CHECK(reason_code(ATTN_REASON_HEAD_DIM) == "head-dim");
  CHECK(reason_code(ATTN_REASON_OTHER) == "other");
  CHECK(reason_code(1234) == "reason-1234");
  CHECK(level_name(ATTN_LEVEL_COMPILE) == "compile");
}
