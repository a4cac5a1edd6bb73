#include "cfgtool/attention_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/plan.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using namespace attention;

constexpr double kBackwardFactor = 3.5;  // forward and backward together, in forward passes
constexpr size_t kAlignment = 64;

/// Memory of a tensor with contiguous rows.
class Buffer {
 public:
  Buffer(int32_t dtype, const Dims& size, const int64_t (&stride)[4], uint32_t seed) : dtype_(dtype), size_(size) {
    std::copy(std::begin(stride), std::end(stride), stride_.begin());
    int64_t count = 1;
    for (size_t i = 0; i < 4; ++i)
      count += (size[i] - 1) * stride[i];
    bytes_.resize(static_cast<size_t>(count * dtype_bytes(dtype)) + kAlignment);
    const auto address = reinterpret_cast<uintptr_t>(bytes_.data());
    data_ = bytes_.data() + (kAlignment - address % kAlignment) % kAlignment;
    fill(count, seed);
  }

  Tensor tensor() { return {data_, dtype_, size_, stride_}; }
  ConstTensor const_tensor() const { return {data_, dtype_, size_, stride_}; }

 private:
  /// Numbers of magnitude 1/8 to 1, of both signs.
  void fill(int64_t count, uint32_t seed) {
    uint32_t state = seed * 2654435761U + 1;
    for (int64_t i = 0; i < count; ++i) {
      state = state * 1664525U + 1013904223U;
      const uint32_t random = state >> 8;
      if (dtype_ == ATTN_DTYPE_F32) {
        const float value =
            (0.125F + 0.875F * static_cast<float>(random % 65536) / 65536.0F) * ((random & 65536) ? 1.0F : -1.0F);
        std::memcpy(data_ + i * 4, &value, 4);
      } else {
        const uint32_t magnitude = dtype_ == ATTN_DTYPE_F16 ? 0x3000 + random % 0x0c00 : 0x3e00 + random % 0x0180;
        const auto bits = static_cast<uint16_t>(magnitude | (random & 0x8000));
        std::memcpy(data_ + i * 2, &bits, 2);
      }
    }
  }

  int32_t dtype_;
  Dims size_;
  Dims stride_{};
  std::vector<char> bytes_;
  char* data_ = nullptr;
};

/// A problem's tensors, and runs of a kernel over them.
class Job {
 public:
  explicit Job(const attn_problem& p)
      : problem_(p),
        query_(p.dtype, query_size(p), p.query_stride, 1),
        key_(p.dtype, key_size(p), p.key_stride, 2),
        value_(p.dtype, value_size(p), p.value_stride, 3),
        output_(p.dtype, output_size(p), p.output_stride, 4),
        lse_(static_cast<size_t>(lse_count(p))) {
    if (is_backward()) {
      gradients_.emplace_back(p.dtype, output_size(p), p.d_output_stride, 5);
      gradients_.emplace_back(p.dtype, query_size(p), p.d_query_stride, 6);
      gradients_.emplace_back(p.dtype, key_size(p), p.d_key_stride, 7);
      gradients_.emplace_back(p.dtype, value_size(p), p.d_value_stride, 8);
    }
    slopes_.assign(static_cast<size_t>(p.heads_q), 0.5F);
    if (p.bias == ATTN_BIAS_ADDITIVE) bias_.emplace_back(p.bias_dtype, bias_size(p), p.bias_stride, 9);
    for (int64_t b = 0; b <= p.batch; ++b) {
      lengths_q_.push_back(static_cast<int32_t>(p.varlen == ATTN_VARLEN_PACKED ? b * p.seq_q : p.seq_q));
      lengths_kv_.push_back(static_cast<int32_t>(p.varlen == ATTN_VARLEN_PACKED ? b * p.seq_kv : p.seq_kv));
    }
  }

  void run(AttentionKernel& kernel) {
    const attn_extras extras = this->extras();
    float* const lse = (problem_.passes & ATTN_PASS_LSE) != 0 ? lse_.data() : nullptr;
    kernel.forward({query_.const_tensor(), key_.const_tensor(), value_.const_tensor(), output_.tensor(), lse}, extras);
    if (!is_backward()) return;
    kernel.backward(
        {query_.const_tensor(), key_.const_tensor(), value_.const_tensor(), output_.const_tensor(), lse,
         gradients_[0].const_tensor(), gradients_[1].tensor(), gradients_[2].tensor(), gradients_[3].tensor()},
        extras);
  }

 private:
  bool is_backward() const { return (problem_.passes & ATTN_PASS_BACKWARD) != 0; }
  attn_extras extras() {
    attn_extras extras = no_extras();
    if (problem_.varlen == ATTN_VARLEN_PADDED) extras.lengths_q = lengths_q_.data();
    if (problem_.varlen == ATTN_VARLEN_PADDED) extras.lengths_kv = lengths_kv_.data();
    if (problem_.varlen == ATTN_VARLEN_PACKED) extras.offsets_q = lengths_q_.data();
    if (problem_.varlen == ATTN_VARLEN_PACKED) extras.offsets_kv = lengths_kv_.data();
    if (problem_.bias == ATTN_BIAS_ADDITIVE) extras.bias = bias_.front().const_tensor().data;
    if (problem_.bias == ATTN_BIAS_ALIBI) extras.alibi_slopes = slopes_.data();
    return extras;
  }

  attn_problem problem_;
  Buffer query_, key_, value_, output_;
  std::vector<float> lse_;
  std::vector<Buffer> gradients_;  // of output, query, key, value
  std::vector<Buffer> bias_;
  std::vector<float> slopes_;
  std::vector<int32_t> lengths_q_, lengths_kv_;
};

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

void measure(const attn_problem& problem, double seconds, const std::shared_ptr<const Plugin>& plugin,
             size_t implementation, const std::shared_ptr<ThreadPool>& pool, BenchRow& row) {
  Job job(problem);
  AttentionKernel kernel(plugin, implementation, problem, pool);
  job.run(kernel);
  std::vector<double> times;
  const auto begin = Clock::now();
  do {
    const auto start = Clock::now();
    job.run(kernel);
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
  std::sort(times.begin(), times.end());
  row.runs = times.size();
  row.best_seconds = times.front();
  row.median_seconds = times[times.size() / 2];
  row.gflops = flops_of(problem) / row.median_seconds / 1e9;
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
  const Peak peak_of_thread = measured_peak(plugins);
  const auto pool = std::make_shared<ThreadPool>(options.threads);
  std::vector<BenchRow> rows;
  for (const NamedProblem& named : options.problems) {
    const attn_problem problem = named.flags.problem();
    const double peak = peak_of_thread.of(problem.dtype) * options.threads;
    const size_t first = rows.size();
    for (const auto& plugin : plugins) {
      for (size_t i = 0; i < plugin->implementations().size(); ++i) {
        const Implementation& implementation = plugin->implementations()[i];
        const auto& wanted = options.implementations;
        if (implementation.device_kind != ATTN_DEVICE_CPU) continue;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), implementation.name) == wanted.end()) continue;
        BenchRow row;
        row.problem = named.name;
        row.description = describe(problem);
        row.implementation = implementation.name;
        row.plugin = plugin->name();
        progress(fmt::format("{}: {} by {}", named.name, implementation.name, plugin->name()));
        const Answer answer = plugin->query(i, cpu_device(options.threads), problem, ATTN_LEVEL_RULES);
        if (answer.verdict == Verdict::kYes) {
          try {
            measure(problem, options.seconds, plugin, i, pool, row);
            if (peak > 0) row.peak_share = row.gflops / peak;
          } catch (const KernelError& error) {
            row.failure = error.what();
          } catch (const std::bad_alloc&) {
            row.failure = "there is not memory enough for its tensors";
          }
        } else {
          row.refusal = answer.text;
        }
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
  std::string text = fmt::format("{} thread{}\n{:{}}  {:{}}  {:>10}  {:>8}  {:>5}  {:>9}  {:>5}\n", options.threads,
                                 options.threads == 1 ? "" : "s", "problem", width, "kernel", kernel_width, "median",
                                 "GFLOP/s", "peak", "x eager", "runs");
  for (const BenchRow& row : rows) {
    text += fmt::format("{:{}}  {:{}}", row.problem, width, kernel_of(row), kernel_width);
    if (!row.refusal.empty() || !row.failure.empty()) {
      text += row.failure.empty() ? fmt::format("  refused: {}\n", row.refusal)
                                  : fmt::format("  failed: {}\n", row.failure);
      continue;
    }
    const std::string time = row.median_seconds < 1 ? fmt::format("{:.3f} ms", row.median_seconds * 1e3)
                                                    : fmt::format("{:.2f} s", row.median_seconds);
    text += fmt::format("  {:>10}  {:>8.1f}  {:>5}  {:>9}  {:>5}\n", time, row.gflops,
                        row.peak_share ? fmt::format("{:.0f}%", *row.peak_share * 100) : "?",
                        row.times_eager ? fmt::format("{:.1f}", *row.times_eager) : "?", row.runs);
  }
  return text;
}

std::string bench_json(const std::vector<BenchRow>& rows, const BenchOptions& options) {
  Json document{{"threads", options.threads}, {"rows", Json::array()}};
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
