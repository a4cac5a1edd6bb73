// The phases of cuda_eager, compiled for the CPU: against what torch gave in double precision, and what must hold
// whatever the numbers.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"
#include "tests/cuda_eager/phase_kernel.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

constexpr const char* kResults[] = {"output", "lse", "d_query", "d_key", "d_value", "d_bias"};
constexpr int64_t kWhole = cuda_eager::kMatrixBytes;

const std::vector<ReferenceCase>& all_cases() {
  static const auto cases = read_reference_cases();
  return cases;
}

const ReferenceCase& case_named(const std::string& name) {
  const auto found = std::ranges::find(all_cases(), name, &ReferenceCase::name);
  REQUIRE_MESSAGE(found != all_cases().end(), name);
  return *found;
}

void run_both(CaseRun& run, PhaseKernel& kernel) {
  run.forward(kernel);
  run.backward(kernel);
  CHECK(kernel.kept_to_workspace());
  CHECK(run.gaps_untouched());
}

}  // namespace

TEST_CASE("forward and backward agree with the recorded values, in one chunk and in many") {
  REQUIRE(all_cases().size() > 100);
  for (const ReferenceCase& reference : all_cases()) {
    CAPTURE(reference.name);
    const int64_t row = 4 * reference.size("seq_kv");
    for (const int64_t bytes : {kWhole, 7 * row, 53 * row}) {
      CAPTURE(bytes);
      CaseRun run(reference);
      PhaseKernel kernel(run.problem(), bytes);
      run_both(run, kernel);
      for (const auto& recorded : reference.tensors) {
        const std::string& name = recorded.first;
        CAPTURE(name);
        compare(reference, name, run.result(name));
      }
    }
  }
}

TEST_CASE("chunks hold as many rows as fit, and one where none does") {
  const attn_problem problem = CaseRun(case_named("seq_100_causal")).problem();
  const int64_t row = 4 * problem.seq_kv;
  CHECK(PhaseKernel(problem, kWhole).plan().forward_chunk_rows == problem.heads_q * problem.batch * problem.seq_q);
  CHECK(PhaseKernel(problem, 7 * row).plan().forward_chunk_rows == 7);
  CHECK(PhaseKernel(problem, 7 * row).plan().backward_chunk_rows == 3);
  CHECK(PhaseKernel(problem, 1).plan().forward_chunk_rows == 1);
}

TEST_CASE("the order in which a phase's indices run changes no bit") {
  for (const ReferenceCase& reference : all_cases()) {
    CAPTURE(reference.name);
    CaseRun forwards(reference);
    CaseRun backwards(reference);
    PhaseKernel one(forwards.problem(), kWhole, PhaseKernel::Order::kForwards);
    PhaseKernel other(forwards.problem(), kWhole, PhaseKernel::Order::kBackwards);
    run_both(forwards, one);
    run_both(backwards, other);
    for (const char* result : kResults) {
      CAPTURE(result);
      CHECK(same_bits(forwards.result(result), backwards.result(result)));
    }
  }
}

TEST_CASE("keys and values that nobody sees may hold anything") {
  for (const char* name : {"seq_5x33_causal_top_left", "padded_causal_bottom_right"}) {
    CAPTURE(name);
    CaseRun clean(case_named(name));
    CaseRun dirty(case_named(name));
    PhaseKernel kernel(clean.problem(), kWhole);
    run_both(clean, kernel);
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
    CHECK(unseen > 0);
    run_both(dirty, kernel);
    for (const char* result : kResults) {
      CAPTURE(result);
      CHECK(same_bits(clean.result(result), dirty.result(result)));
    }
  }
}

TEST_CASE("a NaN stays in the rows that see it") {
  CaseRun run(case_named("seq_33_causal"));
  PhaseKernel kernel(run.problem(), kWhole);
  run.key.set(20 * run.problem().head_dim_qk, std::numeric_limits<float>::quiet_NaN());  // key 20 of head 0
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

TEST_CASE("lengths and offsets that do not fit the problem are cut to fit") {
  for (const char* name : {"padded", "packed"}) {
    CAPTURE(name);
    CaseRun run(case_named(name));
    const cuda_eager::CudaPlan plan(run.problem(), 0);
    const std::vector<int32_t> bad{-3, 2000000000, 5, -2000000000, 1000, 2, 77};
    attn_extras extras = no_extras();
    extras.lengths_q = extras.lengths_kv = extras.offsets_q = extras.offsets_kv = bad.data();
    for (int64_t batch = 0; batch < std::min<int64_t>(run.problem().batch, 6); ++batch) {
      const auto s = plan.sequence(batch, extras);
      const attn_problem& p = run.problem();
      const bool packed = p.varlen == ATTN_VARLEN_PACKED;
      CHECK(s.q_count >= 0);
      CHECK(s.kv_count >= 0);
      CHECK(s.q_count <= p.seq_q);
      CHECK(s.kv_count <= p.seq_kv);
      CHECK(s.q_begin >= 0);
      CHECK(s.kv_begin >= 0);
      CHECK(s.q_begin + s.q_count <= (packed ? p.total_q : p.seq_q));
      CHECK(s.kv_begin + s.kv_count <= (packed ? p.total_kv : p.seq_kv));
    }
  }
}
