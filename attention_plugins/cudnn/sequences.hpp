/// \file
/// Where the sequences of a problem begin and end, and which rows and keys of them see nothing: for one element at a
/// time, on the CPU (for tests) and in kernels alike.
#pragma once

#include <cstdint>

#include "attention_plugins/abi/attention_plugin.h"

#ifdef __CUDACC__
#define CUDNN_HOST_DEVICE __host__ __device__
#else
#define CUDNN_HOST_DEVICE
#endif

namespace cfgtool::attention::cudnn {

/// The sizes and masks of a problem, and the lengths of one run in device memory.
struct Sequences {
  int64_t batch = 0, heads_q = 0, heads_kv = 0, seq_q = 0, seq_kv = 0, total_q = 0, total_kv = 0;
  int64_t window_left = -1, window_right = -1;
  int32_t diagonal = 0, varlen = 0;
  const int32_t *lengths_q = nullptr, *lengths_kv = nullptr;  ///< PADDED
  const int32_t *offsets_q = nullptr, *offsets_kv = nullptr;  ///< PACKED
  const void* bias = nullptr;                                 ///< ADDITIVE
  int32_t bias_dtype = 0;
  int64_t bias_stride[4] = {0, 0, 0, 0};
};

/// [begin, end); empty if end <= begin.
struct Range {
  int64_t begin = 0, end = 0;
};

CUDNN_HOST_DEVICE inline int64_t length_q(const Sequences& s, int64_t b) {
  if (s.varlen == ATTN_VARLEN_PADDED) return s.lengths_q[b];
  return s.varlen == ATTN_VARLEN_PACKED ? s.offsets_q[b + 1] - s.offsets_q[b] : s.seq_q;
}

CUDNN_HOST_DEVICE inline int64_t length_kv(const Sequences& s, int64_t b) {
  if (s.varlen == ATTN_VARLEN_PADDED) return s.lengths_kv[b];
  return s.varlen == ATTN_VARLEN_PACKED ? s.offsets_kv[b + 1] - s.offsets_kv[b] : s.seq_kv;
}

/// The keys that row `row` of sequence `b` sees, by the window. None if the row lies behind the sequence's end.
CUDNN_HOST_DEVICE inline Range visible_keys(const Sequences& s, int64_t b, int64_t row) {
  const int64_t rows = length_q(s, b), keys = length_kv(s, b);
  if (row >= rows) return {};
  const int64_t p = s.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? row + keys - rows : row;
  Range range{0, keys};
  if (s.window_left >= 0 && p - s.window_left > 0) range.begin = p - s.window_left;
  if (s.window_right >= 0 && p + s.window_right + 1 < keys) range.end = p + s.window_right + 1;
  return range;
}

/// The rows that see key `key` of sequence `b`, by the window. None if the key lies behind the sequence's end.
CUDNN_HOST_DEVICE inline Range seeing_rows(const Sequences& s, int64_t b, int64_t key) {
  const int64_t rows = length_q(s, b), keys = length_kv(s, b);
  if (key >= keys) return {};
  const int64_t shift = s.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? keys - rows : 0;
  Range range{0, rows};
  if (s.window_right >= 0 && key - s.window_right - shift > 0) range.begin = key - s.window_right - shift;
  if (s.window_left >= 0 && key + s.window_left - shift + 1 < rows) range.end = key + s.window_left - shift + 1;
  return range;
}

CUDNN_HOST_DEVICE inline bool is_minus_infinity(const void* numbers, int32_t dtype, int64_t index) {
  if (dtype == ATTN_DTYPE_F32) return static_cast<const uint32_t*>(numbers)[index] == 0xff800000U;
  const uint32_t bits = static_cast<const uint16_t*>(numbers)[index];
  return bits == (dtype == ATTN_DTYPE_F16 ? 0xfc00U : 0xff80U);
}

/// Whether a row sees no key, or only keys with a bias of -inf.
CUDNN_HOST_DEVICE inline bool is_empty_row(const Sequences& s, int64_t b, int64_t head, int64_t row) {
  const Range keys = visible_keys(s, b, row);
  if (s.bias == nullptr) return keys.end <= keys.begin;
  const int64_t first = b * s.bias_stride[0] + head * s.bias_stride[1] + row * s.bias_stride[2];
  for (int64_t key = keys.begin; key < keys.end; ++key)
    if (!is_minus_infinity(s.bias, s.bias_dtype, first + key * s.bias_stride[3])) return false;
  return true;
}

CUDNN_HOST_DEVICE inline bool is_unseen_key(const Sequences& s, int64_t b, int64_t key) {
  const Range rows = seeing_rows(s, b, key);
  return rows.end <= rows.begin;
}

/// A row or a key of a tensor: its sequence, its number there, and the number by which a tensor's strides reach it.
struct Place {
  int64_t batch = 0;  ///< of the tensor: 0 if packed
  int64_t sequence = 0;
  int64_t index = 0;  ///< within the sequence
  int64_t row = 0;    ///< of the tensor
};

/// The place of row `i` of all rows of one head: batch * seq_q or total_q of them (seq_kv, total_kv with keys).
CUDNN_HOST_DEVICE inline Place place_of(const Sequences& s, bool is_key, int64_t i) {
  if (s.varlen != ATTN_VARLEN_PACKED) {
    const int64_t length = is_key ? s.seq_kv : s.seq_q;
    return {i / length, i / length, i % length, i % length};
  }
  const int32_t* offsets = is_key ? s.offsets_kv : s.offsets_q;
  int64_t low = 0, high = s.batch;  // the last sequence that begins at or before i: of several there, the one with rows
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    if (offsets[middle] <= i)
      low = middle;
    else
      high = middle;
  }
  return {0, low, i - offsets[low], i};
}

CUDNN_HOST_DEVICE inline int64_t rows_per_head(const Sequences& s, bool is_key) {
  if (s.varlen == ATTN_VARLEN_PACKED) return is_key ? s.total_kv : s.total_q;
  return s.batch * (is_key ? s.seq_kv : s.seq_q);
}

/// Where the interface keeps the log-sum-exp of a row: [batch, heads_q, seq_q], or [heads_q, total_q] if packed.
CUDNN_HOST_DEVICE inline int64_t lse_index(const Sequences& s, const Place& place, int64_t head) {
  return s.varlen == ATTN_VARLEN_PACKED ? head * s.total_q + place.row
                                        : (place.batch * s.heads_q + head) * s.seq_q + place.row;
}

/// Where cuDNN keeps it: packed sequences in rows of heads, or each padded to seq_q (graph.hpp, kStats).
CUDNN_HOST_DEVICE inline int64_t stats_index(const Sequences& s, bool in_rows, const Place& place, int64_t head) {
  return in_rows ? place.row * s.heads_q + head : (place.sequence * s.heads_q + head) * s.seq_q + place.index;
}

}  // namespace cfgtool::attention::cudnn
