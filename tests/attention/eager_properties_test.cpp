// What must hold for the eager reference whatever the numbers: gradients are slopes, threads change nothing, masked
// positions are not looked at, and what it cannot do it refuses with a reason.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <thread>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

constexpr const char* kResults[] = {"output", "lse", "d_query", "d_key", "d_value", "d_bias"};

const std::vector<ReferenceCase>& all_cases() {
  static const auto cases = read_reference_cases();
  return cases;
}

const ReferenceCase& case_named(const std::string& name) {
  const auto found = std::ranges::find(all_cases(), name, &ReferenceCase::name);
  REQUIRE_MESSAGE(found != all_cases().end(), name);
  return *found;
}

AttentionKernel kernel_for(const CaseRun& run, uint32_t threads = 1) {
  return {eager_plugin(), 0, run.problem(), std::make_shared<ThreadPool>(threads)};
}

}  // namespace

TEST_CASE("gradients are the slopes of the loss") {
  for (const char* name :
       {"seq_17", "seq_33_causal", "heads_6_3", "window_2_2_bottom_right", "head_dim_8_24", "empty_rows_window",
        "bias_broadcast_heads", "bias_causal", "alibi_causal_bottom_right", "padded_causal_bottom_right", "packed_bias",
        "packed_causal_bottom_right", "scale_negative"}) {
    CAPTURE(name);
    CaseRun run(case_named(name));
    AttentionKernel kernel = kernel_for(run);
    run.forward(kernel);
    run.backward(kernel);
    check_slopes(run, kernel, run.query, run.result("d_query"), 2e-4);
    check_slopes(run, kernel, run.key, run.result("d_key"), 2e-4);
    check_slopes(run, kernel, run.value, run.result("d_value"), 2e-4);
    if (run.problem().bias == ATTN_BIAS_ADDITIVE) check_slopes(run, kernel, run.bias, run.result("d_bias"), 2e-4);
  }
}

TEST_CASE("the result has the same bits with 1, 2 and 7 threads") {
  for (const ReferenceCase& reference : all_cases()) {
    CAPTURE(reference.name);
    CaseRun alone(reference);
    AttentionKernel kernel = kernel_for(alone);
    alone.forward(kernel);
    alone.backward(kernel);
    for (const uint32_t threads : {2U, 7U}) {
      CAPTURE(threads);
      CaseRun together(reference);
      AttentionKernel threaded = kernel_for(together, threads);
      together.forward(threaded);
      together.backward(threaded);
      for (const char* result : kResults) {
        CAPTURE(result);
        CHECK(same_bits(alone.result(result), together.result(result)));
      }
    }
  }
}

TEST_CASE("one plan runs in two threads at the same time") {
  const ReferenceCase& reference = case_named("seq_100_causal");
  auto pool = std::make_shared<ThreadPool>(3);
  CaseRun expected(reference);
  AttentionKernel kernel(eager_plugin(), 0, expected.problem(), pool);
  expected.forward(kernel);
  const Plan& plan = kernel.plan();
  const auto use = [&](std::vector<float>& output, std::vector<float>& lse) {
    CaseRun run(reference);
    TestTensor result(run.problem().dtype, output_size(run.problem()), run.problem().output_stride);
    std::vector<std::byte> memory(plan.forward_workspace_bytes() + 64);
    void* aligned = memory.data();
    size_t space = memory.size();
    const attn_executor executor = pool->executor();
    attn_run where{};
    where.size = sizeof(where);
    where.executor = &executor;
    where.workspace = std::align(64, plan.forward_workspace_bytes(), aligned, space);
    where.workspace_bytes = plan.forward_workspace_bytes();
    lse.resize(static_cast<size_t>(lse_count(run.problem())));
    for (int i = 0; i < 20; ++i)
      plan.forward(
          {run.query.const_tensor(), run.key.const_tensor(), run.value.const_tensor(), result.tensor(), lse.data()},
          no_extras(), where);
    output = result.values();
  };
  std::vector<float> outputs[2];
  std::vector<float> lses[2];
  std::thread other([&] { use(outputs[1], lses[1]); });
  use(outputs[0], lses[0]);
  other.join();
  for (int i = 0; i < 2; ++i) {
    CHECK(same_bits(outputs[i], expected.result("output")));
    CHECK(same_bits(lses[i], expected.result("lse")));
  }
}

TEST_CASE("keys and values that nobody sees may hold anything") {
  for (const char* name : {"nearly_all_rows_empty", "seq_5x33_causal_top_left", "padded_causal_bottom_right"}) {
    CAPTURE(name);
    CaseRun clean(case_named(name));
    AttentionKernel kernel = kernel_for(clean);
    clean.forward(kernel);
    clean.backward(kernel);
    CaseRun dirty(case_named(name));
    // A key that nobody sees is one whose value gets no gradient.
    const auto d_value = clean.result("d_value");
    const attn_problem& p = dirty.problem();
    int64_t unseen = 0;
    for (int64_t row = 0; row < dirty.value.count() / p.head_dim_v; ++row) {
      const auto first = d_value.begin() + row * p.head_dim_v;
      if (std::any_of(first, first + p.head_dim_v, [](float g) { return g != 0; })) continue;
      ++unseen;
      dirty.value.set(row * p.head_dim_v, std::numeric_limits<float>::quiet_NaN());
      dirty.key.set(row * p.head_dim_qk, std::numeric_limits<float>::infinity());
    }
    CHECK((unseen > 0) == (std::string(name) != "nearly_all_rows_empty"));
    dirty.forward(kernel);
    dirty.backward(kernel);
    for (const char* result : kResults) {
      CAPTURE(result);
      CHECK(same_bits(clean.result(result), dirty.result(result)));
    }
  }
}

TEST_CASE("a NaN stays in the rows that see it") {
  CaseRun run(case_named("seq_33_causal"));
  AttentionKernel kernel = kernel_for(run);
  const int64_t width = run.problem().head_dim_qk;
  run.key.set(20 * width, std::numeric_limits<float>::quiet_NaN());  // key 20 of head 0
  run.forward(kernel);
  const auto output = run.result("output");
  const auto lse = run.result("lse");
  for (int64_t row = 0; row < 66; ++row) {
    CAPTURE(row);
    const bool sees = row >= 20 && row < 33;
    CHECK(std::isnan(output[static_cast<size_t>(row * run.problem().head_dim_v)]) == sees);
    CHECK(std::isnan(lse[static_cast<size_t>(row)]) == sees);
  }
}

TEST_CASE("weights sum to 1") {
  CaseRun run(case_named("window_16_1_bottom_right"));
  AttentionKernel kernel = kernel_for(run);
  for (int64_t i = 0; i < run.value.count(); ++i)
    run.value.set(i, 1.0F);
  run.forward(kernel);
  for (float value : run.result("output"))
    CHECK(value == doctest::Approx(1.0).epsilon(1e-6));
}

TEST_CASE("what it does not do is refused with a reason") {
  struct Row {
    int32_t reason;
    const char* text;
    void (*change)(attn_problem&);
  };
  const Row rows[] = {
      {ATTN_REASON_DROPOUT, "dropout 0.25 is not supported, only 0", [](attn_problem& p) { p.dropout = 0.25F; }},
      {ATTN_REASON_SINK, "attention sinks are not supported", [](attn_problem& p) { p.flags |= ATTN_FLAG_SINK; }},
      {ATTN_REASON_DTYPE, "8-bit types are not supported, only fp32, fp16 and bf16",
       [](attn_problem& p) { p.dtype = ATTN_DTYPE_F8_E4M3; }},
      {ATTN_REASON_BIAS, "an 8-bit bias is not supported, only fp32, fp16 and bf16",
       [](attn_problem& p) { add_bias(p, ATTN_DTYPE_F8_E5M2, true, true); }},
      {ATTN_REASON_BIAS,
       "the gradient of a bias that is broadcast over rows or keys is not supported, only over batch and heads",
       [](attn_problem& p) {
         p.flags |= ATTN_FLAG_D_BIAS;
         add_bias(p, ATTN_DTYPE_F32, false, false);
         p.bias_stride[2] = p.d_bias_stride[2] = 0;
       }},
  };
  const attn_device cpu = cpu_device(1);
  for (const Row& row : rows) {
    CAPTURE(row.text);
    attn_problem problem =
        make_problem({2, 2, 2, 8, 8, 16, 16}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD | ATTN_PASS_BACKWARD);
    CHECK(eager_plugin()->query(0, cpu, problem, ATTN_LEVEL_COMPILE).verdict == Verdict::kYes);
    row.change(problem);
    const Answer answer = eager_plugin()->query(0, cpu, problem, ATTN_LEVEL_RULES);
    CHECK(answer.verdict == Verdict::kNo);
    CHECK(answer.reason == row.reason);
    CHECK(answer.text == row.text);
    CHECK_THROWS_AS(Plan(eager_plugin(), 0, cpu, problem), KernelError);
  }
}

TEST_CASE("lengths that do not fit the problem are reported, not followed") {
  for (const char* name : {"padded", "packed"}) {
    CAPTURE(name);
    ReferenceCase reference = case_named(name);
    const attn_problem problem = problem_of(reference);
    CaseRun run(reference);
    AttentionKernel kernel = kernel_for(run);
    CHECK_NOTHROW(run.forward(kernel));
    std::vector<int32_t> bad{0, 5, 2, 1000};
    attn_extras extras = no_extras();
    (problem.varlen == ATTN_VARLEN_PADDED ? extras.lengths_q : extras.offsets_q) = bad.data();
    (problem.varlen == ATTN_VARLEN_PADDED ? extras.lengths_kv : extras.offsets_kv) = bad.data() + 1;
    if (problem.varlen == ATTN_VARLEN_PACKED) extras.offsets_kv = bad.data();
    TestTensor output(problem.dtype, output_size(problem), problem.output_stride);
    std::vector<float> lse(static_cast<size_t>(lse_count(problem)));
    CHECK_THROWS_WITH_AS(
        kernel.forward(
            {run.query.const_tensor(), run.key.const_tensor(), run.value.const_tensor(), output.tensor(), lse.data()},
            extras),
        "attention plugin 'eager': the lengths or offsets of the sequences do not fit the problem's sizes",
        KernelError);
  }
}

TEST_CASE("options are refused, since there are none") {
  const auto load = [] {
    Plugin::load({eager_plugin()->path(), "a test"}, [](std::string_view) { return std::string("fast=1"); }, {});
  };
  CHECK_THROWS_WITH(load(), doctest::Contains("takes no options, but was given 'fast=1'"));
}
