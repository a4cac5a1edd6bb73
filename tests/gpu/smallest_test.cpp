// One small problem for each implementation, both passes: what compute-sanitizer looks at.
#include <doctest/doctest.h>

#include "cfgtool/problem_flags.hpp"
#include "tests/attention/case_run.hpp"
#include "tests/gpu/device_kernel.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

TEST_CASE("one small problem") {
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    CAPTURE(implementation.name());
    for (const char* const line :
         {"x --dtype bf16 --heads 4:2 --head-dim 64 --seq 130 --causal --backward",
          "x --dtype fp16 --batch 3 --heads 2 --head-dim 64 --seq 64 --varlen packed --backward"}) {
      attn_problem problem = cfgtool::parse_problem_line(line).flags.problem();
      problem.passes |= ATTN_PASS_LSE;
      CaseRun run(problem, 1, 1);
      if (ask(implementation, run.problem()).verdict != Verdict::kYes) continue;
      DeviceKernel kernel(implementation, run.problem());
      run.forward(kernel);
      run.backward(kernel);
      CHECK(run.gaps_untouched());
    }
  }
}
