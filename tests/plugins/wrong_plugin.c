/* A small plugin in pure C, written from attention_plugin.h alone, and the many ways in which it can be wrong: it is
 * compiled once for each, with a macro WRONG_… that says which. Without one it is a sound plugin: "attention" that
 * copies value row 0 of each key-value head to every query row. */
#define _POSIX_C_SOURCE 200112L /* setenv */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attention_plugins/abi/attention_plugin.h"

#ifndef PLUGIN_NAME
#define PLUGIN_NAME "sound"
#endif

struct attn_instance {
  const attn_host* host;
};

struct attn_plan {
  attn_problem problem;
};

static attn_status say(attn_status status, attn_answer* answer, int32_t reason, const char* text) {
  answer->reason = reason;
  snprintf(answer->text, sizeof(answer->text), "%s", text);
  return status;
}

#ifndef WRONG_NO_ENTRY
static attn_status plugin_open(const attn_host* host, const char* options, attn_instance** instance,
                               attn_answer* answer) {
#ifdef WRONG_OPEN_FAILS
  return ATTN_STATUS_BACKEND_FAILED;
#endif
#ifdef WRONG_OPEN_GIVES_NULL
  return ATTN_STATUS_OK;
#endif
  if (strcmp(options, "refuse me") == 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_OPTIONS, "the option 'refuse me' is not known");
  *instance = malloc(sizeof(**instance));
  if (*instance == NULL) return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory");
  (*instance)->host = host;
  host->log(host->context, ATTN_LOG_INFO, options[0] == '\0' ? "opened" : options);
  return ATTN_STATUS_OK;
}

static void plugin_close(attn_instance* instance) {
  free(instance);
}

static attn_status plugin_query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                                const attn_problem* problem, int32_t level, attn_answer* answer) {
  (void)instance;
  (void)implementation;
  (void)device;
  (void)level;
#ifdef WRONG_REFUSES_WITHOUT_TEXT
  return ATTN_STATUS_REFUSED;
#endif
#ifdef WRONG_CANNOT_TELL
  return say(ATTN_STATUS_CANNOT_TELL, answer, ATTN_REASON_RUNTIME_MISSING, "libmissing.so.1 is not installed");
#endif
#ifdef WRONG_TEXT_WITHOUT_END
  memset(answer->text, 'x', sizeof(answer->text));
  return ATTN_STATUS_REFUSED;
#endif
#ifdef WRONG_UNKNOWN_STATUS
  return 77;
#endif
  if (problem->dtype != ATTN_DTYPE_F32)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DTYPE, "only fp32\nis supported");
  answer->documented = 1;
  snprintf(answer->engine, sizeof(answer->engine), "first value");
  return ATTN_STATUS_OK;
}

static attn_status plugin_plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                               const attn_problem* problem, attn_plan** plan, attn_answer* answer) {
  const attn_status status = plugin_query(instance, implementation, device, problem, ATTN_LEVEL_RULES, answer);
  if (status != ATTN_STATUS_OK) return status;
#ifdef WRONG_YES_THEN_NO_PLAN
  return say(ATTN_STATUS_BACKEND_FAILED, answer, ATTN_REASON_OTHER, "the compiler crashed");
#endif
#ifdef WRONG_PLAN_GIVES_NULL
  return ATTN_STATUS_OK;
#endif
  *plan = malloc(sizeof(**plan));
  if (*plan == NULL) return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory");
  (*plan)->problem = *problem;
  answer->forward_workspace_bytes = 100;
#ifdef WRONG_HUGE_WORKSPACE
  answer->forward_workspace_bytes = UINT64_MAX;
#endif
  return ATTN_STATUS_OK;
}

static void plugin_free_plan(attn_plan* plan) {
  free(plan);
}

static attn_status plugin_forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                                  const attn_run* run, attn_answer* answer) {
  const attn_problem* p = &plan->problem;
  (void)extras;
  (void)answer;
#ifdef WRONG_FAILS_WITHOUT_TEXT
  return ATTN_STATUS_BACKEND_FAILED;
#endif
  memset(run->workspace, 0, 100);
#ifdef WRONG_WRITES_PAST_WORKSPACE
  ((char*)run->workspace)[run->workspace_bytes + 3] = 0;
#endif
  for (int64_t b = 0; b < p->batch; ++b)
    for (int64_t h = 0; h < p->heads_q; ++h)
      for (int64_t i = 0; i < p->seq_q; ++i) {
        const int64_t kv_head = h / (p->heads_q / p->heads_kv);
        const float* from = (const float*)tensors->value + b * p->value_stride[0] + kv_head * p->value_stride[1];
        float* to =
            (float*)tensors->output + b * p->output_stride[0] + h * p->output_stride[1] + i * p->output_stride[2];
        memcpy(to, from, (size_t)p->head_dim_v * sizeof(float));
      }
  return ATTN_STATUS_OK;
}

static attn_status plugin_save(attn_plan* plan, const attn_writer* writer, attn_answer* answer) {
  if (writer->write(writer->context, &plan->problem, sizeof(plan->problem)) != 0)
    return say(ATTN_STATUS_BACKEND_FAILED, answer, ATTN_REASON_OTHER, "the plan cannot be written");
  return ATTN_STATUS_OK;
}

static attn_status plugin_load(attn_instance* instance, uint32_t implementation, const attn_device* device,
                               const attn_problem* problem, const void* bytes, uint64_t byte_count, attn_plan** plan,
                               attn_answer* answer) {
  if (byte_count != sizeof(*problem) || memcmp(bytes, problem, sizeof(*problem)) != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_STALE, "the saved plan is for another problem");
  return plugin_plan(instance, implementation, device, problem, plan, answer);
}

static const attn_implementation first = {
#ifdef WRONG_SHORT_IMPLEMENTATION
    8,
#else
    sizeof(attn_implementation),
#endif
    ATTN_DEVICE_CPU,
#ifdef WRONG_IMPLEMENTATION_NAME_NULL
    NULL,
#else
    "first_value",
#endif
    "copies the first value"};
#ifdef WRONG_IMPLEMENTATION_TWICE
static const attn_implementation second = {sizeof(attn_implementation), ATTN_DEVICE_CPU, "first_value", "the same"};
#else
static const attn_implementation second = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "first_value", "on a GPU"};
#endif
#ifdef WRONG_IMPLEMENTATION_NULL
static const attn_implementation* const implementations[] = {NULL, &second};
#else
static const attn_implementation* const implementations[] = {&first, &second};
#endif

/* A later minor version: more behind the end. */
struct larger_plugin {
  attn_plugin known;
  void* appended[4];
};

static const struct larger_plugin plugin = {{
#if defined(WRONG_SHORT_TABLE)
                                                offsetof(attn_plugin, forward),
#elif defined(NEWER_MINOR)
                                                sizeof(struct larger_plugin),
#else
                                                sizeof(attn_plugin),
#endif
#if defined(WRONG_MAJOR)
                                                (ATTN_ABI_MAJOR + 1) << 16,
#elif defined(NEWER_MINOR)
                                                ATTN_ABI + 1,
#else
                                                ATTN_ABI,
#endif
#if defined(WRONG_NAME_NULL)
                                                NULL,
#elif defined(WRONG_NAME)
                                                "Sound Plugin",
#elif defined(WRONG_NAME_TOO_LONG)
                                                "an_endless_name_an_endless_name_an_endless_name_an_endless_name_",
#else
                                                PLUGIN_NAME,
#endif
                                                "1.0", "copies values",
#ifdef WRONG_NO_IMPLEMENTATIONS
                                                0,
#else
                                                2,
#endif
                                                0, implementations, plugin_open, plugin_close,
#ifdef WRONG_QUERY_NULL
                                                NULL,
#else
                                                plugin_query,
#endif
                                                plugin_plan, plugin_free_plan,
#ifdef WRONG_FORWARD_NULL
                                                NULL,
#else
                                                plugin_forward,
#endif
                                                NULL, plugin_save,
#ifdef WRONG_SAVES_ONLY
                                                NULL,
#else
                                                plugin_load,
#endif
                                                NULL},
                                            {NULL, NULL, NULL, NULL}};

#ifdef WRONG_SYMBOL_UNDEFINED
extern void nobody_defines_this_function(void);
#endif

ATTN_EXPORT const attn_plugin* attn_plugin_entry(uint32_t host_abi) {
  (void)host_abi;
  (void)plugin_load;
  (void)plugin_query;
  (void)plugin_forward;
#ifdef WRONG_SYMBOL_UNDEFINED
  nobody_defines_this_function();
#endif
#ifdef WRONG_ENTRY_GIVES_NULL
  return NULL;
#else
  return &plugin.known;
#endif
}
#endif

#ifdef WRONG_NO_ENTRY
ATTN_EXPORT int another_library(attn_answer* answer) {
  /* Says who it is when it is loaded, which must not happen. */
  return say(0, answer, 0, "");
}
__attribute__((constructor)) static void loaded(void) {
  setenv("CFGTOOL_TEST_CONSTRUCTOR_RAN", "1", 1);
}
#endif
