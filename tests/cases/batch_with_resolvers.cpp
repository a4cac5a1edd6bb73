/// \file
/// `cfgtool batch` with resolvers registered, as a program of one's own would have it: batch_with_resolvers SET
#include <fmt/format.h>

#include <exception>
#include <iostream>

#include "cfgtool/batch_request.hpp"
#include "tests/cases/resolver_sets.hpp"

int main(int argc, char** argv) {
  try {
    cfgtool::BatchSettings settings;
    settings.resolvers = cfgtool::test::resolver_set(argc == 2 ? argv[1] : "");
    cfgtool::FileStorePtr store;
    for (cfgtool::BatchLine line; std::getline(std::cin, line.text); ++line.number)
      std::cout << cfgtool::answer_batch_request(line, store, settings) << '\n' << std::flush;
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "batch_with_resolvers: {}\n", error.what());
    return 2;
  }
}
