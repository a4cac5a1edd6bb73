#include "kernel_run.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "attention_plugins/host/names.hpp"

namespace ppo_trainer {

namespace {

namespace attention = cfgtool::attention;
using attention::ConstTensor;
using attention::Dims;
using attention::Tensor;

uint16_t bf16_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40U);
  return static_cast<uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);  // to the nearest, ties to even
}

float float_from_bf16(uint16_t bits) {
  return std::bit_cast<float>(uint32_t{bits} << 16);
}

uint16_t fp16_from_float(float value) {
  const uint32_t sign = std::signbit(value) ? 0x8000U : 0U;
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00U);
  if (magnitude >= 65520.0F) return static_cast<uint16_t>(sign | 0x7c00U);
  // Subnormal numbers have the exponent of the smallest normal ones.
  const int exponent = std::max(magnitude == 0.0F ? -14 : std::ilogb(magnitude), -14);
  const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
  return static_cast<uint16_t>(sign | ((static_cast<uint32_t>(exponent + 14) << 10) + units));
}

float float_from_fp16(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f;
  const auto fraction = static_cast<float>(bits & 0x3ff);
  float magnitude = std::ldexp(exponent == 0 ? fraction : fraction + 1024.0F, std::max(exponent, 1) - 25);
  if (exponent == 0x1f) {
    magnitude = fraction == 0.0F ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

/// Memory as a kernel reads and writes it.
class Buffer {
 public:
  Buffer(const Dims& size, const int64_t (&stride)[4], int32_t dtype) : size_(size), dtype_(dtype) {
    std::copy(std::begin(stride), std::end(stride), stride_.begin());
    count_ = static_cast<size_t>(size[0] * size[1] * size[2] * size[3]);
    bytes_.resize(count_ * static_cast<size_t>(attention::dtype_bytes(dtype)));
  }
  Buffer(const Dims& size, const int64_t (&stride)[4], int32_t dtype, const Floats& values)
      : Buffer(size, stride, dtype) {
    assert(values.size() == count_);
    store(values);
  }

  Tensor writable() { return {bytes_.data(), dtype_, size_, stride_}; }
  ConstTensor readable() const { return {bytes_.data(), dtype_, size_, stride_}; }

  Floats load() const {
    Floats values(count_);
    if (dtype_ == ATTN_DTYPE_F32) {
      std::memcpy(values.data(), bytes_.data(), bytes_.size());
      return values;
    }
    for (size_t i = 0; i < count_; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, bytes_.data() + 2 * i, 2);
      values[i] = dtype_ == ATTN_DTYPE_BF16 ? float_from_bf16(bits) : float_from_fp16(bits);
    }
    return values;
  }

 private:
  void store(const Floats& values) {
    if (dtype_ == ATTN_DTYPE_F32) {
      std::memcpy(bytes_.data(), values.data(), bytes_.size());
      return;
    }
    for (size_t i = 0; i < count_; ++i) {
      const uint16_t bits = dtype_ == ATTN_DTYPE_BF16 ? bf16_from_float(values[i]) : fp16_from_float(values[i]);
      std::memcpy(bytes_.data() + 2 * i, &bits, 2);
    }
  }

  Dims size_;
  Dims stride_{};
  int32_t dtype_;
  size_t count_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace

Floats rounded(const Floats& values, int32_t dtype) {
  const auto count = static_cast<int64_t>(values.size());
  const int64_t stride[4] = {count, count, count, 1};
  return Buffer({1, 1, 1, count}, stride, dtype, values).load();
}

KernelRun::KernelRun(const attention::Candidate& chosen, const attn_problem& problem,
                     std::shared_ptr<attention::ThreadPool> pool)
    : problem_(problem), kernel_(chosen.plugin, chosen.implementation, problem, std::move(pool)) {}

Forward KernelRun::forward(const Inputs& inputs) {
  const attn_problem& p = problem_;
  const Buffer query(attention::query_size(p), p.query_stride, p.dtype, inputs.query);
  const Buffer key(attention::key_size(p), p.key_stride, p.dtype, inputs.key);
  const Buffer value(attention::value_size(p), p.value_stride, p.dtype, inputs.value);
  Buffer output(attention::output_size(p), p.output_stride, p.dtype);
  Forward result;
  if ((p.passes & ATTN_PASS_LSE) != 0) result.lse.resize(static_cast<size_t>(attention::lse_count(p)));
  float* lse = result.lse.empty() ? nullptr : result.lse.data();
  kernel_.forward({query.readable(), key.readable(), value.readable(), output.writable(), lse});
  result.output = output.load();
  return result;
}

Gradients KernelRun::backward(const Inputs& inputs, const Forward& forward, const Floats& d_output) {
  const attn_problem& p = problem_;
  const Buffer query(attention::query_size(p), p.query_stride, p.dtype, inputs.query);
  const Buffer key(attention::key_size(p), p.key_stride, p.dtype, inputs.key);
  const Buffer value(attention::value_size(p), p.value_stride, p.dtype, inputs.value);
  const Buffer output(attention::output_size(p), p.output_stride, p.dtype, forward.output);
  const Buffer d_out(attention::output_size(p), p.d_output_stride, p.dtype, d_output);
  Buffer d_query(attention::query_size(p), p.d_query_stride, p.dtype);
  Buffer d_key(attention::key_size(p), p.d_key_stride, p.dtype);
  Buffer d_value(attention::value_size(p), p.d_value_stride, p.dtype);
  kernel_.backward({query.readable(), key.readable(), value.readable(), output.readable(), forward.lse.data(),
                    d_out.readable(), d_query.writable(), d_key.writable(), d_value.writable()});
  return {d_query.load(), d_key.load(), d_value.load()};
}

}  // namespace ppo_trainer
