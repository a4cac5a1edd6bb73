/// \file
/// fp16 and bf16 from and to fp32, by their bits: the same on every processor. To the nearest, ties to even;
/// infinities and subnormals as IEEE 754 has them, a NaN stays a NaN.
#pragma once

#include <bit>
#include <cstdint>

#include "attention_plugins/geometry/host_device.hpp"

namespace cfgtool::attention::geometry {

CFGTOOL_HOST_DEVICE inline float float_from_bf16(uint16_t bits) {
  return std::bit_cast<float>(uint32_t{bits} << 16);
}

CFGTOOL_HOST_DEVICE inline uint16_t bf16_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  constexpr uint32_t kInfinity = 0x7f800000;
  if ((bits & 0x7fffffffU) > kInfinity) return static_cast<uint16_t>((bits >> 16) | 0x40U);  // quiet, and not infinity
  return static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

CFGTOOL_HOST_DEVICE inline float float_from_fp16(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1fU;
  const uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (fraction << 13));
  // Zero and subnormals count in units of 2^-24.
  const auto magnitude = std::bit_cast<uint32_t>(static_cast<float>(fraction) * 0x1p-24F);
  return std::bit_cast<float>(sign | magnitude);
}

CFGTOOL_HOST_DEVICE inline uint16_t fp16_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000U;
  const uint32_t magnitude = bits & 0x7fffffffU;
  constexpr uint32_t kInfinity = 0x7f800000;
  constexpr uint32_t kRoundsToInfinity = 0x477ff000;  // 65520, halfway between 65504 and 2^16
  constexpr uint32_t kSmallestNormal = 0x38800000;    // 2^-14
  constexpr uint32_t kRoundsToZero = 0x33000000;      // 2^-25, halfway between 0 and 2^-24
  if (magnitude > kInfinity) return static_cast<uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
  if (magnitude >= kRoundsToInfinity) return static_cast<uint16_t>(sign | 0x7c00U);
  if (magnitude >= kSmallestNormal) {
    const uint32_t rounded = magnitude + 0xfffU + ((magnitude >> 13) & 1U);
    return static_cast<uint16_t>(sign | ((rounded - (112U << 23)) >> 13));
  }
  if (magnitude <= kRoundsToZero) return static_cast<uint16_t>(sign);
  const uint32_t shift = 126U - (magnitude >> 23);  // 14 to 24: to units of 2^-24
  const uint32_t significand = (magnitude & 0x7fffffU) | 0x800000U;
  const uint32_t whole = significand >> shift;
  const uint32_t rest = significand & ((1U << shift) - 1U);
  const uint32_t half = 1U << (shift - 1U);
  const bool up = rest > half || (rest == half && (whole & 1U) != 0);
  return static_cast<uint16_t>(sign | (whole + (up ? 1U : 0U)));
}

}  // namespace cfgtool::attention::geometry
