/// \file
/// The small kernels around cuDNN's: what variable lengths need before it, and what the interface promises for rows and
/// keys that see nothing after it. Each only queues work on the stream, and returns CUDA's error (0: none).
#pragma once

#include <cstdint>

#include "attention_plugins/cudnn/sequences.hpp"

namespace cfgtool::attention::cudnn {

/// A tensor [batch, heads, rows, head_dim] of 2-byte elements. Strides in elements; that of the head dimension is 1.
struct RowTensor {
  void* data = nullptr;
  int64_t stride[3] = {0, 0, 0};
  int64_t heads = 0;
  int64_t head_dim = 0;
  bool is_key = false;  ///< its rows are keys
};

/// PACKED: the int32 lengths of the sequences, if `lengths` is not null, and int64 element offsets: offsets * stride.
struct PackedOffsets {
  const int32_t* offsets = nullptr;                   ///< [batch + 1]
  int32_t* lengths = nullptr;                         ///< [batch]
  int64_t* results[3] = {nullptr, nullptr, nullptr};  ///< [batch + 1] each; null: none
  int64_t stride[3] = {0, 0, 0};
};
int queue_packed_offsets(const PackedOffsets& packed, int64_t batch, void* stream);

/// PADDED: a copy whose rows behind the sequences' ends are 0, since what lies there may be anything.
int queue_copy_without_tails(const Sequences& sequences, const RowTensor& from, const RowTensor& to, void* stream);

/// Rows that see nothing, and keys that nothing sees, become 0. With `lse`, the log-sum-exp of such rows becomes -inf;
/// that of the others is taken from `stats` if it is not null (packed, in rows).
int queue_clear_empty(const Sequences& sequences, const RowTensor& tensor, const float* stats, float* lse,
                      void* stream);

/// The backward pass's copy of the log-sum-exp, as cuDNN keeps it, with +inf where a row is empty.
/// \param in_rows packed, in rows of heads; else contiguous [batch, heads_q, seq_q]
int queue_stats(const Sequences& sequences, const float* lse, bool in_rows, float* stats, void* stream);

/// Zeros in a tensor of 2-byte or 4-byte elements, of whose dimensions those with stride 0 are one element.
int queue_zeros(void* data, int64_t element_bytes, const int64_t (&size)[4], const int64_t (&stride)[4], void* stream);

}  // namespace cfgtool::attention::cudnn
