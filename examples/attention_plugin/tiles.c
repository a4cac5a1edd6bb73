#include "block_sparse.h"

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}
static int64_t greatest(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Downwards, for positions before the first key too. */
static int64_t block_of(const attn_plan* plan, int64_t position) {
  const int64_t block = plan->pattern.block;
  return position >= 0 ? position / block : -((block - 1 - position) / block);
}

/* What is added to a row's number to have its aligned position. */
static int64_t row_offset(const attn_plan* plan) {
  const attn_problem* p = &plan->problem;
  return p->diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? p->seq_kv - p->seq_q : 0;
}

int64_t row_tile_count(const attn_plan* plan) {
  const int64_t offset = row_offset(plan);
  return block_of(plan, offset + plan->problem.seq_q - 1) - block_of(plan, offset) + 1;
}

row_tile row_tile_at(const attn_plan* plan, int64_t batch, int64_t head, int64_t index) {
  const int64_t offset = row_offset(plan);
  const int64_t block = block_of(plan, offset) + index;
  const int64_t first = greatest(0, block * plan->pattern.block - offset);
  const int64_t end = least(plan->problem.seq_q, (block + 1) * plan->pattern.block - offset);
  return (row_tile){batch, head, first, end - first, block};
}

key_range visible_keys(const attn_plan* plan, int64_t row) {
  const attn_problem* p = &plan->problem;
  const int64_t position = row + row_offset(plan);
  const int64_t begin = p->window_left < 0 ? 0 : greatest(0, position - p->window_left);
  const int64_t end = p->window_right < 0 ? p->seq_kv : least(p->seq_kv, position + p->window_right + 1);
  return begin < end ? (key_range){begin, end} : (key_range){0, 0};
}

key_range visible_in_block(const attn_plan* plan, int64_t row, int64_t key_block) {
  const key_range all = visible_keys(plan, row);
  const int64_t begin = greatest(all.begin, key_block * plan->pattern.block);
  const int64_t end = least(all.end, (key_block + 1) * plan->pattern.block);
  return begin < end ? (key_range){begin, end} : (key_range){0, 0};
}

key_range key_blocks_of(const attn_plan* plan, const row_tile* tile) {
  key_range keys = {0, 0};
  for (int64_t row = tile->first; row < tile->first + tile->count; ++row) {
    const key_range seen = visible_keys(plan, row);
    if (seen.begin == seen.end) continue;
    if (keys.begin == keys.end) keys = seen;
    keys = (key_range){least(keys.begin, seen.begin), greatest(keys.end, seen.end)};
  }
  return (key_range){keys.begin / plan->pattern.block, (keys.end + plan->pattern.block - 1) / plan->pattern.block};
}
