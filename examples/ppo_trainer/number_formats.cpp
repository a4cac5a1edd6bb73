#include "number_formats.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "attention_plugins/abi/attention_problem.h"
#include "attention_plugins/host/names.hpp"

namespace ppo_trainer {

namespace {

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

}  // namespace

void pack(const float* values, size_t count, int32_t dtype, std::byte* bytes) {
  if (dtype == ATTN_DTYPE_F32) {
    std::memcpy(bytes, values, count * sizeof(float));
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    const uint16_t bits = dtype == ATTN_DTYPE_BF16 ? bf16_from_float(values[i]) : fp16_from_float(values[i]);
    std::memcpy(bytes + 2 * i, &bits, 2);
  }
}

void unpack(const std::byte* bytes, size_t count, int32_t dtype, float* values) {
  if (dtype == ATTN_DTYPE_F32) {
    std::memcpy(values, bytes, count * sizeof(float));
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes + 2 * i, 2);
    values[i] = dtype == ATTN_DTYPE_BF16 ? float_from_bf16(bits) : float_from_fp16(bits);
  }
}

Floats rounded(const Floats& values, int32_t dtype) {
  Bytes bytes(values.size() * static_cast<size_t>(cfgtool::attention::dtype_bytes(dtype)));
  Floats result(values.size());
  pack(values.data(), values.size(), dtype, bytes.data());
  unpack(bytes.data(), values.size(), dtype, result.data());
  return result;
}

}  // namespace ppo_trainer
