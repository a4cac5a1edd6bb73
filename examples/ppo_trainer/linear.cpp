#include "linear.hpp"

#include <algorithm>
#include <cstring>

// One program for all processors: the loader takes the copy of multiply_rows that fits the one it runs on. The
// sanitizers' start-up code does not stand such a choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define PPO_FOR_EACH_PROCESSOR [[gnu::target_clones("default", "arch=x86-64-v3")]]
#else
#define PPO_FOR_EACH_PROCESSOR
#endif

namespace ppo_trainer {

namespace {

using Vector = float __attribute__((vector_size(32)));
constexpr int64_t kWidth = 8;
constexpr int64_t kTileRows = 4;

/// kRows x (kVectors * 8) elements of c, whose sums stay in registers.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void vector_tile(int64_t inner, const MatrixView& a, const float* b, int64_t columns,
                                               float* c, Into into) {
  Vector sums[kRows][kVectors] = {};
  for (int64_t k = 0; k < inner; ++k) {
    Vector row[kVectors];
    std::memcpy(row, b + k * columns, sizeof(row));
    for (int r = 0; r < kRows; ++r) {
      const float factor = a.data[r * a.row_stride + k * a.column_stride];
      for (int v = 0; v < kVectors; ++v)
        sums[r][v] += factor * row[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    Vector old[kVectors] = {};
    if (into == Into::kAdd) std::memcpy(old, c + r * columns, sizeof(old));
    for (int v = 0; v < kVectors; ++v)
      old[v] += sums[r][v];
    std::memcpy(c + r * columns, old, sizeof(old));
  }
}

template <int kRows>
[[gnu::always_inline]] inline void row_tile(int64_t inner, int64_t columns, const MatrixView& a, const float* b,
                                            float* c, Into into) {
  int64_t j = 0;
  for (; j + 2 * kWidth <= columns; j += 2 * kWidth)
    vector_tile<kRows, 2>(inner, a, b + j, columns, c + j, into);
  for (; j + kWidth <= columns; j += kWidth)
    vector_tile<kRows, 1>(inner, a, b + j, columns, c + j, into);
  for (; j < columns; ++j) {
    for (int r = 0; r < kRows; ++r) {
      float sum = 0;
      for (int64_t k = 0; k < inner; ++k)
        sum += a.data[r * a.row_stride + k * a.column_stride] * b[k * columns + j];
      c[r * columns + j] = into == Into::kAdd ? c[r * columns + j] + sum : sum;
    }
  }
}

PPO_FOR_EACH_PROCESSOR
void multiply_rows(int64_t rows, int64_t inner, int64_t columns, const MatrixView& all_a, const float* b, float* c,
                   Into into) {
  int64_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows) {
    const MatrixView a{all_a.data + i * all_a.row_stride, all_a.row_stride, all_a.column_stride};
    row_tile<kTileRows>(inner, columns, a, b, c + i * columns, into);
  }
  for (; i < rows; ++i) {
    const MatrixView a{all_a.data + i * all_a.row_stride, all_a.row_stride, all_a.column_stride};
    row_tile<1>(inner, columns, a, b, c + i * columns, into);
  }
}

Floats transposed(const Floats& matrix, int64_t rows, int64_t columns) {
  Floats result(matrix.size());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j)
      result[static_cast<size_t>(j * rows + i)] = matrix[static_cast<size_t>(i * columns + j)];
  }
  return result;
}

}  // namespace

void multiply(ThreadPool& pool, int64_t rows, int64_t inner, int64_t columns, const MatrixView& a, const float* b,
              float* c, Into into) {
  // Waking a thread takes as long as some hundred thousand products.
  constexpr int64_t kWorthAThread = 1 << 19;
  const int64_t wanted = std::min<int64_t>(2 * pool.worker_count(), rows * inner * columns / kWorthAThread);
  if (pool.worker_count() == 1 || wanted < 2) {
    multiply_rows(rows, inner, columns, a, b, c, into);
    return;
  }
  // Whole tiles for each chunk: an element's sum is then the same one as without threads.
  const int64_t chunk = (rows + wanted * kTileRows - 1) / (wanted * kTileRows) * kTileRows;
  pool.parallel_for(static_cast<uint64_t>((rows + chunk - 1) / chunk), [&](uint64_t index, uint32_t) {
    const int64_t begin = static_cast<int64_t>(index) * chunk;
    const MatrixView part{a.data + begin * a.row_stride, a.row_stride, a.column_stride};
    multiply_rows(std::min(chunk, rows - begin), inner, columns, part, b, c + begin * columns, into);
  });
}

Floats linear_forward(ThreadPool& pool, const Floats& x, const Floats& weight, int64_t inputs, int64_t outputs) {
  const int64_t rows = static_cast<int64_t>(x.size()) / inputs;
  Floats y(static_cast<size_t>(rows * outputs));
  multiply(pool, rows, inputs, outputs, {x.data(), inputs, 1}, weight.data(), y.data(), Into::kReplace);
  return y;
}

Floats linear_backward(ThreadPool& pool, const Floats& x, const Floats& weight, const Floats& d_y, int64_t inputs,
                       int64_t outputs, Floats& d_weight) {
  const int64_t rows = static_cast<int64_t>(x.size()) / inputs;
  multiply(pool, inputs, rows, outputs, {x.data(), 1, inputs}, d_y.data(), d_weight.data(), Into::kAdd);
  Floats d_x(x.size());
  const Floats across = transposed(weight, inputs, outputs);
  multiply(pool, rows, outputs, inputs, {d_y.data(), outputs, 1}, across.data(), d_x.data(), Into::kReplace);
  return d_x;
}

}  // namespace ppo_trainer
