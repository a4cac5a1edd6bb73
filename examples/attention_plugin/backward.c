/*
 * The backward pass. With P = softmax weights, L = the loss and d… = the derivative of L:
 *   P_ij  = exp(score_ij - lse_i)          dP_ij = dot(dO_i, V_j)       delta_i = dot(dO_i, O_i)
 *   dS_ij = P_ij (dP_ij - delta_i)
 *   dQ_i  = scale sum over j dS_ij K_j     dK_j = scale sum over i dS_ij Q_i     dV_j = sum over i P_ij dO_i
 * Weights are computed anew from the log-sum-exp, once for tiles of rows (dQ) and once for blocks of keys (dK, dV): so
 * each sum is one task's, in one order, and no two tasks write to the same place.
 */
#include <math.h>

#include "block_sparse.h"
#include "rows.h"

typedef struct {
  const attn_plan* plan;
  const attn_backward_tensors* tensors;
  float* workspace;
} backward_job;

/* One worker's piece of the workspace. */
typedef struct {
  float *keys, *key_columns, *value_columns; /* [key][d], [d][key], [d][key]: a block of keys */
  float *d_keys, *d_values;                  /* [key][d] */
  float *queries, *d_outputs, *d_queries;    /* [row][d]; for blocks of keys one row only */
  float *delta, *output;                     /* [row], one row */
  float *weights, *d_scores;                 /* [key]: one row's */
} backward_scratch;

static int64_t floats_per_worker(const attn_plan* plan) {
  const attn_problem* p = &plan->problem;
  return rounded_up(plan->pattern.block * (5 * p->head_dim_qk + 3 * p->head_dim_v + 3) + p->head_dim_v);
}

static backward_scratch scratch_of(const backward_job* job, uint32_t worker) {
  const attn_problem* p = &job->plan->problem;
  const int64_t block = job->plan->pattern.block;
  backward_scratch s;
  s.keys = job->workspace + worker * floats_per_worker(job->plan);
  s.key_columns = s.keys + block * p->head_dim_qk;
  s.d_keys = s.key_columns + block * p->head_dim_qk;
  s.queries = s.d_keys + block * p->head_dim_qk;
  s.d_queries = s.queries + block * p->head_dim_qk;
  s.value_columns = s.d_queries + block * p->head_dim_qk;
  s.d_values = s.value_columns + block * p->head_dim_v;
  s.d_outputs = s.d_values + block * p->head_dim_v;
  s.delta = s.d_outputs + block * p->head_dim_v;
  s.weights = s.delta + block;
  s.d_scores = s.weights + block;
  s.output = s.d_scores + block;
  return s;
}

static void load_keys(const backward_job* job, int64_t batch, int64_t head_kv, int64_t first,
                      const backward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  const int64_t block = job->plan->pattern.block;
  for (int64_t k = 0; k < block && first + k < p->seq_kv; ++k) {
    float* key = s->keys + k * p->head_dim_qk;
    load_row(job->tensors->key, p->dtype, row_at(p->key_stride, batch, head_kv, first + k), p->head_dim_qk, 1, key);
    for (int64_t d = 0; d < p->head_dim_qk; ++d)
      s->key_columns[d * block + k] = key[d];
    load_row(job->tensors->value, p->dtype, row_at(p->value_stride, batch, head_kv, first + k), p->head_dim_v, block,
             s->value_columns + k);
  }
}

/* Row `row` of a head to place r of the scratch. */
static void load_query(const backward_job* job, const row_tile* tile, int64_t row, int64_t r,
                       const backward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  const attn_backward_tensors* t = job->tensors;
  float* d_output = s->d_outputs + r * p->head_dim_v;
  load_row(t->query, p->dtype, row_at(p->query_stride, tile->batch, tile->head, row), p->head_dim_qk, 1,
           s->queries + r * p->head_dim_qk);
  load_row(t->d_output, p->dtype, row_at(p->d_output_stride, tile->batch, tile->head, row), p->head_dim_v, 1, d_output);
  load_row(t->output, p->dtype, row_at(p->output_stride, tile->batch, tile->head, row), p->head_dim_v, 1, s->output);
  float delta = 0.0f;
  for (int64_t d = 0; d < p->head_dim_v; ++d)
    delta += d_output[d] * s->output[d];
  s->delta[r] = delta;
}

/* P and dS of the row at place r, for keys of the block that is loaded; `range` is relative to the block. */
static void score_gradients(const backward_job* job, float lse, int64_t r, key_range range, const backward_scratch* s) {
  const attn_problem* p = &job->plan->problem;
  const int64_t block = job->plan->pattern.block;
  products(s->queries + r * p->head_dim_qk, s->key_columns, p->head_dim_qk, block, range, s->weights);
  products(s->d_outputs + r * p->head_dim_v, s->value_columns, p->head_dim_v, block, range, s->d_scores);
  for (int64_t k = range.begin; k < range.end; ++k) {
    s->weights[k] = expf(p->scale * s->weights[k] - lse);
    s->d_scores[k] = s->weights[k] * (s->d_scores[k] - s->delta[r]);
  }
}

static float lse_of(const backward_job* job, const row_tile* tile, int64_t row) {
  const attn_problem* p = &job->plan->problem;
  return job->tensors->lse[(tile->batch * p->heads_q + tile->head) * p->seq_q + row];
}

/* The keys of a block that a row sees, relative to the block; none for a row that saw none in the forward pass. */
static key_range seen_keys(const backward_job* job, const row_tile* tile, int64_t row, int64_t key_block) {
  const int64_t first = key_block * job->plan->pattern.block;
  const key_range seen = visible_in_block(job->plan, row, key_block);
  if (seen.begin == seen.end || lse_of(job, tile, row) == -INFINITY) return (key_range){0, 0};
  return (key_range){seen.begin - first, seen.end - first};
}

/* A task: dQ of one tile of rows. */
static void query_tile(void* context, uint64_t index, uint32_t worker) {
  const backward_job* job = context;
  const attn_plan* plan = job->plan;
  const attn_problem* p = &plan->problem;
  const int64_t tiles = row_tile_count(plan);
  const int64_t head_index = (int64_t)index / tiles;
  const row_tile tile = row_tile_at(plan, head_index / p->heads_q, head_index % p->heads_q, (int64_t)index % tiles);
  const backward_scratch s = scratch_of(job, worker);
  for (int64_t r = 0; r < tile.count; ++r)
    load_query(job, &tile, tile.first + r, r, &s);
  for (int64_t i = 0; i < tile.count * p->head_dim_qk; ++i)
    s.d_queries[i] = 0.0f;

  const key_range key_blocks = key_blocks_of(plan, &tile);
  for (int64_t key_block = key_blocks.begin; key_block < key_blocks.end; ++key_block) {
    if (!selects(&plan->pattern, tile.block, key_block)) continue;
    load_keys(job, tile.batch, tile.head / (p->heads_q / p->heads_kv), key_block * plan->pattern.block, &s);
    for (int64_t r = 0; r < tile.count; ++r) {
      const key_range range = seen_keys(job, &tile, tile.first + r, key_block);
      if (range.begin == range.end) continue;
      score_gradients(job, lse_of(job, &tile, tile.first + r), r, range, &s);
      for (int64_t k = range.begin; k < range.end; ++k)
        add_scaled(s.d_scores[k], s.keys + k * p->head_dim_qk, p->head_dim_qk, s.d_queries + r * p->head_dim_qk);
    }
  }
  for (int64_t r = 0; r < tile.count; ++r)
    store_row(job->tensors->d_query, p->dtype, row_at(p->d_query_stride, tile.batch, tile.head, tile.first + r),
              p->head_dim_qk, p->scale, s.d_queries + r * p->head_dim_qk);
}

/* What the rows of one query head add to dK and dV of the block of keys that is loaded. */
static void add_rows(const backward_job* job, int64_t batch, int64_t head, int64_t key_block,
                     const backward_scratch* s) {
  const attn_plan* plan = job->plan;
  const attn_problem* p = &plan->problem;
  const int64_t tiles = row_tile_count(plan);
  for (int64_t i = 0; i < tiles; ++i) {
    const row_tile tile = row_tile_at(plan, batch, head, i);
    if (!selects(&plan->pattern, tile.block, key_block)) continue;
    for (int64_t row = tile.first; row < tile.first + tile.count; ++row) {
      const key_range range = seen_keys(job, &tile, row, key_block);
      if (range.begin == range.end) continue;
      load_query(job, &tile, row, 0, s);
      score_gradients(job, lse_of(job, &tile, row), 0, range, s);
      for (int64_t k = range.begin; k < range.end; ++k) {
        add_scaled(s->d_scores[k], s->queries, p->head_dim_qk, s->d_keys + k * p->head_dim_qk);
        add_scaled(s->weights[k], s->d_outputs, p->head_dim_v, s->d_values + k * p->head_dim_v);
      }
    }
  }
}

static int64_t key_block_count(const attn_plan* plan) {
  return (plan->problem.seq_kv + plan->pattern.block - 1) / plan->pattern.block;
}

/* A task: dK and dV of one block of keys, from the rows of all query heads that share it. */
static void key_tile(void* context, uint64_t index, uint32_t worker) {
  const backward_job* job = context;
  const attn_problem* p = &job->plan->problem;
  const int64_t block = job->plan->pattern.block;
  const int64_t blocks = key_block_count(job->plan);
  const int64_t key_block = (int64_t)index % blocks;
  const int64_t head_kv = (int64_t)index / blocks % p->heads_kv;
  const int64_t batch = (int64_t)index / blocks / p->heads_kv;
  const int64_t group = p->heads_q / p->heads_kv;
  const backward_scratch s = scratch_of(job, worker);
  load_keys(job, batch, head_kv, key_block * block, &s);
  for (int64_t i = 0; i < block * p->head_dim_qk; ++i)
    s.d_keys[i] = 0.0f;
  for (int64_t i = 0; i < block * p->head_dim_v; ++i)
    s.d_values[i] = 0.0f;
  for (int64_t head = head_kv * group; head < (head_kv + 1) * group; ++head)
    add_rows(job, batch, head, key_block, &s);
  for (int64_t k = 0; k < block && key_block * block + k < p->seq_kv; ++k) {
    const int64_t row = key_block * block + k;
    store_row(job->tensors->d_key, p->dtype, row_at(p->d_key_stride, batch, head_kv, row), p->head_dim_qk, p->scale,
              s.d_keys + k * p->head_dim_qk);
    store_row(job->tensors->d_value, p->dtype, row_at(p->d_value_stride, batch, head_kv, row), p->head_dim_v, 1.0f,
              s.d_values + k * p->head_dim_v);
  }
}

uint64_t backward_workspace_bytes(const attn_plan* plan) {
  return plan->max_workers * (uint64_t)floats_per_worker(plan) * sizeof(float);
}

void run_backward(const attn_plan* plan, const attn_backward_tensors* tensors, const attn_run* run) {
  const attn_problem* p = &plan->problem;
  backward_job job = {plan, tensors, run->workspace};
  const attn_executor* executor = run->executor;
  executor->parallel_for(executor->context, (uint64_t)(p->batch * p->heads_q * row_tile_count(plan)), query_tile, &job);
  executor->parallel_for(executor->context, (uint64_t)(p->batch * p->heads_kv * key_block_count(plan)), key_tile, &job);
}
