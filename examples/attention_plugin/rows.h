/**
 * \file
 * Rows of fp32, fp16 and bf16 tensors from and to fp32. To the nearest, ties to even, as the formats' standards say.
 */
#ifndef BLOCK_SPARSE_ROWS_H
#define BLOCK_SPARSE_ROWS_H

#include <stdint.h>
#include <string.h>

#include "attention_plugins/abi/attention_plugin.h"

static inline float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

static inline uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static inline float float_from_fp16(uint16_t half) {
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t rest = half & 0x7fffu;
  if (rest >= 0x7c00u) return float_from_bits(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
  /* 2^112 corrects the exponent, of numbers too small for a leading 1 too. */
  return float_from_bits(sign | bits_of_float(float_from_bits(rest << 13) * 0x1p112f));
}

static inline uint16_t fp16_from_float(float value) {
  const uint32_t bits = bits_of_float(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);  /* not a number */
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* from 65520 on, the nearest is infinity */
  if (magnitude < 0x38800000u) {
    /* Below 2^-14 numbers are multiples of 2^-24, which is the distance of floats next to 0.5: the sum rounds. */
    const float sum = float_from_bits(magnitude) + 0.5f;
    return (uint16_t)(sign | (bits_of_float(sum) - bits_of_float(0.5f)));
  }
  return (uint16_t)(sign | (magnitude + 0xfffu + (magnitude >> 13 & 1u) - (112u << 23)) >> 13);
}

static inline float float_from_bf16(uint16_t half) {
  return float_from_bits((uint32_t)half << 16);
}

static inline uint16_t bf16_from_float(float value) {
  const uint32_t bits = bits_of_float(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u); /* stays no number */
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/** Where a row begins, in elements. The host has checked that the elements of a row lie side by side. */
static inline int64_t row_at(const int64_t* stride, int64_t batch, int64_t head, int64_t row) {
  return batch * stride[0] + head * stride[1] + row * stride[2];
}

/** values[i * step] = element i of the row that begins at element `at`. */
static inline void load_row(const void* tensor, int32_t dtype, int64_t at, int64_t count, int64_t step, float* values) {
  const float* floats = (const float*)tensor + at;
  const uint16_t* halves = (const uint16_t*)tensor + at;
  if (dtype == ATTN_DTYPE_F32) {
    for (int64_t i = 0; i < count; ++i)
      values[i * step] = floats[i];
  } else if (dtype == ATTN_DTYPE_F16) {
    for (int64_t i = 0; i < count; ++i)
      values[i * step] = float_from_fp16(halves[i]);
  } else {
    for (int64_t i = 0; i < count; ++i)
      values[i * step] = float_from_bf16(halves[i]);
  }
}

/** Element i of the row = factor * values[i]. */
static inline void store_row(void* tensor, int32_t dtype, int64_t at, int64_t count, float factor,
                             const float* values) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = factor * values[i];
    if (dtype == ATTN_DTYPE_F32) {
      ((float*)tensor)[at + i] = value;
    } else {
      ((uint16_t*)tensor)[at + i] = dtype == ATTN_DTYPE_F16 ? fp16_from_float(value) : bf16_from_float(value);
    }
  }
}

#endif
