// The plugin cpu_flash, on each path that this processor has and with several numbers of threads, against what torch
// gave in double precision.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

TEST_CASE("forward and backward agree with the recorded values") {
  for (const std::string path : {"avx512_bf16", "avx512", "avx2", "sse4", "portable"}) {
    CAPTURE(path);
    const auto plugin = flash_plugin(path);
    if (!plugin) continue;
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
        compare(reference, name, alone.result(name), Delta::kFromOutput,
                path == "avx512_bf16" && reference.dtype == "bf16" ? Weights::kRounded : Weights::kExact);
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

TEST_CASE("gradients are the slopes of the loss") {
  for (const std::string path : {"avx512", "avx2", "sse4", "portable"}) {
    CAPTURE(path);
    const auto plugin = flash_plugin(path);
    if (!plugin) continue;
    for (const ReferenceCase& reference : read_reference_cases()) {
      const bool is_chosen = reference.name == "seq_33_causal" || reference.name == "heads_6_3" ||
                             reference.name == "window_2_2_bottom_right" || reference.name == "bias_causal" ||
                             reference.name == "alibi_causal_bottom_right" ||
                             reference.name == "packed_causal_bottom_right";
      if (!is_chosen) continue;
      CAPTURE(reference.name);
      CaseRun run(reference, CaseRun::kWithoutBiasGradient);
      AttentionKernel kernel(plugin, 0, run.problem(), std::make_shared<ThreadPool>(1));
      run.forward(kernel);
      run.backward(kernel);
      check_slopes(run, kernel, run.query, run.result("d_query"), 3e-4);
      check_slopes(run, kernel, run.key, run.result("d_key"), 3e-4);
      check_slopes(run, kernel, run.value, run.result("d_value"), 3e-4);
    }
  }
}
