/// \file
/// Measures attention kernels on the CPU or on a GPU.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention_plugins/host/plugin.hpp"
#include "cfgtool/problem_flags.hpp"

namespace cfgtool {

struct BenchOptions {
  std::vector<NamedProblem> problems;
  attn_device device{};                      ///< of this machine; what its texts point to must outlive this
  uint32_t threads = 1;                      ///< on the CPU
  double seconds = 0.5;                      ///< for each problem and kernel, after one run that does not count
  std::vector<std::string> implementations;  ///< only these names; empty: all
};

/// A kernel on a problem. All passes that the problem has are one run.
struct BenchRow {
  std::string problem;
  std::string description;
  std::string implementation;
  std::string plugin;
  std::string refusal;  ///< why it was not measured; else empty
  std::string failure;  ///< what went wrong while it was measured; else empty
  size_t runs = 0;
  double best_seconds = 0;
  double median_seconds = 0;
  double gflops = 0;                  ///< of the median
  std::optional<double> peak_share;   ///< of the machine's peak with the problem's type, where a plugin knows it
  std::optional<double> times_eager;  ///< eager's median by this one's
};

/// The arithmetic of a problem's passes, as papers count it.
double flops_of(const attn_problem& problem);

/// Kernels that fail have a row that says so. \throws attention::CudaError when the GPU cannot be used at all
/// \param progress called with what is measured next
std::vector<BenchRow> run_bench(const BenchOptions& options,
                                const std::vector<std::shared_ptr<const attention::Plugin>>& plugins,
                                const std::function<void(const std::string&)>& progress);

std::string bench_text(const std::vector<BenchRow>& rows, const BenchOptions& options);
std::string bench_json(const std::vector<BenchRow>& rows, const BenchOptions& options);

}  // namespace cfgtool
