/// \file
/// What composing costs in a process that has composed the same configs before, as in `cfgtool batch` or a program that
/// composes again: files are checked for changes, nothing is printed.
///
///   warm_compose FOLDER CONFIG [Google Benchmark's flags]
#include <benchmark/benchmark.h>

#include <string>

#include "config_engine/compose.hpp"

namespace {

using namespace cfgtool;

/// Another override each time, so that nothing could be answered from memory of the last request.
std::vector<std::string> overrides(size_t turn) {
  return {"++actor_rollout_ref.model.override_config.attn_implementation=eager", "++turn=" + std::to_string(turn)};
}

void run(benchmark::State& state, const std::string& folder, const std::string& config, bool resolve) {
  const auto store = std::make_shared<FileStore>();
  ComposeRequest request;
  request.config_dirs = {folder};
  request.config_name = config;
  request.with_hydra = false;  // as Hydra's compose API
  request.overrides = overrides(0);
  compose(store, request).resolve();
  size_t turn = 0;
  for (auto _ : state) {
    request.overrides = overrides(++turn);
    Composition composition = compose(store, request);
    if (resolve) composition.resolve();
    benchmark::DoNotOptimize(composition.tree.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: warm_compose FOLDER CONFIG [FLAG…]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const std::string config = argv[2];
  argc -= 2;
  argv[2] = argv[0];
  argv += 2;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RegisterBenchmark("compose", [&](benchmark::State& state) { run(state, folder, config, false); });
  benchmark::RegisterBenchmark("compose and resolve",
                               [&](benchmark::State& state) { run(state, folder, config, true); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
