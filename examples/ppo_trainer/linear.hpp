/// \file
/// Matrix products of plain floats on a pool's threads, and linear layers with their backward pass. Results depend
/// neither on the number of threads nor on their order.
#pragma once

#include <cstdint>

#include "attention_plugins/host/executor.hpp"
#include "number_formats.hpp"

namespace ppo_trainer {

using cfgtool::attention::ThreadPool;

/// Element (i, j) is data[i * row_stride + j * column_stride].
struct MatrixView {
  const float* data = nullptr;
  int64_t row_stride = 0;
  int64_t column_stride = 1;
};

enum class Into : uint8_t { kReplace, kAdd };

/// c = a b or c += a b; `a` is rows x inner, `b` inner x columns and `c` rows x columns, both contiguous by rows.
void multiply(ThreadPool& pool, int64_t rows, int64_t inner, int64_t columns, const MatrixView& a, const float* b,
              float* c, Into into);

/// y = x W, with x [rows, inputs], W [inputs, outputs] and y [rows, outputs].
Floats linear_forward(ThreadPool& pool, const Floats& x, const Floats& weight, int64_t inputs, int64_t outputs);

/// Adds to the weight's gradient and returns that of x.
Floats linear_backward(ThreadPool& pool, const Floats& x, const Floats& weight, const Floats& d_y, int64_t inputs,
                       int64_t outputs, Floats& d_weight);

}  // namespace ppo_trainer
