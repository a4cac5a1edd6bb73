// The tests' main: where there is no GPU, it says why and how many cases it skips, and ends with 77.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "attention_plugins/host/machine.hpp"
#include "tests/attention/reference_cases.hpp"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  const auto machine = cfgtool::attention::look_at_machine();
  if (!machine.cuda.empty()) {
    std::printf("GPU: %s\n", machine.cuda.front().name.c_str());
    std::fflush(stdout);
    return doctest::Context(argc, argv).run();
  }
  std::printf("SKIPPED: %s. Recorded problems that were not run: %zu. Test cases that were not run:\n",
              machine.no_cuda.c_str(), attention_test::read_reference_cases().size());
  std::fflush(stdout);
  const char* const count[] = {argv[0], "--count"};
  doctest::Context(2, count).run();
  return kSkipped;
}
