/// \file
/// Where the rows and keys of an attention problem lie, and which keys a row sees.
#pragma once

#include <algorithm>
#include <cstdint>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/geometry/host_device.hpp"

namespace cfgtool::attention::geometry {

/// Keys [begin, end); begin <= end.
struct KeyRange {
  int64_t begin;
  int64_t end;
  CFGTOOL_HOST_DEVICE bool contains(int64_t key) const { return begin <= key && key < end; }
  CFGTOOL_HOST_DEVICE bool is_empty() const { return begin == end; }
};

/// Where one sequence of the batch lies.
struct Sequence {
  int64_t batch;         ///< its number
  int64_t tensor_batch;  ///< the batch index in tensors: 0 when packed
  int64_t q_begin, q_count;
  int64_t kv_begin, kv_count;
};

struct Geometry {
  attn_problem problem;

  /// \param given may have window bounds so large that they cannot be added to positions
  explicit Geometry(const attn_problem& given);

  CFGTOOL_HOST_DEVICE Sequence sequence(int64_t batch, const attn_extras& extras) const;

  /// The position on the key axis that a row faces.
  CFGTOOL_HOST_DEVICE int64_t aligned_position(const Sequence& sequence, int64_t row) const;
  /// {0, 0} for an empty row, and for one behind the sequence's end.
  CFGTOOL_HOST_DEVICE KeyRange visible_keys(const Sequence& sequence, int64_t row) const;
  /// Of any of the rows [first, first + count).
  KeyRange visible_keys(const Sequence& sequence, int64_t first, int64_t count) const;

  /// Rows that the outputs have for a sequence: packed, there is nothing behind its end; otherwise the tail has rows,
  /// which must be written too.
  CFGTOOL_HOST_DEVICE int64_t output_rows(const Sequence& sequence) const {
    return problem.varlen == ATTN_VARLEN_PACKED ? sequence.q_count : problem.seq_q;
  }
  /// The same of the keys' gradients.
  CFGTOOL_HOST_DEVICE int64_t output_keys(const Sequence& sequence) const {
    return problem.varlen == ATTN_VARLEN_PACKED ? sequence.kv_count : problem.seq_kv;
  }

  /// Into lse and into what the backward pass keeps of each row.
  CFGTOOL_HOST_DEVICE int64_t row_index(const Sequence& sequence, int64_t head, int64_t row) const;
  int64_t row_count() const;

  CFGTOOL_HOST_DEVICE int64_t group_size() const {
    return problem.heads_q / problem.heads_kv;
  }  ///< query heads of one key head
  CFGTOOL_HOST_DEVICE int64_t kv_head(int64_t head) const { return head / group_size(); }
};

inline Sequence Geometry::sequence(int64_t batch, const attn_extras& extras) const {
  switch (problem.varlen) {
    case ATTN_VARLEN_PADDED:
      return {batch, batch, 0, extras.lengths_q[batch], 0, extras.lengths_kv[batch]};
    case ATTN_VARLEN_PACKED: {
      const int64_t q_begin = extras.offsets_q[batch];
      const int64_t kv_begin = extras.offsets_kv[batch];
      return {
          batch, 0, q_begin, extras.offsets_q[batch + 1] - q_begin, kv_begin, extras.offsets_kv[batch + 1] - kv_begin};
    }
    default:
      return {batch, batch, 0, problem.seq_q, 0, problem.seq_kv};
  }
}

inline int64_t Geometry::aligned_position(const Sequence& sequence, int64_t row) const {
  return problem.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? row + sequence.kv_count - sequence.q_count : row;
}

inline KeyRange Geometry::visible_keys(const Sequence& sequence, int64_t row) const {
  if (row >= sequence.q_count) return {0, 0};
  const int64_t position = aligned_position(sequence, row);
  int64_t begin = 0;
  int64_t end = sequence.kv_count;
  if (problem.window_left >= 0) begin = std::max(begin, position - problem.window_left);
  if (problem.window_right >= 0) end = std::min(end, position + problem.window_right + 1);
  if (begin >= end) return {0, 0};
  return {begin, end};
}

inline int64_t Geometry::row_index(const Sequence& sequence, int64_t head, int64_t row) const {
  if (problem.varlen == ATTN_VARLEN_PACKED) return head * problem.total_q + sequence.q_begin + row;
  return (sequence.batch * problem.heads_q + head) * problem.seq_q + row;
}

/// Asks `executor` to run function(index, worker) for each index in [0, count).
template <typename Function>
void parallel_for(const attn_executor& executor, int64_t count, const Function& function) {
  const auto task = [](void* context, uint64_t index, uint32_t worker) {
    (*static_cast<const Function*>(context))(static_cast<int64_t>(index), worker);
  };
  // The interface hands the context back unchanged; nothing is written through it.
  executor.parallel_for(executor.context, static_cast<uint64_t>(count), task, const_cast<Function*>(&function));
}

}  // namespace cfgtool::attention::geometry
