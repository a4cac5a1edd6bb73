/*
 * A whole attention plugin in C, to begin a new one from: fp32 on the CPU, forward only.
 *
 * Two passes over the keys of a row: the first finds the greatest score, the second adds up weights and values. What it
 * cannot compute it refuses with a reason, so that the host can tell the user, or use another plugin.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "attention_plugins/abi/attention_plugin.h"

struct attn_instance {
  const attn_host* host;
};

struct attn_plan {
  attn_problem problem;
};

static attn_status refuse(attn_answer* answer, int32_t reason, const char* text) {
  answer->reason = reason;
  snprintf(answer->text, sizeof(answer->text), "%s", text);
  return ATTN_STATUS_REFUSED;
}

/* The host has checked that the problem is a sound one; what this plugin does not do is for it to say. */
static attn_status check(const attn_device* device, const attn_problem* problem, attn_answer* answer) {
  if (device->kind != ATTN_DEVICE_CPU) return refuse(answer, ATTN_REASON_DEVICE, "runs on the CPU only");
  if (problem->dtype != ATTN_DTYPE_F32) return refuse(answer, ATTN_REASON_DTYPE, "computes in fp32 only");
  if ((problem->passes & ~(uint32_t)(ATTN_PASS_FORWARD | ATTN_PASS_LSE)) != 0)
    return refuse(answer, ATTN_REASON_PASS, "has no backward pass");
  if (problem->diagonal != ATTN_DIAGONAL_TOP_LEFT && problem->diagonal != ATTN_DIAGONAL_BOTTOM_RIGHT)
    return refuse(answer, ATTN_REASON_UNKNOWN_FEATURE, "does not know that diagonal");
  if (problem->varlen != ATTN_VARLEN_NONE)
    return refuse(answer, ATTN_REASON_VARLEN, "takes sequences of one length only");
  if (problem->bias != ATTN_BIAS_NONE) return refuse(answer, ATTN_REASON_BIAS, "takes no bias");
  if (problem->dropout != 0.0f) return refuse(answer, ATTN_REASON_DROPOUT, "takes no dropout");
  if ((problem->flags & ~(uint32_t)ATTN_FLAG_DETERMINISTIC) != 0)
    return refuse(answer, ATTN_REASON_UNKNOWN_FEATURE, "takes no flag but deterministic");
  return ATTN_STATUS_OK;
}

static attn_status open_plugin(const attn_host* host, const char* options, attn_instance** instance,
                               attn_answer* answer) {
  if (options[0] != '\0') return refuse(answer, ATTN_REASON_OPTIONS, "takes no options");
  *instance = malloc(sizeof(**instance));
  if (*instance == NULL) return ATTN_STATUS_OUT_OF_MEMORY;
  (*instance)->host = host;
  return ATTN_STATUS_OK;
}

static void close_plugin(attn_instance* instance) {
  free(instance);
}

static attn_status query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                         const attn_problem* problem, int32_t level, attn_answer* answer) {
  (void)instance, (void)implementation, (void)level;
  answer->level = ATTN_LEVEL_RULES;
  return check(device, problem, answer);
}

static attn_status make_plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                             const attn_problem* problem, attn_plan** plan, attn_answer* answer) {
  (void)instance, (void)implementation;
  const attn_status status = check(device, problem, answer);
  if (status != ATTN_STATUS_OK) return status;
  *plan = malloc(sizeof(**plan));
  if (*plan == NULL) return ATTN_STATUS_OUT_OF_MEMORY;
  (*plan)->problem = *problem;
  return ATTN_STATUS_OK;
}

static void free_plan(attn_plan* plan) {
  free(plan);
}

typedef struct {
  const attn_problem* problem;
  const attn_forward_tensors* tensors;
} forward_job;

/* Where a row begins, in elements. The host has checked that the elements of a row lie side by side. */
static int64_t row_at(const int64_t* stride, int64_t batch, int64_t head, int64_t row) {
  return batch * stride[0] + head * stride[1] + row * stride[2];
}

static float score_of(const attn_problem* problem, const float* query_row, const float* key_row) {
  float sum = 0.0f;
  for (int64_t d = 0; d < problem->head_dim_qk; ++d)
    sum += query_row[d] * key_row[d];
  return problem->scale * sum;
}

/* One row of the output: the task that the host's threads run. */
static void forward_row(void* context, uint64_t index, uint32_t worker) {
  const forward_job* job = context;
  const attn_problem* p = job->problem;
  const attn_forward_tensors* t = job->tensors;
  const int64_t row = (int64_t)index % p->seq_q;
  const int64_t head = (int64_t)index / p->seq_q % p->heads_q;
  const int64_t batch = (int64_t)index / p->seq_q / p->heads_q;
  const int64_t head_kv = head / (p->heads_q / p->heads_kv);
  (void)worker; /* it would choose a piece of the workspace, but this plugin needs none */

  const int64_t place = p->diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? row + p->seq_kv - p->seq_q : row;
  const int64_t first = p->window_left < 0 || p->window_left > place ? 0 : place - p->window_left;
  const int64_t last =
      p->window_right < 0 || p->window_right >= p->seq_kv - place ? p->seq_kv - 1 : place + p->window_right;
  const float* query_row = (const float*)t->query + row_at(p->query_stride, batch, head, row);
  const float* keys = (const float*)t->key + row_at(p->key_stride, batch, head_kv, 0);
  const float* values = (const float*)t->value + row_at(p->value_stride, batch, head_kv, 0);
  float* output_row = (float*)t->output + row_at(p->output_stride, batch, head, row);
  for (int64_t d = 0; d < p->head_dim_v; ++d)
    output_row[d] = 0.0f;

  float greatest = -INFINITY;
  for (int64_t key = first; key <= last; ++key)
    greatest = fmaxf(greatest, score_of(p, query_row, keys + key * p->key_stride[2]));
  float sum = 0.0f;
  for (int64_t key = first; key <= last; ++key) {
    const float weight = expf(score_of(p, query_row, keys + key * p->key_stride[2]) - greatest);
    const float* value_row = values + key * p->value_stride[2];
    sum += weight;
    for (int64_t d = 0; d < p->head_dim_v; ++d)
      output_row[d] += weight * value_row[d];
  }
  /* A row that sees no key keeps its zeros, and its log-sum-exp is -infinity. */
  if (sum > 0.0f)
    for (int64_t d = 0; d < p->head_dim_v; ++d)
      output_row[d] /= sum;
  if (t->lse != NULL) t->lse[index] = sum > 0.0f ? greatest + logf(sum) : -INFINITY;
}

static attn_status forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                           const attn_run* run, attn_answer* answer) {
  (void)extras, (void)answer;
  const attn_problem* problem = &plan->problem;
  forward_job job = {problem, tensors};
  run->executor->parallel_for(run->executor->context, (uint64_t)(problem->batch * problem->heads_q * problem->seq_q),
                              forward_row, &job);
  return ATTN_STATUS_OK;
}

static const attn_implementation two_pass = {sizeof(attn_implementation), ATTN_DEVICE_CPU, "two_pass",
                                             "two passes over the keys, fp32, forward only"};
static const attn_implementation* const implementations[] = {&two_pass};

/* What is not named here is 0 or NULL: no backward pass, no saved plans, no description of devices. */
static const attn_plugin plugin = {
    .size = sizeof(attn_plugin),
    .abi = ATTN_ABI,
    .name = "two_pass",
    .version = "1.0.0",
    .description = "an example of a plugin in C",
    .implementation_count = 1,
    .implementations = implementations,
    .open = open_plugin,
    .close = close_plugin,
    .query = query,
    .plan = make_plan,
    .free_plan = free_plan,
    .forward = forward,
};

const attn_plugin* attn_plugin_entry(uint32_t host_abi) {
  return host_abi >> 16 == ATTN_ABI_MAJOR ? &plugin : NULL;
}
