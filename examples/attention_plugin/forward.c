/*
 * The forward pass. A task is one tile of rows; it goes through the blocks of keys that its rows see, and keeps for
 * each row the greatest score so far, the sum of the weights and the sum of weighted values, both relative to that
 * score. Whatever the number of threads, a tile is computed by one of them, in the same order.
 */
#include <math.h>

#include "block_sparse.h"
#include "rows.h"

typedef struct {
  const attn_plan* plan;
  const attn_forward_tensors* tensors;
  float* workspace;
} forward_job;

/* One worker's piece of the workspace. Keys are kept with the head dimension first, so that a row's scores are sums of
 * whole rows of it. */
typedef struct {
  float *queries, *keys, *values, *outputs; /* [row][d], [d][key], [key][d], [row][d] */
  float *scores, *greatest, *sum;           /* [key], [row], [row] */
} forward_scratch;

static int64_t floats_per_worker(const attn_plan* plan) {
  const attn_problem* p = &plan->problem;
  return rounded_up(plan->pattern.block * (2 * p->head_dim_qk + 2 * p->head_dim_v + 3));
}

static forward_scratch scratch_of(const forward_job* job, uint32_t worker) {
  const attn_problem* p = &job->plan->problem;
  const int64_t block = job->plan->pattern.block;
  forward_scratch s;
  s.queries = job->workspace + worker * floats_per_worker(job->plan);
  s.keys = s.queries + block * p->head_dim_qk;
  s.values = s.keys + block * p->head_dim_qk;
  s.outputs = s.values + block * p->head_dim_v;
  s.scores = s.outputs + block * p->head_dim_v;
  s.greatest = s.scores + block;
  s.sum = s.greatest + block;
  return s;
}

static void begin_tile(const forward_job* job, const row_tile* tile, const forward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  for (int64_t r = 0; r < tile->count; ++r) {
    load_row(job->tensors->query, p->dtype, row_at(p->query_stride, tile->batch, tile->head, tile->first + r),
             p->head_dim_qk, 1, s->queries + r * p->head_dim_qk);
    s->greatest[r] = -INFINITY;
    s->sum[r] = 0.0f;
  }
  for (int64_t i = 0; i < tile->count * p->head_dim_v; ++i)
    s->outputs[i] = 0.0f;
}

static void load_keys(const forward_job* job, const row_tile* tile, int64_t first, const forward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  const int64_t block = job->plan->pattern.block;
  const int64_t head = tile->head / (p->heads_q / p->heads_kv);
  for (int64_t k = 0; k < block && first + k < p->seq_kv; ++k) {
    load_row(job->tensors->key, p->dtype, row_at(p->key_stride, tile->batch, head, first + k), p->head_dim_qk, block,
             s->keys + k);
    load_row(job->tensors->value, p->dtype, row_at(p->value_stride, tile->batch, head, first + k), p->head_dim_v, 1,
             s->values + k * p->head_dim_v);
  }
}

/* What the keys of a block add to row r of the tile. `range` is relative to the block. */
static void add_keys(const forward_job* job, int64_t r, key_range range, const forward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  float* output = s->outputs + r * p->head_dim_v;
  products(s->queries + r * p->head_dim_qk, s->keys, p->head_dim_qk, job->plan->pattern.block, range, s->scores);
  float greatest = s->greatest[r];
  for (int64_t k = range.begin; k < range.end; ++k) {
    s->scores[k] *= p->scale;
    if (!(s->scores[k] <= greatest)) greatest = s->scores[k]; /* also if it is not a number */
  }
  if (greatest == -INFINITY) return;
  const float factor = expf(s->greatest[r] - greatest); /* 0 for the first keys */
  s->greatest[r] = greatest;
  s->sum[r] *= factor;
  for (int64_t d = 0; d < p->head_dim_v; ++d)
    output[d] *= factor;
  for (int64_t k = range.begin; k < range.end; ++k) {
    const float weight = expf(s->scores[k] - greatest);
    s->sum[r] += weight;
    add_scaled(weight, s->values + k * p->head_dim_v, p->head_dim_v, output);
  }
}

/* A row that sees no key has output 0 and log-sum-exp -infinity. */
static void end_tile(const forward_job* job, const row_tile* tile, const forward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  for (int64_t r = 0; r < tile->count; ++r) {
    const int64_t row = tile->first + r;
    const int is_empty = s->sum[r] == 0.0f;
    store_row(job->tensors->output, p->dtype, row_at(p->output_stride, tile->batch, tile->head, row), p->head_dim_v,
              is_empty ? 0.0f : 1.0f / s->sum[r], s->outputs + r * p->head_dim_v);
    if (job->tensors->lse != NULL)
      job->tensors->lse[(tile->batch * p->heads_q + tile->head) * p->seq_q + row] =
          is_empty ? -INFINITY : s->greatest[r] + logf(s->sum[r]);
  }
}

static void forward_tile(void* context, uint64_t index, uint32_t worker) {
  const forward_job* job = context;
  const attn_plan* plan = job->plan;
  const int64_t tiles = row_tile_count(plan);
  const int64_t head_index = (int64_t)index / tiles;
  const row_tile tile =
      row_tile_at(plan, head_index / plan->problem.heads_q, head_index % plan->problem.heads_q, (int64_t)index % tiles);
  const forward_scratch s = scratch_of(job, worker);
  begin_tile(job, &tile, &s);
  const key_range key_blocks = key_blocks_of(plan, &tile);
  for (int64_t key_block = key_blocks.begin; key_block < key_blocks.end; ++key_block) {
    if (!selects(&plan->pattern, tile.block, key_block)) continue;
    const int64_t first = key_block * plan->pattern.block;
    load_keys(job, &tile, first, &s);
    for (int64_t r = 0; r < tile.count; ++r) {
      const key_range seen = visible_in_block(plan, tile.first + r, key_block);
      if (seen.begin < seen.end) add_keys(job, r, (key_range){seen.begin - first, seen.end - first}, &s);
    }
  }
  end_tile(job, &tile, &s);
}

uint64_t forward_workspace_bytes(const attn_plan* plan) {
  return plan->max_workers * (uint64_t)floats_per_worker(plan) * sizeof(float);
}

void run_forward(const attn_plan* plan, const attn_forward_tensors* tensors, const attn_run* run) {
  forward_job job = {plan, tensors, run->workspace};
  const int64_t tasks = plan->problem.batch * plan->problem.heads_q * row_tile_count(plan);
  run->executor->parallel_for(run->executor->context, (uint64_t)tasks, forward_tile, &job);
}
