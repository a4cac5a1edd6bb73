/// \file
/// What validating costs in a process that has read the schema and composed the same configs before: files of the
/// configuration are checked for changes, nothing is printed.
///
///   warm_validate FOLDER CONFIG SCHEMA [Google Benchmark's flags]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "schemas/validation.hpp"

namespace {

using namespace cfgtool;

struct Work {
  std::string folder;
  std::string config;
  std::shared_ptr<const Schema> schema;  // nullptr: only compose and resolve
};

void run(benchmark::State& state, const Work& work) {
  const auto store = std::make_shared<FileStore>();
  ComposeRequest request;
  request.config_dirs = {work.folder};
  request.config_name = work.config;
  request.with_hydra = false;  // as Hydra's compose API
  size_t turn = 0;
  // Another override each time, so that nothing could be answered from memory of the last request.
  const auto next = [&] {
    request.overrides = {"++trainer.total_epochs=" + std::to_string(++turn)};
    if (!work.schema) {
      Composition composition = compose(store, request);
      composition.resolve();
      return composition.tree.size();
    }
    const Validation validation = validate(store, request, work.schema.get());
    if (!validation.problems.empty()) state.SkipWithError("there is a problem where none was expected");
    return validation.problems.size();
  };
  next();
  for (auto _ : state)
    benchmark::DoNotOptimize(next());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: warm_validate FOLDER CONFIG SCHEMA [FLAG…]\n");
    return 2;
  }
  const Work compose_only{argv[1], argv[2], nullptr};
  const Work all{argv[1], argv[2], Schema::read(argv[3])};
  argc -= 3;
  argv[3] = argv[0];
  argv += 3;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RegisterBenchmark("compose", [&](benchmark::State& state) { run(state, compose_only); });
  benchmark::RegisterBenchmark("validate", [&](benchmark::State& state) { run(state, all); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
