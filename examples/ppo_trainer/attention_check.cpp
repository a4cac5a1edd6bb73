#include "attention_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "attention_plugins/host/names.hpp"
#include "kernel_run.hpp"

namespace ppo_trainer {

namespace {

namespace attention = cfgtool::attention;

/// How far a result may be from the exact one. The kernel sums in fp32; what it returns is rounded to `dtype`, to half
/// a unit in the last place: 2^-9 of a value in bf16, 2^-12 in fp16.
struct Tolerance {
  double row_sum;    ///< of an output that should be 1
  double output;     ///< absolute, of outputs that are about 1 at most
  double gradients;  ///< of 16-bit gradients against fp32 ones, relative to the norm
};

Tolerance tolerance_of(int32_t dtype) {
  if (dtype == ATTN_DTYPE_BF16) return {0x1p-8, 2e-2, 2e-2};
  if (dtype == ATTN_DTYPE_F16) return {0x1p-11, 3e-3, 3e-3};
  return {1e-5, 1e-5, 0};
}

constexpr double kLseTolerance = 1e-4;
constexpr double kDifferenceTolerance = 2e-3;  // of a directional derivative, relative to the gradient's norm
constexpr float kDifferenceStep = 2e-3F;
constexpr unsigned kSeed = 20;
constexpr double kMostBytes = 4e9;

Floats random_normal(size_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  Floats values(count);
  for (float& value : values)
    value = normal(random);
  return values;
}

size_t element_count(const attention::Dims& size) {
  return static_cast<size_t>(size[0] * size[1] * size[2] * size[3]);
}

Inputs random_inputs(const attn_problem& problem, std::mt19937& random) {
  Inputs inputs;
  inputs.query = rounded(random_normal(element_count(attention::query_size(problem)), random), problem.dtype);
  inputs.key = rounded(random_normal(element_count(attention::key_size(problem)), random), problem.dtype);
  inputs.value = rounded(random_normal(element_count(attention::value_size(problem)), random), problem.dtype);
  return inputs;
}

/// Query, key, value, output, their gradients, copies that are moved a little, and what the kernel reads and writes.
double bytes_needed(const attn_problem& problem) {
  constexpr double kTensors = 24;
  return kTensors * sizeof(float) * static_cast<double>(element_count(attention::query_size(problem)));
}

bool all_finite(const Floats& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

double dot(const Floats& a, const Floats& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double norm(const Floats& values) {
  return std::sqrt(dot(values, values));
}

/// One row of attention in double precision, straight from the formula in attention_problem.h.
struct ExactRow {
  std::vector<double> output;
  double lse = 0;
};

ExactRow exact_row(const attn_problem& p, const Inputs& inputs, int64_t head, int64_t row) {
  const int64_t kv_head = head / (p.heads_q / p.heads_kv);
  const float* query = inputs.query.data() + (head * p.seq_q + row) * p.head_dim_qk;
  std::vector<double> weights;
  double sum = 0;
  for (int64_t j = 0; j <= row; ++j) {  // causal
    const float* key = inputs.key.data() + (kv_head * p.seq_kv + j) * p.head_dim_qk;
    double score = 0;
    for (int64_t d = 0; d < p.head_dim_qk; ++d)
      score += static_cast<double>(query[d]) * static_cast<double>(key[d]);
    weights.push_back(std::exp(score * static_cast<double>(p.scale)));
    sum += weights.back();
  }
  ExactRow exact{std::vector<double>(static_cast<size_t>(p.head_dim_v)), std::log(sum)};
  for (int64_t j = 0; j <= row; ++j) {
    const float* value = inputs.value.data() + (kv_head * p.seq_kv + j) * p.head_dim_v;
    for (int64_t d = 0; d < p.head_dim_v; ++d)
      exact.output[static_cast<size_t>(d)] += weights[static_cast<size_t>(j)] / sum * static_cast<double>(value[d]);
  }
  return exact;
}

/// One role's checks, in the order in which they are reported.
class Checker {
 public:
  Checker(const attention::Candidate& chosen, const attn_problem& problem, std::shared_ptr<attention::ThreadPool> pool)
      : chosen_(chosen), pool_(std::move(pool)), kernel_(chosen, problem, pool_), random_(kSeed) {}

  std::vector<Check> run() {
    const Inputs inputs = random_inputs(problem(), random_);
    const Forward forward = kernel_.forward(inputs);
    note(forward.lse.empty() ? "output is finite" : "output and log-sum-exp are finite",
         all_finite(forward.output) && all_finite(forward.lse), "");
    check_row_sums(inputs);
    check_sampled_rows(inputs, forward);
    if ((problem().passes & ATTN_PASS_BACKWARD) != 0) check_gradients(inputs, forward);
    return std::move(checks_);
  }

 private:
  const attn_problem& problem() const { return kernel_.problem(); }
  void note(std::string what, bool holds, std::string detail) {
    checks_.push_back({std::move(what), holds, std::move(detail)});
  }
  void note_error(std::string what, double found, double most) {
    // A NaN is no error that is small enough.
    note(std::move(what), found <= most, fmt::format("{:.1e}, at most {:.1e}", found, most));
  }

  /// With ones for values, every output is the sum of its row's weights.
  void check_row_sums(const Inputs& inputs) {
    const Inputs ones{inputs.query, inputs.key, Floats(inputs.value.size(), 1.0F)};
    double worst = 0;
    for (const float sum : kernel_.forward(ones).output)
      worst = std::fmax(worst, std::isnan(sum) ? std::numeric_limits<double>::infinity() : std::fabs(sum - 1.0));
    note_error("rows of the softmax sum to 1", worst, tolerance_of(problem().dtype).row_sum);
  }

  void check_sampled_rows(const Inputs& inputs, const Forward& forward) {
    const attn_problem& p = problem();
    double worst_output = 0;
    double worst_lse = 0;
    for (const int64_t head : {int64_t{0}, p.heads_q / 2, p.heads_q - 1}) {
      for (const int64_t row : {int64_t{0}, p.seq_q / 2, p.seq_q - 1}) {
        const ExactRow exact = exact_row(p, inputs, head, row);
        const auto at = static_cast<size_t>(head * p.seq_q + row);
        for (size_t d = 0; d < exact.output.size(); ++d) {
          const double output = forward.output[at * exact.output.size() + d];
          worst_output = std::max(worst_output, std::fabs(output - exact.output[d]));
        }
        if (!forward.lse.empty()) worst_lse = std::max(worst_lse, std::fabs(forward.lse[at] - exact.lse));
      }
    }
    note_error("sampled rows equal the formula in double precision", worst_output, tolerance_of(p.dtype).output);
    if (!forward.lse.empty()) note_error("so does the log-sum-exp", worst_lse, kLseTolerance);
  }

  void check_gradients(const Inputs& inputs, const Forward& forward) {
    const Floats d_output = rounded(random_normal(forward.output.size(), random_), problem().dtype);
    const Gradients gradients = kernel_.backward(inputs, forward, d_output);
    const bool finite = all_finite(gradients.query) && all_finite(gradients.key) && all_finite(gradients.value);
    note("gradients are finite", finite, "");
    // A difference quotient needs the digits of fp32.
    const std::optional<attn_problem> wide = problem_in_fp32();
    if (!wide) {
      note("gradients agree with central differences", true, "not looked at: the plugin does not compute in fp32");
      return;
    }
    KernelRun kernel(chosen_, *wide, pool_);
    const Gradients exact = kernel.backward(inputs, kernel.forward(inputs), d_output);
    check_difference(kernel, inputs, d_output, "query", &Inputs::query, exact.query);
    check_difference(kernel, inputs, d_output, "key", &Inputs::key, exact.key);
    check_difference(kernel, inputs, d_output, "value", &Inputs::value, exact.value);
    if (problem().dtype == ATTN_DTYPE_F32) return;
    const double worst =
        std::fmax(relative_error(gradients.query, exact.query),
                  std::fmax(relative_error(gradients.key, exact.key), relative_error(gradients.value, exact.value)));
    note_error(fmt::format("{} gradients agree with fp32 ones", attention::dtype_name(problem().dtype)), worst,
               tolerance_of(problem().dtype).gradients);
  }

  std::optional<attn_problem> problem_in_fp32() const {
    attn_problem wide = problem();
    wide.dtype = ATTN_DTYPE_F32;
    wide.alignment = sizeof(float);
    const attn_device device = attention::cpu_device(pool_->worker_count());
    const auto answer = chosen_.plugin->query(chosen_.implementation, device, wide, ATTN_LEVEL_HEURISTICS);
    if (answer.verdict != attention::Verdict::kYes) return std::nullopt;
    return wide;
  }

  /// (loss(x + h u) - loss(x - h u)) / 2h against the gradient's product with u, for the loss sum(d_output * output).
  void check_difference(KernelRun& kernel, const Inputs& inputs, const Floats& d_output, const char* name,
                        Floats Inputs::*tensor, const Floats& gradient) {
    const Floats direction = random_normal(gradient.size(), random_);
    const auto loss = [&](float step) {
      Inputs moved = inputs;
      for (size_t i = 0; i < direction.size(); ++i)
        (moved.*tensor)[i] += step * direction[i];
      return dot(kernel.forward(moved).output, d_output);
    };
    const double difference =
        (loss(kDifferenceStep) - loss(-kDifferenceStep)) / (2.0 * static_cast<double>(kDifferenceStep));
    const double error = std::fabs(difference - dot(gradient, direction)) / norm(gradient);
    note_error(fmt::format("gradient of {} agrees with central differences (fp32)", name), error, kDifferenceTolerance);
  }

  static double relative_error(const Floats& found, const Floats& exact) {
    Floats difference(found.size());
    for (size_t i = 0; i < found.size(); ++i)
      difference[i] = found[i] - exact[i];
    return norm(difference) / norm(exact);
  }

  const attention::Candidate& chosen_;
  std::shared_ptr<attention::ThreadPool> pool_;
  KernelRun kernel_;
  std::mt19937 random_;
  std::vector<Check> checks_;
};

}  // namespace

std::vector<Check> check_attention(const cfgtool::RoleSpec& role, const attention::RoleChoice& choice,
                                   const std::shared_ptr<attention::ThreadPool>& pool) {
  if (choice.device.kind != ATTN_DEVICE_CPU) {
    throw attention::KernelError(attention::KernelError::Kind::kRefused, choice.chosen->plugin->name(),
                                 ATTN_REASON_DEVICE, "this program runs kernels on the CPU only");
  }
  cfgtool::RoleSpec shortened = role;
  shortened.sequence_length.value = std::min(role.sequence_length.value, kLongestChecked);
  const attn_problem problem = *attention::problem_of(shortened);
  if (bytes_needed(problem) > kMostBytes) {
    throw attention::KernelError(
        attention::KernelError::Kind::kOutOfMemory, choice.chosen->plugin->name(), ATTN_REASON_RESOURCES,
        fmt::format("checking {} takes {:.0f} GB of memory, more than {:.0f}", attention::describe(problem),
                    bytes_needed(problem) / 1e9, kMostBytes / 1e9));
  }
  return Checker(*choice.chosen, problem, pool).run();
}

}  // namespace ppo_trainer
