/**
 * \file
 * A plan of the plugin, the tiles that its kernels work on, and the kernels.
 */
#ifndef BLOCK_SPARSE_H
#define BLOCK_SPARSE_H

#include <stdint.h>

#include "attention_plugins/abi/attention_plugin.h"
#include "pattern.h"

/** Does not change once it is made, so that several threads can run it at once. */
struct attn_plan {
  attn_problem problem; /**< its window not longer than any sequence can be, so that it can be added to positions */
  block_pattern pattern;
  uint32_t max_workers;
};

/** Rows of one head whose aligned positions lie in the same block of positions. */
typedef struct row_tile {
  int64_t batch, head;
  int64_t first, count; /**< rows */
  int64_t block;        /**< which block of positions; negative where rows lie before the first key */
} row_tile;

typedef struct key_range {
  int64_t begin, end; /**< keys from begin to end - 1; none if they are equal */
} key_range;

/** Tiles of one head. */
int64_t row_tile_count(const attn_plan* plan);
row_tile row_tile_at(const attn_plan* plan, int64_t batch, int64_t head, int64_t index);

/** The keys that the problem's window lets the row see, whatever the pattern. */
key_range visible_keys(const attn_plan* plan, int64_t row);
/** Those of them that are in a block of keys. */
key_range visible_in_block(const attn_plan* plan, int64_t row, int64_t key_block);
/** The first and (behind) the last block with a key that some row of the tile sees. */
key_range key_blocks_of(const attn_plan* plan, const row_tile* tile);

/** Workspace is for one tile per worker: it does not grow with the sequence. */
uint64_t forward_workspace_bytes(const attn_plan* plan);
uint64_t backward_workspace_bytes(const attn_plan* plan);

void run_forward(const attn_plan* plan, const attn_forward_tensors* tensors, const attn_run* run);
void run_backward(const attn_plan* plan, const attn_backward_tensors* tensors, const attn_run* run);

/** Floats, so many that the next worker's piece begins at a multiple of 64 bytes too. */
static inline int64_t rounded_up(int64_t floats) {
  return (floats + 15) / 16 * 16;
}

/** sums[k] = sum over d of row[d] * columns[d * block + k], for the keys of the range. */
static inline void products(const float* row, const float* columns, int64_t count, int64_t block, key_range range,
                            float* sums) {
  for (int64_t k = range.begin; k < range.end; ++k)
    sums[k] = 0.0f;
  for (int64_t d = 0; d < count; ++d)
    for (int64_t k = range.begin; k < range.end; ++k)
      sums[k] += row[d] * columns[d * block + k];
}

/** sums[d] += factor * row[d] */
static inline void add_scaled(float factor, const float* row, int64_t count, float* sums) {
  for (int64_t d = 0; d < count; ++d)
    sums[d] += factor * row[d];
}

#endif
