// Each implementation on the GPU against what torch gave in double precision.
#include <doctest/doctest.h>

#include <map>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"
#include "tests/gpu/device_kernel.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

/// With the gradient of the bias, or without where that is refused; nothing if the problem is refused so too.
std::unique_ptr<CaseRun> supported_run(const GpuImplementation& implementation, const ReferenceCase& reference,
                                       std::map<std::string, size_t>& refusals) {
  auto run = std::make_unique<CaseRun>(reference);
  Answer answer = ask(implementation, run->problem());
  if (answer.verdict == Verdict::kNo && (run->problem().flags & ATTN_FLAG_D_BIAS) != 0) {
    run = std::make_unique<CaseRun>(reference, CaseRun::kWithoutBiasGradient);
    answer = ask(implementation, run->problem());
  }
  if (answer.verdict == Verdict::kYes) return run;
  CHECK_MESSAGE(answer.verdict == Verdict::kNo, answer.text);  // here is a GPU: it can be told
  ++refusals[answer.text];
  return nullptr;
}

void check_case(const GpuImplementation& implementation, const ReferenceCase& reference, CaseRun& run) {
  DeviceKernel kernel(implementation, run.problem());
  run.forward(kernel);
  run.backward(kernel);
  const bool fused = !implementation.is_reference();
  for (const auto& recorded : reference.tensors) {
    const std::string& name = recorded.first;
    if (name == "d_bias" && (run.problem().flags & ATTN_FLAG_D_BIAS) == 0) continue;
    CAPTURE(name);
    compare(reference, name, run.result(name), fused ? Delta::kFromOutput : Delta::kFromWeights,
            fused ? Weights::kRounded : Weights::kExact);
  }
  CHECK(run.gaps_untouched());
}

}  // namespace

TEST_CASE("forward and backward agree with the recorded values") {
  const auto cases = read_reference_cases();
  REQUIRE(cases.size() > 100);
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    CAPTURE(implementation.name());
    std::map<std::string, size_t> refusals;
    size_t count = 0;
    for (const ReferenceCase& reference : cases) {
      CAPTURE(reference.name);
      const auto run = supported_run(implementation, reference, refusals);
      if (!run) continue;
      check_case(implementation, reference, *run);
      ++count;
    }
    MESSAGE(implementation.name() << " by " << implementation.plugin->name() << ": " << count << " of " << cases.size()
                                  << " recorded problems were run");
    for (const auto& [text, times] : refusals)
      MESSAGE(times << " refused: " << text);
    CHECK(count >= (implementation.is_reference() ? cases.size() : 10));
  }
}
