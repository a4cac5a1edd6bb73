#include "attention_plugins/cpu_common/geometry.hpp"

#include <algorithm>

namespace cfgtool::attention::cpu {

namespace {

/// `bound` is -1 or a distance; one that exceeds all lengths is made small enough to be added to positions.
int64_t clamped_bound(int64_t bound) {
  constexpr int64_t kBeyondAll = int64_t{1} << 40;
  return bound > kBeyondAll ? kBeyondAll : bound;
}

}  // namespace

Geometry::Geometry(const attn_problem& given) : problem(given) {
  problem.size = sizeof(problem);
  problem.window_left = clamped_bound(given.window_left);
  problem.window_right = clamped_bound(given.window_right);
}

Sequence Geometry::sequence(int64_t batch, const attn_extras& extras) const {
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

int64_t Geometry::aligned_position(const Sequence& sequence, int64_t row) const {
  return problem.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? row + sequence.kv_count - sequence.q_count : row;
}

KeyRange Geometry::visible_keys(const Sequence& sequence, int64_t row) const {
  if (row >= sequence.q_count) return {0, 0};
  const int64_t position = aligned_position(sequence, row);
  int64_t begin = 0;
  int64_t end = sequence.kv_count;
  if (problem.window_left >= 0) begin = std::max(begin, position - problem.window_left);
  if (problem.window_right >= 0) end = std::min(end, position + problem.window_right + 1);
  if (begin >= end) return {0, 0};
  return {begin, end};
}

KeyRange Geometry::visible_keys(const Sequence& sequence, int64_t first, int64_t count) const {
  KeyRange all{0, 0};
  for (int64_t row = first; row < first + count; ++row) {
    const KeyRange keys = visible_keys(sequence, row);
    if (keys.is_empty()) continue;
    all = all.is_empty() ? keys : KeyRange{std::min(all.begin, keys.begin), std::max(all.end, keys.end)};
  }
  return all;
}

int64_t Geometry::row_index(const Sequence& sequence, int64_t head, int64_t row) const {
  if (problem.varlen == ATTN_VARLEN_PACKED) return head * problem.total_q + sequence.q_begin + row;
  return (sequence.batch * problem.heads_q + head) * problem.seq_q + row;
}

int64_t Geometry::row_count() const {
  return problem.heads_q * (problem.varlen == ATTN_VARLEN_PACKED ? problem.total_q : problem.batch * problem.seq_q);
}

}  // namespace cfgtool::attention::cpu
