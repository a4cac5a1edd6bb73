#include "attention_plugins/geometry/geometry.hpp"

#include <algorithm>

namespace cfgtool::attention::geometry {

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

KeyRange Geometry::visible_keys(const Sequence& sequence, int64_t first, int64_t count) const {
  KeyRange all{0, 0};
  for (int64_t row = first; row < first + count; ++row) {
    const KeyRange keys = visible_keys(sequence, row);
    if (keys.is_empty()) continue;
    all = all.is_empty() ? keys : KeyRange{std::min(all.begin, keys.begin), std::max(all.end, keys.end)};
  }
  return all;
}

int64_t Geometry::row_count() const {
  return problem.heads_q * (problem.varlen == ATTN_VARLEN_PACKED ? problem.total_q : problem.batch * problem.seq_q);
}

}  // namespace cfgtool::attention::geometry
