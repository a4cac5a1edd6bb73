/// \file
/// Measures composing, for provenance_cost.py. Built twice: with the engine as it is, and with one whose nodes do not
/// know where they come from (CFGTOOL_WITHOUT_PLACES).
///
///   provenance_cost FOLDER CONFIG ROUNDS
///
/// prints a JSON object of medians: `compose`, microseconds that compose() takes of the processor whose files were
/// parsed before; `read`, the same with the files parsed, too; `heap`, bytes that the files' store (texts and parsed
/// trees) and one composition hold; `nodes` of the composed tree, and `hash` of what is written of it, so that it can
/// be seen that both composed the same.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/emit.hpp"

namespace {

using namespace cfgtool;

size_t heap() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/// Of the processor: what else runs on the machine counts for less.
double microseconds_used() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double median_microseconds(int rounds, const std::function<void()>& work) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const double begin = microseconds_used();
    work();
    times.push_back(microseconds_used() - begin);
  }
  std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: provenance_cost FOLDER CONFIG ROUNDS\n");
    return 2;
  }
  ComposeRequest request;
  request.config_dirs = {argv[1]};
  request.config_name = argv[2];
  request.with_hydra = false;
  const int rounds = std::max(1, std::atoi(argv[3]));

  const size_t before = heap();
  const auto store = std::make_shared<FileStore>();
  Composition composition = compose(store, request);
  const size_t held = heap() - before;
  const double read =
      median_microseconds(std::max(1, rounds / 10), [&] { compose(std::make_shared<FileStore>(), request); });
  const double composing = median_microseconds(rounds, [&] { compose(store, request); });
  fmt::print(R"({{"compose": {}, "read": {}, "heap": {}, "nodes": {}, "node_bytes": {}, "hash": {}}})"
             "\n",
             composing, read, held, composition.tree.size(), sizeof(Node),
             std::hash<std::string>()(print_cfg(composition, CfgPart::kJob, false, {})));
  return 0;
}
