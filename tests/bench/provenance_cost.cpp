/// \file
/// What it costs to keep where each value comes from: composes with provenance and without, turn about, in one process.
///
///   provenance_cost FOLDER CONFIG [ROUNDS]
///
/// Time is that of compose() alone, its files parsed before. Memory is what the files' store and one composition hold
/// on the heap. Places and key places are fields of every node and cannot be switched off: they are taken off by their
/// size, so that the last column is the whole cost.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace {

using namespace cfgtool;
using Clock = std::chrono::steady_clock;

struct Figures {
  std::vector<double> microseconds;
  size_t bytes = 0;
  size_t nodes = 0;  // of the composed tree and of all files
};

ComposeRequest request_of(const std::string& folder, const std::string& config, bool with_provenance) {
  ComposeRequest request;
  request.config_dirs = {folder};
  request.config_name = config;
  request.with_hydra = false;
  request.with_provenance = with_provenance;
  return request;
}

size_t heap() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

void measure_memory(const ComposeRequest& request, Figures* figures) {
  const size_t before = heap();
  const auto store = std::make_shared<FileStore>();
  const Composition composition = compose(store, request);
  figures->bytes = heap() - before;
  figures->nodes = composition.tree.size();
  for (const ResultDefault& entry : composition.defaults.defaults) {
    ConfigRepository files(store, {{"main", "file://" + request.config_dirs.front(), {}}}, request.version_base, "",
                           *composition.sources, composition.context);
    if (const LoadedConfig* loaded = files.load_config(entry.config_path)) figures->nodes += loaded->file->tree.size();
  }
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: provenance_cost FOLDER CONFIG [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 500;
  Figures with, without;
  const auto store = std::make_shared<FileStore>();
  for (int round = 0; round < rounds; ++round) {
    for (const bool on : {round % 2 == 0, round % 2 != 0}) {
      const ComposeRequest request = request_of(argv[1], argv[2], on);
      const auto begin = Clock::now();
      const Composition composition = compose(store, request);
      const std::chrono::duration<double, std::micro> time = Clock::now() - begin;
      if (round > 1) (on ? with : without).microseconds.push_back(time.count());
    }
  }
  measure_memory(request_of(argv[1], argv[2], true), &with);
  measure_memory(request_of(argv[1], argv[2], false), &without);
  const double time = median(with.microseconds) / median(without.microseconds);
  const double switched = static_cast<double>(with.bytes) / static_cast<double>(without.bytes);
  constexpr size_t kFieldBytes = sizeof(Node::pos) + sizeof(Node::key_pos) + sizeof(Node::step) + sizeof(Node::history);
  const size_t bare = without.bytes - without.nodes * kFieldBytes;
  fmt::print("{:<24} {:>12} {:>12} {:>8}\n", "", "with", "without", "ratio");
  fmt::print("{:<24} {:>12.1f} {:>12.1f} {:>8.3f}\n", "compose, microseconds", median(with.microseconds),
             median(without.microseconds), time);
  fmt::print("{:<24} {:>12} {:>12} {:>8.3f}\n", "heap, bytes", with.bytes, without.bytes, switched);
  fmt::print("{:<24} {:>12} {:>12} {:>8.3f}\n", "and without the fields", with.bytes, bare,
             static_cast<double>(with.bytes) / static_cast<double>(bare));
  fmt::print("{} nodes of {} bytes, of which {} say where from\n", with.nodes, sizeof(Node), kFieldBytes);
  return 0;
}
