// The eager plugin against what torch gave in double precision.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

TEST_CASE("forward and backward agree with the recorded values") {
  const auto cases = read_reference_cases();
  REQUIRE(cases.size() > 100);
  auto pool = std::make_shared<ThreadPool>(2);
  for (const ReferenceCase& reference : cases) {
    CAPTURE(reference.name);
    CaseRun run(reference);
    AttentionKernel kernel(eager_plugin(), 0, run.problem(), pool);
    run.forward(kernel);
    run.backward(kernel);
    for (const auto& recorded : reference.tensors) {
      const std::string& name = recorded.first;
      CAPTURE(name);
      compare(reference, name, run.result(name));
    }
    CHECK(run.gaps_untouched());
  }
}
