/// \file
/// Reading and writing rows of a tensor of any type as fp32, and the two vector operations that attention is made of.
#pragma once

#include <cstdint>
#include <cstring>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/geometry/float_formats.hpp"

namespace cfgtool::attention::geometry {

CFGTOOL_HOST_DEVICE inline float load(const void* data, int32_t dtype, int64_t index) {
  if (dtype == ATTN_DTYPE_F32) return static_cast<const float*>(data)[index];
  const uint16_t bits = static_cast<const uint16_t*>(data)[index];
  return dtype == ATTN_DTYPE_F16 ? float_from_fp16(bits) : float_from_bf16(bits);
}

CFGTOOL_HOST_DEVICE inline void store(void* data, int32_t dtype, int64_t index, float value) {
  if (dtype == ATTN_DTYPE_F32) {
    static_cast<float*>(data)[index] = value;
  } else {
    static_cast<uint16_t*>(data)[index] = dtype == ATTN_DTYPE_F16 ? fp16_from_float(value) : bf16_from_float(value);
  }
}

/// A tensor [batch, heads, sequence, head_dim] with head_dim stride 1.
template <typename Void>
struct Rows {
  Void* data;
  int32_t dtype;
  const int64_t* stride;
  int64_t head_dim;

  int64_t offset(int64_t batch, int64_t head, int64_t row) const {
    return batch * stride[0] + head * stride[1] + row * stride[2];
  }
};

inline void load_row(const Rows<const void>& rows, int64_t batch, int64_t head, int64_t row, float* values) {
  const int64_t start = rows.offset(batch, head, row);
  if (rows.dtype == ATTN_DTYPE_F32) {
    std::memcpy(values, static_cast<const float*>(rows.data) + start,
                static_cast<size_t>(rows.head_dim) * sizeof(float));
    return;
  }
  for (int64_t d = 0; d < rows.head_dim; ++d)
    values[d] = load(rows.data, rows.dtype, start + d);
}

inline void store_row(const Rows<void>& rows, int64_t batch, int64_t head, int64_t row, const float* values,
                      float factor) {
  const int64_t start = rows.offset(batch, head, row);
  for (int64_t d = 0; d < rows.head_dim; ++d)
    store(rows.data, rows.dtype, start + d, values[d] * factor);
}

/// Eight sums side by side, which the compiler can keep in vector registers without changing the order of additions.
inline float dot(const float* a, const float* b, int64_t count) {
  constexpr int64_t kLanes = 8;
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += a[i + lane] * b[i + lane];
  for (int64_t lane = 0; i < count; ++i, ++lane)
    sums[lane] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// sum += factor * row
inline void add_scaled(float* sum, float factor, const float* row, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    sum[i] += factor * row[i];
}

}  // namespace cfgtool::attention::geometry
