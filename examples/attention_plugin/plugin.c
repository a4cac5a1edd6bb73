/*
 * The plugin "block_sparse": its options, which problems it takes, and its table. What it cannot compute it refuses
 * with a reason and a text that names what was found and what is supported.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "attention_plugins/abi/attention_plugin.h"
#include "block_sparse.h"
#include "pattern.h"

struct attn_instance {
  block_pattern pattern;
};

enum { MOST_HEAD_DIM = 512 };
static const int64_t most_length = (int64_t)1 << 30;

static attn_status say(attn_status status, attn_answer* answer, int32_t reason, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  answer->reason = reason;
  vsnprintf(answer->text, sizeof(answer->text), format, arguments);
  va_end(arguments);
  return status;
}

#define REFUSE(reason, ...) return say(ATTN_STATUS_REFUSED, answer, reason, __VA_ARGS__)

/* Bits and constants of a later version of the interface: never ignored. */
static attn_status check_known(const attn_problem* p, attn_answer* answer) {
  const uint32_t passes = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;
  if ((p->passes & ~passes) != 0)
    REFUSE(ATTN_REASON_UNKNOWN_FEATURE, "passes 0x%x are not known, only those of 0x%x", p->passes, passes);
  const uint32_t flags = ATTN_FLAG_DETERMINISTIC | ATTN_FLAG_D_BIAS | ATTN_FLAG_SINK;
  if ((p->flags & ~flags) != 0)
    REFUSE(ATTN_REASON_UNKNOWN_FEATURE, "flags 0x%x are not known, only those of 0x%x", p->flags, flags);
  if (p->diagonal != ATTN_DIAGONAL_TOP_LEFT && p->diagonal != ATTN_DIAGONAL_BOTTOM_RIGHT)
    REFUSE(ATTN_REASON_UNKNOWN_FEATURE, "the diagonal %d is not known, only 0 (top-left) and 1 (bottom-right)",
           p->diagonal);
  return ATTN_STATUS_OK;
}

/* The host has checked that the problem is a sound one; what this plugin does not do is for it to say. */
static attn_status check_problem(const attn_problem* p, attn_answer* answer) {
  if (p->dtype != ATTN_DTYPE_F32 && p->dtype != ATTN_DTYPE_F16 && p->dtype != ATTN_DTYPE_BF16)
    REFUSE(ATTN_REASON_DTYPE, "the type %s is not supported, only fp32, fp16 and bf16",
           p->dtype == ATTN_DTYPE_F8_E4M3   ? "fp8_e4m3"
           : p->dtype == ATTN_DTYPE_F8_E5M2 ? "fp8_e5m2"
                                            : "of an unknown number");
  if (p->varlen != ATTN_VARLEN_NONE)
    REFUSE(ATTN_REASON_VARLEN, "%s sequences are not supported, only sequences of one length",
           p->varlen == ATTN_VARLEN_PADDED   ? "padded"
           : p->varlen == ATTN_VARLEN_PACKED ? "packed"
                                             : "otherwise variable");
  if (p->bias != ATTN_BIAS_NONE || (p->flags & ATTN_FLAG_D_BIAS) != 0)
    REFUSE(ATTN_REASON_BIAS, "a bias (%s) is not supported, only none",
           p->bias == ATTN_BIAS_ALIBI ? "alibi" : "additive");
  if (p->dropout != 0.0f) REFUSE(ATTN_REASON_DROPOUT, "dropout %g is not supported, only 0", (double)p->dropout);
  if ((p->flags & ATTN_FLAG_SINK) != 0) REFUSE(ATTN_REASON_SINK, "attention sinks are not supported, only none");
  if (p->head_dim_qk > MOST_HEAD_DIM || p->head_dim_v > MOST_HEAD_DIM)
    REFUSE(ATTN_REASON_HEAD_DIM, "head_dim %lld (of values %lld) is not supported, only 1 to %d",
           (long long)p->head_dim_qk, (long long)p->head_dim_v, (int)MOST_HEAD_DIM);
  if (p->seq_q > most_length || p->seq_kv > most_length)
    REFUSE(ATTN_REASON_SEQUENCE, "%lld rows and %lld keys are not supported, only 1 to %lld each", (long long)p->seq_q,
           (long long)p->seq_kv, (long long)most_length);
  return check_known(p, answer);
}

static attn_status check_question(uint32_t implementation, const attn_device* device, const attn_problem* problem,
                                  attn_answer* answer) {
  if (implementation != 0 || problem->size < sizeof(*problem) || device->size < sizeof(*device))
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER,
               "implementation %u does not exist, only 0, or a struct is too short", implementation);
  if (device->kind != ATTN_DEVICE_CPU)
    REFUSE(ATTN_REASON_DEVICE, "runs on the CPU only, not on devices of kind %d", device->kind);
  return check_problem(problem, answer);
}

static int64_t shortened(int64_t window) {
  return window > most_length ? most_length : window;
}

static attn_plan plan_of(const attn_instance* instance, const attn_device* device, const attn_problem* problem) {
  attn_plan plan = {*problem, instance->pattern, device->max_workers};
  plan.problem.window_left = shortened(problem->window_left);
  plan.problem.window_right = shortened(problem->window_right);
  return plan;
}

static void describe_plan(const attn_plan* plan, attn_answer* answer) {
  if ((plan->problem.passes & ATTN_PASS_FORWARD) != 0) answer->forward_workspace_bytes = forward_workspace_bytes(plan);
  if ((plan->problem.passes & ATTN_PASS_BACKWARD) != 0)
    answer->backward_workspace_bytes = backward_workspace_bytes(plan);
  describe_pattern(&plan->pattern, answer->engine, sizeof(answer->engine));
}

static attn_status open_plugin(const attn_host* host, const char* options, attn_instance** instance,
                               attn_answer* answer) {
  (void)host;
  block_pattern pattern;
  if (!parse_pattern(options, &pattern, answer->text, sizeof(answer->text))) {
    answer->reason = ATTN_REASON_OPTIONS;
    return ATTN_STATUS_REFUSED;
  }
  *instance = malloc(sizeof(**instance));
  if (*instance == NULL)
    return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for the plugin");
  (*instance)->pattern = pattern;
  return ATTN_STATUS_OK;
}

static void close_plugin(attn_instance* instance) {
  free(instance);
}

static attn_status query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                         const attn_problem* problem, int32_t level, attn_answer* answer) {
  (void)level; /* there is no library to be asked: the rules are all there is */
  answer->level = ATTN_LEVEL_RULES;
  const attn_status status = check_question(implementation, device, problem, answer);
  if (status != ATTN_STATUS_OK) return status;
  const attn_plan plan = plan_of(instance, device, problem);
  answer->documented = 1;
  describe_plan(&plan, answer);
  return ATTN_STATUS_OK;
}

static attn_status make_plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                             const attn_problem* problem, attn_plan** plan, attn_answer* answer) {
  const attn_status status = check_question(implementation, device, problem, answer);
  if (status != ATTN_STATUS_OK) return status;
  *plan = malloc(sizeof(**plan));
  if (*plan == NULL) return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for a plan");
  **plan = plan_of(instance, device, problem);
  describe_plan(*plan, answer);
  return ATTN_STATUS_OK;
}

static void free_plan(attn_plan* plan) {
  free(plan);
}

static attn_status check_run(const attn_run* run, uint64_t needed, attn_answer* answer) {
  if (run->workspace_bytes >= needed) return ATTN_STATUS_OK;
  return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "the workspace has %llu bytes, and %llu are needed",
             (unsigned long long)run->workspace_bytes, (unsigned long long)needed);
}

static attn_status forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                           const attn_run* run, attn_answer* answer) {
  (void)extras;
  const attn_status status = check_run(run, forward_workspace_bytes(plan), answer);
  if (status == ATTN_STATUS_OK) run_forward(plan, tensors, run);
  return status;
}

static attn_status backward(attn_plan* plan, const attn_backward_tensors* tensors, const attn_extras* extras,
                            const attn_run* run, attn_answer* answer) {
  (void)extras;
  const attn_status status = check_run(run, backward_workspace_bytes(plan), answer);
  if (status == ATTN_STATUS_OK) run_backward(plan, tensors, run);
  return status;
}

/* The name that a configuration gives to attn_implementation. */
static const attn_implementation block_sparse = {sizeof(attn_implementation), ATTN_DEVICE_CPU, "block_sparse",
                                                 "softmax over near blocks of keys and every n-th one"};
static const attn_implementation* const implementations[] = {&block_sparse};

/* What is not named here is NULL: no saved plans, no description of devices. */
static const attn_plugin plugin = {
    .size = sizeof(attn_plugin),
    .abi = ATTN_ABI,
    .name = "block_sparse",
    .version = "1.0.0",
    .description = "block-sparse attention, an example of a plugin in C",
    .implementation_count = 1,
    .implementations = implementations,
    .open = open_plugin,
    .close = close_plugin,
    .query = query,
    .plan = make_plan,
    .free_plan = free_plan,
    .forward = forward,
    .backward = backward,
};

const attn_plugin* attn_plugin_entry(uint32_t host_abi) {
  return host_abi >> 16 == ATTN_ABI_MAJOR ? &plugin : NULL;
}
