#include "attention_plugins/host/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "attention_plugins/host/names.hpp"

namespace cfgtool::attention {
namespace {

// Lengths are int32 in attn_extras, and numbers of elements must leave room for arithmetic in 64 bits.
constexpr int64_t kLargestSize = INT32_MAX;
constexpr double kMostElements = 0x1p60;

void set_stride(int64_t (&stride)[4], const Dims& size, Layout layout) {
  stride[3] = 1;
  if (layout == Layout::kBatchHeadsSequence) {
    stride[2] = size[3];
    stride[1] = size[2] * size[3];
  } else {
    stride[1] = size[3];
    stride[2] = size[1] * size[3];
  }
  stride[0] = size[1] * size[2] * size[3];
}

/// Offsets of all elements fit into 64 bits, with room to add a few.
bool span_fits(const Dims& size, const int64_t (&stride)[4]) {
  double last = 0;
  for (size_t i = 0; i < 4; ++i)
    last += static_cast<double>(size[i] - 1) * static_cast<double>(stride[i]);
  return last < kMostElements;
}

/// A score matrix and a tensor of each kind have fewer than kMostElements elements.
bool sizes_fit(const attn_problem& p) {
  const double heads = static_cast<double>(p.batch) * static_cast<double>(std::max(p.heads_q, p.heads_kv));
  const auto rows = static_cast<double>(std::max(p.seq_q, p.seq_kv));
  const auto width = static_cast<double>(std::max({p.head_dim_qk, p.head_dim_v, p.seq_kv}));
  return heads * rows * width < kMostElements;
}

/// No two indices lead to the same element: each stride, from the smallest on, steps over all that lies below it.
bool is_injective(const Dims& size, const int64_t (&stride)[4]) {
  std::array<size_t, 4> order{0, 1, 2, 3};
  std::ranges::sort(order, [&](size_t a, size_t b) { return stride[a] < stride[b]; });
  int64_t reach = 0;  // the largest offset below the current dimension
  for (size_t i : order) {
    if (size[i] == 1) continue;
    if (stride[i] <= reach) return false;
    reach += (size[i] - 1) * stride[i];
  }
  return true;
}

using Fault = std::optional<ProblemFault>;

template <typename... Args>
Fault fault(int32_t reason, fmt::format_string<Args...> text, Args&&... args) {
  return ProblemFault{reason, fmt::format(text, std::forward<Args>(args)...)};
}

Fault check_tensor(const char* name, const Dims& size, const int64_t (&stride)[4], bool written) {
  if (stride[3] != 1)
    return fault(ATTN_REASON_STRIDES, "the head dimension of {} must have stride 1, not {}", name, stride[3]);
  if (std::ranges::any_of(stride, [](int64_t s) { return s < 0; }))
    return fault(ATTN_REASON_STRIDES, "a stride of {} is negative", name);
  if (!span_fits(size, stride)) return fault(ATTN_REASON_STRIDES, "the strides of {} are too large", name);
  if (written && !is_injective(size, stride))
    return fault(ATTN_REASON_STRIDES, "rows of {}, which is written to, overlap: strides [{}]", name,
                 fmt::join(stride, ", "));
  return std::nullopt;
}

Fault check_unused(const char* name, const int64_t (&stride)[4]) {
  if (std::ranges::any_of(stride, [](int64_t s) { return s != 0; }))
    return fault(ATTN_REASON_STRIDES, "{} has strides but the problem does not have it", name);
  return std::nullopt;
}

Fault check_sizes(const attn_problem& p) {
  const struct {
    const char* name;
    int64_t value;
    int32_t reason;
  } sizes[] = {{"batch", p.batch, ATTN_REASON_SEQUENCE},          {"heads_q", p.heads_q, ATTN_REASON_HEADS},
               {"heads_kv", p.heads_kv, ATTN_REASON_HEADS},       {"seq_q", p.seq_q, ATTN_REASON_SEQUENCE},
               {"seq_kv", p.seq_kv, ATTN_REASON_SEQUENCE},        {"head_dim_qk", p.head_dim_qk, ATTN_REASON_HEAD_DIM},
               {"head_dim_v", p.head_dim_v, ATTN_REASON_HEAD_DIM}};
  for (const auto& size : sizes) {
    if (size.value < 1) return fault(size.reason, "{} is {}, it must be at least 1", size.name, size.value);
    if (size.value > kLargestSize) return fault(size.reason, "{} is {}, which is too large", size.name, size.value);
  }
  if (p.heads_q % p.heads_kv != 0)
    return fault(ATTN_REASON_HEADS, "the number of query heads, {}, is not a multiple of that of key-value heads, {}",
                 p.heads_q, p.heads_kv);
  if (!sizes_fit(p)) return fault(ATTN_REASON_SEQUENCE, "the problem is too large to be counted in 64 bits");
  if (p.varlen == ATTN_VARLEN_PACKED) {
    if (p.total_q < 1 || p.total_kv < 1 || p.total_q > p.batch * p.seq_q || p.total_kv > p.batch * p.seq_kv)
      return fault(ATTN_REASON_VARLEN, "{} packed rows and {} packed keys do not fit {} sequences of up to {} and {}",
                   p.total_q, p.total_kv, p.batch, p.seq_q, p.seq_kv);
  } else if (p.total_q != 0 || p.total_kv != 0) {
    return fault(ATTN_REASON_VARLEN, "total_q and total_kv are for packed sequences only");
  }
  return std::nullopt;
}

Fault check_features(const attn_problem& p) {
  constexpr uint32_t kPasses = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;
  constexpr uint32_t kFlags = ATTN_FLAG_DETERMINISTIC | ATTN_FLAG_D_BIAS | ATTN_FLAG_SINK;
  if ((p.passes & ~kPasses) != 0 || (p.passes & (ATTN_PASS_FORWARD | ATTN_PASS_BACKWARD)) == 0)
    return fault(ATTN_REASON_PASS, "the passes must be forward, backward or both");
  if ((p.passes & ATTN_PASS_LSE) != 0 && (p.passes & ATTN_PASS_FORWARD) == 0)
    return fault(ATTN_REASON_PASS, "the log-sum-exp comes with the forward pass only");
  if (dtype_bytes(p.dtype) == 0) return fault(ATTN_REASON_DTYPE, "{} is not known", dtype_name(p.dtype));
  if (!std::isfinite(p.scale)) return fault(ATTN_REASON_OTHER, "the scale is not finite");
  if (p.window_left < -1 || p.window_right < -1)
    return fault(ATTN_REASON_MASK, "the window ({}, {}) has a bound below -1", p.window_left, p.window_right);
  if (p.diagonal != ATTN_DIAGONAL_TOP_LEFT && p.diagonal != ATTN_DIAGONAL_BOTTOM_RIGHT)
    return fault(ATTN_REASON_MASK, "the diagonal alignment {} is not known", p.diagonal);
  if (p.varlen < ATTN_VARLEN_NONE || p.varlen > ATTN_VARLEN_PACKED)
    return fault(ATTN_REASON_VARLEN, "the kind {} of variable lengths is not known", p.varlen);
  if (!(p.dropout >= 0.0F && p.dropout < 1.0F))
    return fault(ATTN_REASON_DROPOUT, "dropout is {}, it must be at least 0 and less than 1", p.dropout);
  if ((p.flags & ~kFlags) != 0) return fault(ATTN_REASON_UNKNOWN_FEATURE, "a flag of {:#x} is not known", p.flags);
  if (p.alignment == 0 || (p.alignment & (p.alignment - 1)) != 0 || p.alignment % dtype_bytes(p.dtype) != 0)
    return fault(ATTN_REASON_ALIGNMENT, "an alignment of {} bytes is not a power of two of at least one element",
                 p.alignment);
  return std::nullopt;
}

Fault check_bias(const attn_problem& p) {
  if (p.bias < ATTN_BIAS_NONE || p.bias > ATTN_BIAS_ALIBI)
    return fault(ATTN_REASON_BIAS, "the kind {} of bias is not known", p.bias);
  const bool gradient = (p.flags & ATTN_FLAG_D_BIAS) != 0;
  if (gradient && (p.bias != ATTN_BIAS_ADDITIVE || (p.passes & ATTN_PASS_BACKWARD) == 0))
    return fault(ATTN_REASON_BIAS, "a bias gradient needs an additive bias and the backward pass");
  if (p.bias != ATTN_BIAS_ADDITIVE) {
    if (p.bias_dtype != 0) return fault(ATTN_REASON_BIAS, "there is a bias type but no additive bias");
    if (auto f = check_unused("the bias", p.bias_stride)) return f;
    return check_unused("the bias gradient", p.d_bias_stride);
  }
  if (dtype_bytes(p.bias_dtype) == 0) return fault(ATTN_REASON_BIAS, "bias {} is not known", dtype_name(p.bias_dtype));
  if (p.alignment % dtype_bytes(p.bias_dtype) != 0)
    return fault(ATTN_REASON_ALIGNMENT, "an alignment of {} bytes is less than one element of the bias", p.alignment);
  if (std::ranges::any_of(p.bias_stride, [](int64_t s) { return s < 0; }) || !span_fits(bias_size(p), p.bias_stride))
    return fault(ATTN_REASON_STRIDES, "the strides of the bias are negative or too large");
  if (!gradient) return check_unused("the bias gradient", p.d_bias_stride);
  Dims size = bias_size(p);
  for (size_t i = 0; i < 4; ++i) {
    if ((p.bias_stride[i] == 0) != (p.d_bias_stride[i] == 0) || p.d_bias_stride[i] < 0)
      return fault(ATTN_REASON_STRIDES, "the bias gradient must be broadcast exactly where the bias is");
    if (p.d_bias_stride[i] == 0) size[i] = 1;
  }
  if (!span_fits(size, p.d_bias_stride) || !is_injective(size, p.d_bias_stride))
    return fault(ATTN_REASON_STRIDES, "rows of the bias gradient overlap or are too far apart");
  return std::nullopt;
}

Fault check_tensors(const attn_problem& p) {
  if (auto f = check_tensor("query", query_size(p), p.query_stride, false)) return f;
  if (auto f = check_tensor("key", key_size(p), p.key_stride, false)) return f;
  if (auto f = check_tensor("value", value_size(p), p.value_stride, false)) return f;
  if (auto f = check_tensor("output", output_size(p), p.output_stride, (p.passes & ATTN_PASS_FORWARD) != 0)) return f;
  if ((p.passes & ATTN_PASS_BACKWARD) != 0) {
    if (auto f = check_tensor("d_output", output_size(p), p.d_output_stride, false)) return f;
    if (auto f = check_tensor("d_query", query_size(p), p.d_query_stride, true)) return f;
    if (auto f = check_tensor("d_key", key_size(p), p.d_key_stride, true)) return f;
    return check_tensor("d_value", value_size(p), p.d_value_stride, true);
  }
  if (auto f = check_unused("d_output", p.d_output_stride)) return f;
  if (auto f = check_unused("d_query", p.d_query_stride)) return f;
  if (auto f = check_unused("d_key", p.d_key_stride)) return f;
  return check_unused("d_value", p.d_value_stride);
}

std::string describe_mask(const attn_problem& p) {
  if (p.window_left == -1 && p.window_right == -1) return "no mask";
  const char* diagonal = p.diagonal == ATTN_DIAGONAL_TOP_LEFT ? "top-left" : "bottom-right";
  if (p.window_left == -1 && p.window_right == 0) return fmt::format("causal ({})", diagonal);
  return fmt::format("window {} to {} ({})", p.window_left == -1 ? "-inf" : fmt::format("-{}", p.window_left),
                     p.window_right == -1 ? "+inf" : fmt::format("+{}", p.window_right), diagonal);
}

}  // namespace

attn_problem make_problem(const ProblemSizes& sizes, int32_t dtype, uint32_t passes, Layout layout) {
  attn_problem p{};
  p.size = sizeof(p);
  p.passes = passes;
  p.dtype = dtype;
  p.batch = sizes.batch;
  p.heads_q = sizes.heads_q;
  p.heads_kv = sizes.heads_kv == 0 ? sizes.heads_q : sizes.heads_kv;
  p.seq_q = sizes.seq_q;
  p.seq_kv = sizes.seq_kv == 0 ? sizes.seq_q : sizes.seq_kv;
  p.head_dim_qk = sizes.head_dim_qk;
  p.head_dim_v = sizes.head_dim_v == 0 ? sizes.head_dim_qk : sizes.head_dim_v;
  p.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim_qk)));
  p.window_left = p.window_right = -1;
  p.alignment = static_cast<uint32_t>(dtype_bytes(dtype));
  if (!sizes_fit(p)) return p;  // check_problem says so; the strides would overflow
  set_stride(p.query_stride, query_size(p), layout);
  set_stride(p.key_stride, key_size(p), layout);
  set_stride(p.value_stride, value_size(p), layout);
  set_stride(p.output_stride, output_size(p), layout);
  if ((passes & ATTN_PASS_BACKWARD) != 0) {
    set_stride(p.d_output_stride, output_size(p), layout);
    set_stride(p.d_query_stride, query_size(p), layout);
    set_stride(p.d_key_stride, key_size(p), layout);
    set_stride(p.d_value_stride, value_size(p), layout);
  }
  return p;
}

void make_causal(attn_problem& problem, int32_t diagonal) {
  problem.window_left = -1;
  problem.window_right = 0;
  problem.diagonal = diagonal;
}

void add_bias(attn_problem& problem, int32_t dtype, bool broadcast_batch, bool broadcast_heads) {
  problem.bias = ATTN_BIAS_ADDITIVE;
  problem.bias_dtype = dtype;
  problem.alignment = std::max(problem.alignment, static_cast<uint32_t>(dtype_bytes(dtype)));
  if (!sizes_fit(problem)) return;
  const int64_t matrix = problem.seq_q * problem.seq_kv;
  const Dims stride{broadcast_batch ? 0 : matrix * (broadcast_heads ? 1 : problem.heads_q),
                    broadcast_heads ? 0 : matrix, problem.seq_kv, 1};
  std::ranges::copy(stride, problem.bias_stride);
  if ((problem.flags & ATTN_FLAG_D_BIAS) != 0) std::ranges::copy(stride, problem.d_bias_stride);
}

attn_problem placed_on(attn_problem problem, const attn_device& device) {
  constexpr uint32_t kGpuAlignment = 16;
  if (device.kind == ATTN_DEVICE_CUDA) problem.alignment = std::max(problem.alignment, kGpuAlignment);
  return problem;
}

Dims query_size(const attn_problem& p) {
  if (p.varlen == ATTN_VARLEN_PACKED) return {1, p.heads_q, p.total_q, p.head_dim_qk};
  return {p.batch, p.heads_q, p.seq_q, p.head_dim_qk};
}

Dims key_size(const attn_problem& p) {
  if (p.varlen == ATTN_VARLEN_PACKED) return {1, p.heads_kv, p.total_kv, p.head_dim_qk};
  return {p.batch, p.heads_kv, p.seq_kv, p.head_dim_qk};
}

Dims value_size(const attn_problem& p) {
  Dims size = key_size(p);
  size[3] = p.head_dim_v;
  return size;
}

Dims output_size(const attn_problem& p) {
  Dims size = query_size(p);
  size[3] = p.head_dim_v;
  return size;
}

Dims bias_size(const attn_problem& p) {
  return {p.batch, p.heads_q, p.seq_q, p.seq_kv};
}

int64_t lse_count(const attn_problem& p) {
  return p.varlen == ATTN_VARLEN_PACKED ? p.heads_q * p.total_q : p.batch * p.heads_q * p.seq_q;
}

std::optional<ProblemFault> check_problem(const attn_problem& problem) {
  if (auto f = check_sizes(problem)) return f;
  if (auto f = check_features(problem)) return f;
  if (auto f = check_bias(problem)) return f;
  return check_tensors(problem);
}

std::string describe(const attn_problem& p) {
  std::string text = dtype_name(p.dtype);
  const bool forward = (p.passes & ATTN_PASS_FORWARD) != 0;
  const bool backward = (p.passes & ATTN_PASS_BACKWARD) != 0;
  text += forward && backward ? ", forward+backward" : backward ? ", backward" : ", forward";
  if (!backward && (p.passes & ATTN_PASS_LSE) != 0) text += "+lse";
  text += fmt::format(", batch {}, heads {}:{}", p.batch, p.heads_q, p.heads_kv);
  text += p.seq_q == p.seq_kv ? fmt::format(", seq {}", p.seq_q) : fmt::format(", seq {}x{}", p.seq_q, p.seq_kv);
  text += p.head_dim_qk == p.head_dim_v ? fmt::format(", head_dim {}", p.head_dim_qk)
                                        : fmt::format(", head_dim {}/{}", p.head_dim_qk, p.head_dim_v);
  text += ", " + describe_mask(p);
  if (p.varlen != ATTN_VARLEN_NONE) text += p.varlen == ATTN_VARLEN_PADDED ? ", padded" : ", packed";
  if (p.bias != ATTN_BIAS_NONE) text += p.bias == ATTN_BIAS_ALIBI ? ", ALiBi" : ", bias";
  if (p.dropout != 0.0F) text += fmt::format(", dropout {}", p.dropout);
  if ((p.flags & ATTN_FLAG_D_BIAS) != 0) text += ", bias gradient";
  if ((p.flags & ATTN_FLAG_SINK) != 0) text += ", sink";
  if ((p.flags & ATTN_FLAG_DETERMINISTIC) != 0) text += ", deterministic";
  return text;
}

attn_device cpu_device(uint32_t max_workers) {
  attn_device device{};
  device.size = sizeof(device);
  device.kind = ATTN_DEVICE_CPU;
  device.name = "cpu";
  device.max_workers = std::max(max_workers, 1U);
  return device;
}

}  // namespace cfgtool::attention
