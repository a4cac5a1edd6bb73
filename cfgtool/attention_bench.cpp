#include "cfgtool/attention_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attention_plugins/host/cuda_kernel.hpp"
#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/names.hpp"
#include "cfgtool/bench_job.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using namespace attention;

constexpr double kBackwardFactor = 3.5;  // forward and backward together, in forward passes

/// What one thread's multiply-add units reach, as a plugin measures it; 0 if none does.
struct Peak {
  double fp32 = 0;
  double bf16 = 0;

  /// Of what problems in that type are computed with: fp16 is widened.
  double of(int32_t dtype) const { return dtype == ATTN_DTYPE_BF16 ? bf16 : fp32; }
};

Peak measured_peak(const std::vector<std::shared_ptr<const Plugin>>& plugins) {
  for (const auto& plugin : plugins) {
    const auto text = plugin->describe_device(ATTN_DEVICE_CPU, 0);
    if (!text) continue;
    const Json description = Json::parse(*text, nullptr, false);
    const auto number = [&](const char* name, double otherwise) {
      const bool is_there = description.is_object() && description.contains(name) && description[name].is_number();
      return is_there ? description[name].get<double>() : otherwise;
    };
    const double fp32 = number("fp32_fma_gflops", 0);
    if (fp32 > 0) return {fp32, number("bf16_gflops", fp32)};
  }
  return {};
}

/// Calls `run`, which gives the seconds that a run took, until `seconds` have gone by.
void repeat(const attn_problem& problem, double seconds, const std::function<double()>& run, BenchRow& row) {
  std::vector<double> times;
  const auto begin = Clock::now();
  do {
    times.push_back(run());
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
  std::sort(times.begin(), times.end());
  row.runs = times.size();
  row.best_seconds = times.front();
  row.median_seconds = times[times.size() / 2];
  row.gflops = flops_of(problem) / row.median_seconds / 1e9;
}

/// Where kernels are measured: on the CPU with a pool of threads, or on a GPU with a context.
struct Place {
  std::shared_ptr<ThreadPool> pool;
  std::unique_ptr<CudaContext> context;
};

void measure_on_cpu(const attn_problem& problem, const BenchOptions& options,
                    const std::shared_ptr<const Plugin>& plugin, size_t implementation, const Place& place,
                    BenchRow& row) {
  BenchJob job(problem);
  AttentionKernel kernel(plugin, implementation, problem, place.pool);
  job.run(kernel);
  const auto run = [&] {
    const auto start = Clock::now();
    job.run(kernel);
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  repeat(problem, options.seconds, run, row);
}

/// Runs are timed in groups of a millisecond or more, by events of the GPU, so that what it takes to queue a short one
/// does not count.
void measure_on_gpu(const attn_problem& problem, const BenchOptions& options,
                    const std::shared_ptr<const Plugin>& plugin, size_t implementation, const Place& place,
                    BenchRow& row) {
  constexpr double kGroupSeconds = 1e-3;
  constexpr int kMostInGroup = 100;
  BenchJob job(problem);
  CudaRun gpu(*place.context, options.device, plugin, implementation, problem);
  job.run(gpu);
  CudaEvent start(*place.context);
  CudaEvent end(*place.context);
  const auto seconds_of_one = [&](int count) {
    start.record(gpu.kernel().stream());
    for (int i = 0; i < count; ++i)
      gpu.queue();
    end.record(gpu.kernel().stream());
    end.synchronize();
    return end.seconds_since(start) / count;
  };
  constexpr int kWarmUps = 3;
  seconds_of_one(kWarmUps);
  const double once = std::max(seconds_of_one(1), kGroupSeconds / kMostInGroup);
  const int count = std::max(1, static_cast<int>(std::ceil(kGroupSeconds / once)));
  repeat(
      problem, options.seconds, [&] { return seconds_of_one(count); }, row);
}

/// The problem as it is measured: a GPU's memory is aligned, which kernels there want.
attn_problem problem_on(const attn_device& device, const NamedProblem& named) {
  attn_problem problem = named.flags.problem();
  if (device.kind == ATTN_DEVICE_CUDA) problem.alignment = std::max(problem.alignment, 16U);
  return problem;
}

/// Fills in the row's figures, or why there are none.
void measure(const attn_problem& problem, const BenchOptions& options, const std::shared_ptr<const Plugin>& plugin,
             size_t implementation, const Place& place, BenchRow& row) {
  const Answer answer = plugin->query(implementation, options.device, problem, ATTN_LEVEL_RULES);
  if (answer.verdict != Verdict::kYes) {
    row.refusal = answer.text;
    return;
  }
  try {
    (place.context ? measure_on_gpu : measure_on_cpu)(problem, options, plugin, implementation, place, row);
  } catch (const KernelError& error) {
    row.failure = error.what();
  } catch (const CudaError& error) {
    row.failure = error.what();
  } catch (const std::bad_alloc&) {
    row.failure = "there is not memory enough for its tensors";
  }
}

}  // namespace

/// Pairs of a row and a key that it sees; of square causal problems half of all, as papers count them.
double visible_pairs(const attn_problem& problem) {
  const auto rows = static_cast<double>(problem.seq_q);
  const auto keys = static_cast<double>(problem.seq_kv);
  if (problem.window_left < 0 && problem.window_right < 0) return rows * keys;
  if (problem.window_left < 0 && problem.window_right == 0 && problem.seq_q == problem.seq_kv) return rows * keys / 2;
  const int64_t shift = problem.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? problem.seq_kv - problem.seq_q : 0;
  double pairs = 0;
  for (int64_t row = 0; row < problem.seq_q; ++row) {
    const int64_t position = row + shift;
    const int64_t begin = problem.window_left < 0 ? 0 : std::max<int64_t>(0, position - problem.window_left);
    const int64_t end =
        problem.window_right < 0 ? problem.seq_kv : std::min(problem.seq_kv, position + problem.window_right + 1);
    pairs += static_cast<double>(std::max<int64_t>(0, end - begin));
  }
  return pairs;
}

double flops_of(const attn_problem& problem) {
  const auto dims = static_cast<double>(problem.head_dim_qk + problem.head_dim_v);
  const double forward = 2.0 * static_cast<double>(problem.batch * problem.heads_q) * visible_pairs(problem) * dims;
  return (problem.passes & ATTN_PASS_BACKWARD) != 0 ? kBackwardFactor * forward : forward;
}

std::vector<BenchRow> run_bench(const BenchOptions& options, const std::vector<std::shared_ptr<const Plugin>>& plugins,
                                const std::function<void(const std::string&)>& progress) {
  const bool on_gpu = options.device.kind == ATTN_DEVICE_CUDA;
  const Peak peak_of_thread = on_gpu ? Peak{} : measured_peak(plugins);
  Place place;
  if (on_gpu) {
    place.context = std::make_unique<CudaContext>(options.device.index);
  } else {
    place.pool = std::make_shared<ThreadPool>(options.threads);
  }
  std::vector<BenchRow> rows;
  for (const NamedProblem& named : options.problems) {
    const attn_problem problem = problem_on(options.device, named);
    const double peak = peak_of_thread.of(problem.dtype) * options.threads;
    const size_t first = rows.size();
    for (const auto& plugin : plugins) {
      for (size_t i = 0; i < plugin->implementations().size(); ++i) {
        const Implementation& implementation = plugin->implementations()[i];
        const auto& wanted = options.implementations;
        if (implementation.device_kind != options.device.kind) continue;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), implementation.name) == wanted.end()) continue;
        BenchRow row;
        row.problem = named.name;
        row.description = describe(problem);
        row.implementation = implementation.name;
        row.plugin = plugin->name();
        progress(fmt::format("{}: {} by {}", named.name, implementation.name, plugin->name()));
        measure(problem, options, plugin, i, place, row);
        if (row.runs > 0 && peak > 0) row.peak_share = row.gflops / peak;
        rows.push_back(std::move(row));
      }
    }
    const auto eager = std::find_if(rows.begin() + static_cast<ptrdiff_t>(first), rows.end(),
                                    [](const BenchRow& row) { return row.implementation == "eager" && row.runs > 0; });
    if (eager == rows.end()) continue;
    const double reference = eager->median_seconds;
    for (size_t i = first; i < rows.size(); ++i) {
      if (rows[i].runs > 0) rows[i].times_eager = reference / rows[i].median_seconds;
    }
  }
  return rows;
}

std::string bench_text(const std::vector<BenchRow>& rows, const BenchOptions& options) {
  const auto kernel_of = [](const BenchRow& row) { return row.implementation + "/" + row.plugin; };
  size_t width = 7;
  size_t kernel_width = 18;
  for (const BenchRow& row : rows) {
    width = std::max(width, row.problem.size());
    kernel_width = std::max(kernel_width, kernel_of(row).size());
  }
  const bool on_gpu = options.device.kind == ATTN_DEVICE_CUDA;
  const std::string place = on_gpu ? attention::describe(options.device)
                                   : fmt::format("{} thread{}", options.threads, options.threads == 1 ? "" : "s");
  std::string text =
      fmt::format("{}\n{:{}}  {:{}}  {:>10}  {:>8}  {:>5}  {:>9}  {:>5}\n", place, "problem", width, "kernel",
                  kernel_width, "median", on_gpu ? "TFLOP/s" : "GFLOP/s", "peak", "x eager", "runs");
  for (const BenchRow& row : rows) {
    text += fmt::format("{:{}}  {:{}}", row.problem, width, kernel_of(row), kernel_width);
    if (!row.refusal.empty() || !row.failure.empty()) {
      text += row.failure.empty() ? fmt::format("  refused: {}\n", row.refusal)
                                  : fmt::format("  failed: {}\n", row.failure);
      continue;
    }
    const std::string time = row.median_seconds < 1 ? fmt::format("{:.3f} ms", row.median_seconds * 1e3)
                                                    : fmt::format("{:.2f} s", row.median_seconds);
    text += fmt::format("  {:>10}  {:>8.1f}  {:>5}  {:>9}  {:>5}\n", time, on_gpu ? row.gflops / 1e3 : row.gflops,
                        row.peak_share ? fmt::format("{:.0f}%", *row.peak_share * 100) : "?",
                        row.times_eager ? fmt::format("{:.1f}", *row.times_eager) : "?", row.runs);
  }
  return text;
}

std::string bench_json(const std::vector<BenchRow>& rows, const BenchOptions& options) {
  Json document;
  if (options.device.kind == ATTN_DEVICE_CUDA) {
    document["device"] = options.device.name;
  } else {
    document["threads"] = options.threads;
  }
  document["rows"] = Json::array();
  for (const BenchRow& row : rows) {
    Json entry{{"problem", row.problem},
               {"description", row.description},
               {"implementation", row.implementation},
               {"plugin", row.plugin}};
    if (!row.failure.empty()) {
      entry["failure"] = row.failure;
    } else if (!row.refusal.empty()) {
      entry["refusal"] = row.refusal;
    } else {
      entry.update({{"runs", row.runs},
                    {"best_seconds", row.best_seconds},
                    {"median_seconds", row.median_seconds},
                    {"gflops", row.gflops},
                    {"peak_share", row.peak_share ? Json(*row.peak_share) : Json()},
                    {"times_eager", row.times_eager ? Json(*row.times_eager) : Json()}});
    }
    document["rows"].push_back(std::move(entry));
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cfgtool
