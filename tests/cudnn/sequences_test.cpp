// Which rows and keys see nothing, and where packed rows lie: against the interface's formulas, one element at a time.
#include "attention_plugins/cudnn/sequences.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "attention_plugins/cudnn/passes.hpp"

using namespace cfgtool::attention::cudnn;

namespace {

/// attention_problem.h: key j is visible to row i with aligned position p if p - left <= j <= p + right.
bool sees(const Sequences& s, int64_t rows, int64_t keys, int64_t i, int64_t j) {
  if (i >= rows || j >= keys) return false;
  const int64_t p = s.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? i + keys - rows : i;
  return (s.window_left < 0 || p - s.window_left <= j) && (s.window_right < 0 || j <= p + s.window_right);
}

void check_against_formula(const Sequences& s, int64_t b, int64_t rows, int64_t keys) {
  for (int64_t i = 0; i < s.seq_q; ++i) {
    bool any = false;
    for (int64_t j = 0; j < s.seq_kv; ++j)
      any = any || sees(s, rows, keys, i, j);
    CHECK(is_empty_row(s, b, 0, i) == !any);
    const Range range = visible_keys(s, b, i);
    for (int64_t j = 0; j < s.seq_kv; ++j)
      CHECK((range.begin <= j && j < range.end) == sees(s, rows, keys, i, j));
  }
  for (int64_t j = 0; j < s.seq_kv; ++j) {
    bool any = false;
    for (int64_t i = 0; i < s.seq_q; ++i)
      any = any || sees(s, rows, keys, i, j);
    CHECK(is_unseen_key(s, b, j) == !any);
  }
}

constexpr int64_t kWindows[][2] = {{-1, -1}, {-1, 0}, {0, 0}, {2, 0}, {2, 3}, {-1, 1}, {0, -1}, {100, 100}};

}  // namespace

TEST_CASE("rows and keys that see nothing, without variable lengths") {
  for (const auto& [rows, keys] : {std::pair<int64_t, int64_t>{5, 5}, {3, 7}, {7, 3}, {1, 6}, {6, 1}})
    for (const auto& window : kWindows)
      for (const int32_t diagonal : {ATTN_DIAGONAL_TOP_LEFT, ATTN_DIAGONAL_BOTTOM_RIGHT}) {
        Sequences s;
        s.batch = s.heads_q = s.heads_kv = 1;
        s.seq_q = rows;
        s.seq_kv = keys;
        s.window_left = window[0];
        s.window_right = window[1];
        s.diagonal = diagonal;
        check_against_formula(s, 0, rows, keys);
      }
}

TEST_CASE("rows and keys that see nothing, padded") {
  const std::vector<int32_t> lengths_q{5, 0, 3, 6}, lengths_kv{4, 7, 0, 7};
  for (const auto& window : kWindows)
    for (const int32_t diagonal : {ATTN_DIAGONAL_TOP_LEFT, ATTN_DIAGONAL_BOTTOM_RIGHT}) {
      Sequences s;
      s.batch = 4;
      s.heads_q = s.heads_kv = 1;
      s.seq_q = 6;
      s.seq_kv = 7;
      s.varlen = ATTN_VARLEN_PADDED;
      s.window_left = window[0];
      s.window_right = window[1];
      s.diagonal = diagonal;
      s.lengths_q = lengths_q.data();
      s.lengths_kv = lengths_kv.data();
      for (int64_t b = 0; b < s.batch; ++b)
        check_against_formula(s, b, lengths_q[static_cast<size_t>(b)], lengths_kv[static_cast<size_t>(b)]);
    }
}

TEST_CASE("a row whose keys all have a bias of -inf is empty") {
  const float infinity = std::numeric_limits<float>::infinity();
  // [batch 1, heads 1, 3, 3]: causal, so that row 1 sees two keys of -inf and not the third, which is finite.
  const std::vector<float> bias{0, 0, 0, -infinity, -infinity, 1, -infinity, -infinity, 2};
  Sequences s;
  s.batch = s.heads_q = s.heads_kv = 1;
  s.seq_q = s.seq_kv = 3;
  s.window_right = 0;
  s.bias = bias.data();
  s.bias_dtype = ATTN_DTYPE_F32;
  s.bias_stride[2] = 3;
  s.bias_stride[3] = 1;
  CHECK(!is_empty_row(s, 0, 0, 0));
  CHECK(is_empty_row(s, 0, 0, 1));
  CHECK(!is_empty_row(s, 0, 0, 2));
}

TEST_CASE("minus infinity in each type, and its neighbours") {
  const float f32[] = {-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::lowest(), std::numeric_limits<float>::quiet_NaN()};
  const uint16_t f16[] = {0xfc00, 0x7c00, 0xfbff, 0xfe00};
  const uint16_t bf16[] = {0xff80, 0x7f80, 0xff7f, 0xffc0};
  for (int64_t i = 0; i < 4; ++i) {
    CHECK(is_minus_infinity(f32, ATTN_DTYPE_F32, i) == (i == 0));
    CHECK(is_minus_infinity(f16, ATTN_DTYPE_F16, i) == (i == 0));
    CHECK(is_minus_infinity(bf16, ATTN_DTYPE_BF16, i) == (i == 0));
  }
}

TEST_CASE("packed rows: their sequence, also with empty ones, and where their log-sum-exp lies") {
  const std::vector<int32_t> offsets{0, 0, 3, 3, 4, 4};
  Sequences s;
  s.batch = 5;
  s.heads_q = 2;
  s.seq_q = s.seq_kv = 3;
  s.total_q = s.total_kv = 4;
  s.varlen = ATTN_VARLEN_PACKED;
  s.offsets_q = s.offsets_kv = offsets.data();
  const int64_t sequence[] = {1, 1, 1, 3}, index[] = {0, 1, 2, 0};
  CHECK(rows_per_head(s, false) == 4);
  for (int64_t row = 0; row < 4; ++row) {
    const Place place = place_of(s, false, row);
    CHECK(place.batch == 0);
    CHECK(place.sequence == sequence[row]);
    CHECK(place.index == index[row]);
    CHECK(place.row == row);
    for (int64_t head = 0; head < 2; ++head) {
      CHECK(lse_index(s, place, head) == head * 4 + row);
      CHECK(stats_index(s, true, place, head) == row * 2 + head);
      CHECK(stats_index(s, false, place, head) == (sequence[row] * 2 + head) * 3 + index[row]);
    }
  }
}

TEST_CASE("rows that are not packed: both keep the log-sum-exp at one place") {
  Sequences s;
  s.batch = 3;
  s.heads_q = 2;
  s.seq_q = 5;
  s.seq_kv = 4;
  CHECK(rows_per_head(s, false) == 15);
  CHECK(rows_per_head(s, true) == 12);
  const Place place = place_of(s, false, 13);
  CHECK(place.batch == 2);
  CHECK(place.row == 3);
  CHECK(lse_index(s, place, 1) == (2 * 2 + 1) * 5 + 3);
  CHECK(stats_index(s, false, place, 1) == lse_index(s, place, 1));
  CHECK(place_of(s, true, 9).batch == 2);
}
