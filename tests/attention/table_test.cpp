// cpu_flash on each of its paths against the eager reference, on all problems of problems.txt.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "cfgtool/problem_flags.hpp"
#include "tests/attention/case_run.hpp"
#include "tests/attention/table_check.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

bool rounds_weights(const std::string& path, const attn_problem& p) {
  return path == "avx512_bf16" && p.dtype == ATTN_DTYPE_BF16;
}

/// \param other_threads numbers of threads that must give the same bits as two
void check_problem_line(const cfgtool::NamedProblem& named, float amplitude, const std::vector<std::string>& paths,
                        const std::vector<uint32_t>& other_threads) {
  CAPTURE(named.name);
  attn_problem problem = named.flags.problem();
  problem.passes |= ATTN_PASS_LSE;
  const bool backward = (problem.passes & ATTN_PASS_BACKWARD) != 0;
  CaseRun reference(problem, 7, amplitude);
  problem = reference.problem();
  AttentionKernel eager(eager_plugin(), 0, problem, std::make_shared<ThreadPool>(2));
  reference.forward(eager);
  if (backward) reference.backward(eager);
  for (const std::string& path : paths) {
    const auto plugin = flash_plugin(path);
    if (!plugin) continue;
    CAPTURE(path);
    CaseRun run(problem, 7, amplitude);
    AttentionKernel kernel(plugin, 0, problem, std::make_shared<ThreadPool>(2));
    run.forward(kernel);
    if (backward) run.backward(kernel);
    const bool rounds = rounds_weights(path, problem);
    compare_runs("output", run, reference, rounds, amplitude);
    compare_runs("lse", run, reference, rounds, amplitude);
    for (const char* const gradient : {"d_query", "d_key", "d_value"}) {
      if (backward) compare_runs(gradient, run, reference, rounds, amplitude);
    }
    CHECK(run.gaps_untouched());
    for (const uint32_t threads : other_threads) {
      CAPTURE(threads);
      CaseRun other(problem, 7, amplitude);
      AttentionKernel threaded(plugin, 0, problem, std::make_shared<ThreadPool>(threads));
      other.forward(threaded);
      if (backward) other.backward(threaded);
      for (const char* const result : {"output", "lse", "d_query", "d_key", "d_value"}) {
        CAPTURE(result);
        CHECK(same_bits(run.result(result), other.result(result)));
      }
    }
  }
}

void check_table(bool small, float amplitude, const std::vector<std::string>& paths,
                 const std::vector<uint32_t>& other_threads) {
  size_t count = 0;
  for (const cfgtool::NamedProblem& named : cfgtool::read_problem_file(ATTENTION_PROBLEMS)) {
    if (named.name.starts_with("small") != small) continue;
    check_problem_line(named, amplitude, paths, other_threads);
    ++count;
  }
  CHECK(count > (small ? 100 : 20));
}

}  // namespace

TEST_CASE("small problems") {
  check_table(true, 1, {"avx512_bf16", "avx512", "avx2", "sse4", "portable"}, {1, 7});
}

TEST_CASE("small problems with large scores") {
  check_table(true, 6, {"avx512_bf16", "avx512", "avx2", "sse4", "portable"}, {});
}

// With the label `large`, outside of the default run.
TEST_CASE("large problems" * doctest::skip()) {
  check_table(false, 1, {"avx512_bf16", "avx512", "avx2", "portable"}, {1, 7});
}

TEST_CASE("infinities and NaNs go where they go in the reference, and no further") {
  // In a key or a value that the last rows see and the others do not, and in a value that all rows of the other head
  // see: of none of them may a weight of 0 make a NaN.
  struct Place {
    std::string tensor;
    int64_t head, from_the_end;
  };
  for (const std::string path : {"avx512_bf16", "avx512", "avx2", "sse4", "portable"}) {
    const auto plugin = flash_plugin(path);
    if (!plugin) continue;
    CAPTURE(path);
    for (const std::string line : {
             "x --dtype fp32 --heads 2 --head-dim 32 --seq 70 --causal --backward",
             "x --dtype bf16 --heads 4:2 --head-dim 32 --seq 70 --window 2:1 --backward",
             "x --dtype bf16 --heads 2 --head-dim 33 --seq 200:151 --window 3:0 --backward",
             "x --dtype fp16 --heads 2 --head-dim 40 --seq 200:150 --causal --backward",
             "x --dtype fp32 --heads 2 --head-dim 32 --seq 1:600",
             "x --dtype fp32 --heads 2 --head-dim 33 --seq 4:600 --causal",
             "x --dtype bf16 --heads 4:2 --head-dim 72 --seq 3:600 --causal",
             "x --dtype fp32 --heads 2 --head-dim 64 --seq 5:1100 --window 520:0",
         }) {
      CAPTURE(line);
      attn_problem problem = cfgtool::parse_problem_line(line).flags.problem();
      problem.passes |= ATTN_PASS_LSE;
      const bool backward = (problem.passes & ATTN_PASS_BACKWARD) != 0;
      const bool rounds = rounds_weights(path, problem);
      AttentionKernel eager(eager_plugin(), 0, problem, std::make_shared<ThreadPool>(1));
      AttentionKernel flash(plugin, 0, problem, std::make_shared<ThreadPool>(1));
      AttentionKernel threaded(plugin, 0, problem, std::make_shared<ThreadPool>(3));
      for (const Place& place :
           {Place{"key", 0, 2}, {"value", 0, 2}, {"value", 1, problem.seq_kv}, {"value", 0, 590}}) {
        if (place.from_the_end > problem.seq_kv) continue;
        for (const float odd : {INFINITY, -INFINITY, NAN, -NAN}) {
          CAPTURE(place.tensor);
          CAPTURE(place.head);
          CAPTURE(place.from_the_end);
          CAPTURE(odd);
          CaseRun reference(problem, 3, 1);
          CaseRun run(problem, 3, 1);
          CaseRun together(problem, 3, 1);
          for (CaseRun* const each : {&reference, &run, &together}) {
            TestTensor& tensor = place.tensor == "key" ? each->key : each->value;
            tensor.set(((place.head + 1) * problem.seq_kv - place.from_the_end) * problem.head_dim_qk + 7, odd);
          }
          reference.forward(eager);
          run.forward(flash);
          together.forward(threaded);
          if (backward) reference.backward(eager);
          if (backward) run.backward(flash);
          if (backward) together.backward(threaded);
          for (const std::string result : {"output", "lse", "d_query", "d_key", "d_value"}) {
            if (!backward && result.starts_with("d_")) continue;
            CAPTURE(result);
            const auto want = reference.result(result);
            const auto got = run.result(result);
            CHECK(same_bits(got, together.result(result)));
            size_t different = 0;
            double largest = 0;
            double worst = 0;
            for (size_t i = 0; i < want.size(); ++i) {
              different += std::isfinite(want[i]) != std::isfinite(got[i]) ? 1 : 0;
              if (!std::isfinite(want[i])) continue;
              largest = std::max(largest, std::abs(static_cast<double>(want[i])));
              worst = std::max(worst, std::abs(static_cast<double>(want[i]) - static_cast<double>(got[i])));
            }
            CHECK(different == 0);
            CHECK(largest > 0);
            CHECK(worst <= allowed(result, problem, rounds, largest, 1));
          }
        }
      }
    }
  }
}

TEST_CASE("products of bf16 are made for bf16 alone") {
  const auto plugin = flash_plugin("avx512_bf16");
  if (!plugin) return;
  const auto engine = [&](int32_t dtype) {
    const attn_problem problem = make_problem({1, 4, 2, 100, 100, 64, 64}, dtype, ATTN_PASS_FORWARD);
    return plugin->query(0, cpu_device(1), problem, ATTN_LEVEL_RULES).engine;
  };
  CHECK(engine(ATTN_DTYPE_BF16) == "cpu_flash avx512_bf16");
  CHECK(engine(ATTN_DTYPE_F16) == "cpu_flash avx512");
  CHECK(engine(ATTN_DTYPE_F32) == "cpu_flash avx512");
}

TEST_CASE("the workspace grows with neither length in the forward pass") {
  const auto plugin = flash_plugin("portable");
  const auto bytes = [&](int64_t length) {
    const attn_problem problem =
        make_problem({1, 4, 2, length, length, 64, 64}, ATTN_DTYPE_BF16, ATTN_PASS_FORWARD | ATTN_PASS_LSE);
    return plugin->query(0, cpu_device(4), problem, ATTN_LEVEL_RULES).forward_workspace_bytes;
  };
  CHECK(bytes(1000) == bytes(1000000));
  CHECK(bytes(1000) < 4 * 1024 * 1024);
}
