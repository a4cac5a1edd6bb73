// Problems without recorded values: cuda_eager against the CPU's reference, and cuDNN's kernels against cuda_eager in
// fp32 over the same numbers. And what a question is answered is what a run then does.
#include <doctest/doctest.h>

#include <algorithm>

#include "cfgtool/problem_flags.hpp"
#include "tests/attention/case_run.hpp"
#include "tests/attention/table_check.hpp"
#include "tests/gpu/device_kernel.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

constexpr const char* kResults[] = {"output", "lse", "d_query", "d_key", "d_value"};
constexpr uint32_t kSeed = 7;

bool is_backward(const attn_problem& problem) {
  return (problem.passes & ATTN_PASS_BACKWARD) != 0;
}

attn_problem with_lse(const cfgtool::NamedProblem& named) {
  attn_problem problem = named.flags.problem();
  problem.passes |= ATTN_PASS_LSE;
  return problem;
}

template <typename Kernel>
void run_all(CaseRun& run, Kernel& kernel) {
  run.forward(kernel);
  if (is_backward(run.problem())) run.backward(kernel);
}

void compare_all(const CaseRun& run, const CaseRun& reference, bool rounds, double amplitude) {
  for (const char* const name : kResults) {
    if (is_backward(run.problem()) || !std::string(name).starts_with("d_"))
      compare_runs(name, run, reference, rounds, amplitude);
  }
  CHECK(run.gaps_untouched());
}

void copy_values(TestTensor& to, const TestTensor& from) {
  for (int64_t i = 0; i < to.count(); ++i)
    to.set(i, from.get(i));
}

/// The same numbers, as they are after rounding, in fp32.
std::unique_ptr<CaseRun> widened(const CaseRun& run, float amplitude) {
  attn_problem problem = run.problem();
  problem.dtype = ATTN_DTYPE_F32;
  problem.dropout = 0;
  problem.alignment = 4;
  auto wide = std::make_unique<CaseRun>(problem, kSeed, amplitude);
  copy_values(wide->query, run.query);
  copy_values(wide->key, run.key);
  copy_values(wide->value, run.value);
  copy_values(wide->d_output, run.d_output);
  return wide;
}

std::vector<cfgtool::NamedProblem> problems(bool large) {
  std::vector<cfgtool::NamedProblem> all = cfgtool::read_problem_file(GPU_TESTS_PROBLEMS);
  if (large) return all;
  all = cfgtool::read_problem_file(ATTENTION_PROBLEMS);
  std::erase_if(all, [](const cfgtool::NamedProblem& named) { return !named.name.starts_with("small"); });
  return all;
}

/// Some of the problems where the GPU is the host, which takes its time: the tests' own code is what is tested there.
std::vector<cfgtool::NamedProblem> small_problems() {
  std::vector<cfgtool::NamedProblem> all = problems(false);
  if (!Gpu::first().is_fake()) return all;
  std::vector<cfgtool::NamedProblem> some;
  for (size_t i = 0; i < all.size(); i += 5)
    some.push_back(all[i]);
  return some;
}

/// What is fp32 in a table is asked of fused kernels in bf16, which they have. \return how many problems
/// `implementation` took
size_t check_fused(const GpuImplementation& implementation, const std::vector<cfgtool::NamedProblem>& table,
                   float amplitude) {
  size_t count = 0;
  for (cfgtool::NamedProblem named : table) {
    CAPTURE(named.name);
    if (named.flags.dtype == "fp32") named.flags.dtype = "bf16";
    CaseRun run(with_lse(named), kSeed, amplitude);
    if (run.problem().dropout > 0 || ask(implementation, run.problem()).verdict != Verdict::kYes) continue;
    DeviceKernel kernel(implementation, run.problem());
    run_all(run, kernel);
    const auto reference = widened(run, amplitude);
    DeviceKernel eager(Gpu::first().eager(), reference->problem());
    run_all(*reference, eager);
    compare_all(run, *reference, true, amplitude);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("small problems: cuda_eager agrees with the CPU's reference") {
  const auto table = small_problems();
  REQUIRE(table.size() > 20);
  for (const cfgtool::NamedProblem& named : table) {
    CAPTURE(named.name);
    CaseRun run(with_lse(named), kSeed, 1);
    CaseRun reference(with_lse(named), kSeed, 1);
    DeviceKernel eager(Gpu::first().eager(), run.problem());
    AttentionKernel on_cpu(eager_plugin(), 0, reference.problem(), std::make_shared<ThreadPool>(2));
    run_all(run, eager);
    run_all(reference, on_cpu);
    compare_all(run, reference, false, 1);
  }
}

TEST_CASE("small problems: cuDNN agrees with cuda_eager in fp32") {
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    if (implementation.is_reference()) continue;
    CAPTURE(implementation.name());
    for (const float amplitude : {1.0F, 6.0F})
      CHECK(check_fused(implementation, problems(false), amplitude) > 10);
  }
}

TEST_CASE("larger problems: cuDNN agrees with cuda_eager in fp32") {
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    if (implementation.is_reference()) continue;
    CAPTURE(implementation.name());
    CHECK(check_fused(implementation, problems(true), 1) > 10);
  }
}

TEST_CASE("dropout: an equal seed and offset give equal bits, another one gives others") {
  size_t count = 0;
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    if (implementation.is_reference()) continue;  // has none
    CAPTURE(implementation.name());
    for (const cfgtool::NamedProblem& named : problems(true)) {
      CaseRun first(with_lse(named), kSeed, 1);
      if (first.problem().dropout == 0 || ask(implementation, first.problem()).verdict != Verdict::kYes) continue;
      CAPTURE(named.name);
      DeviceKernel kernel(implementation, first.problem());
      CaseRun again(with_lse(named), kSeed, 1);
      CaseRun other(with_lse(named), kSeed, 1);
      other.dropout_seed = 6;
      for (CaseRun* const run : {&first, &again, &other})
        run_all(*run, kernel);
      CHECK(same_bits(first.result("output"), again.result("output")));
      CHECK_FALSE(same_bits(first.result("output"), other.result("output")));
      // The mask is the backward pass's too: a value whose weights are all dropped differs from one whose are not.
      if (is_backward(first.problem())) CHECK_FALSE(same_bits(first.result("d_value"), other.result("d_value")));
      ++count;
    }
  }
  if (Gpu::first().all().size() > 1) CHECK(count > 0);
}

TEST_CASE("a yes runs, and a no makes no plan") {
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    CAPTURE(implementation.name());
    size_t counts[2] = {0, 0};
    std::vector<cfgtool::NamedProblem> table = small_problems();
    if (!Gpu::first().is_fake()) std::ranges::copy(problems(true), std::back_inserter(table));
    for (const cfgtool::NamedProblem& named : table) {
      CAPTURE(named.name);
      CaseRun run(with_lse(named), kSeed, 1);
      const Answer answer = ask(implementation, run.problem());
      CHECK(answer.verdict != Verdict::kCannotTell);
      if (answer.verdict == Verdict::kYes) {
        CHECK_NOTHROW(DeviceKernel(implementation, run.problem()));
        ++counts[0];
      } else {
        CHECK_THROWS_AS(DeviceKernel(implementation, run.problem()), KernelError);
        ++counts[1];
      }
    }
    MESSAGE(implementation.name() << ": " << counts[0] << " times yes, " << counts[1] << " times no");
    CHECK(counts[0] > 0);
  }
}
