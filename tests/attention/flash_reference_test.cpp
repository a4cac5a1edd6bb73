// The plugin cpu_flash, on each path that this processor has and with several numbers of threads, against what an
// independent program computed in double precision.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstring>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace

TEST_CASE("forward and backward agree with the recorded values") {
  for (const std::string path : {"avx512", "avx2", "sse4", "portable"}) {
    CAPTURE(path);
    const auto plugin = flash_plugin(path);
    if (!plugin) {
      MESSAGE("skipped: this processor has no " << path);
      continue;
    }
    for (const ReferenceCase& reference : read_reference_cases()) {
      CAPTURE(reference.name);
      CaseRun alone(reference, CaseRun::kWithoutBiasGradient);
      AttentionKernel kernel(plugin, 0, alone.problem(), std::make_shared<ThreadPool>(1));
      alone.forward(kernel);
      alone.backward(kernel);
      for (const auto& recorded : reference.tensors) {
        const std::string& name = recorded.first;
        if (name == "d_bias") continue;
        CAPTURE(name);
        compare(reference, name, alone.result(name), Delta::kFromOutput);
      }
      CHECK(alone.gaps_untouched());
      for (const uint32_t threads : {2U, 7U}) {
        CAPTURE(threads);
        CaseRun together(reference, CaseRun::kWithoutBiasGradient);
        AttentionKernel threaded(plugin, 0, together.problem(), std::make_shared<ThreadPool>(threads));
        together.forward(threaded);
        together.backward(threaded);
        for (const char* result : {"output", "lse", "d_query", "d_key", "d_value"}) {
          CAPTURE(result);
          CHECK(same_bits(alone.result(result), together.result(result)));
        }
      }
    }
  }
}
