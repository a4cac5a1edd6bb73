/* A plugin that computes nothing, and answers for GPUs by a few rules of its own: what the host and the commands make
 * of answers about a GPU that is elsewhere can be tested without CUDA. Written from attention_plugin.h alone. eager
 * compute capability 7.5 and later flash_attention_2  8.0 and later, head dimensions up to 256 that are multiples of 8;
 * more than 128 is undocumented sdpa               cannot tell: its library is missing; by rules alone as
 * flash_attention_2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attention_plugins/abi/attention_plugin.h"

struct attn_instance {
  int unused;
};

static attn_status say(attn_status status, attn_answer* answer, int32_t reason, const char* text) {
  answer->reason = reason;
  snprintf(answer->text, sizeof(answer->text), "%s", text);
  return status;
}

static attn_status plugin_open(const attn_host* host, const char* options, attn_instance** instance,
                               attn_answer* answer) {
  (void)host;
  (void)options;
  *instance = calloc(1, sizeof(**instance));
  return *instance != NULL ? ATTN_STATUS_OK
                           : say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory");
}

static void plugin_close(attn_instance* instance) {
  free(instance);
}

static attn_status fused(const attn_device* device, const attn_problem* problem, attn_answer* answer) {
  char text[256];
  if (device->compute_capability < 80) {
    snprintf(text, sizeof(text), "%s has compute capability %d, and 80 and later are supported", device->name,
             device->compute_capability);
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_ARCHITECTURE, text);
  }
  if (problem->head_dim_qk % 8 != 0 || problem->head_dim_qk > 256) {
    snprintf(text, sizeof(text), "head_dim %d is no multiple of 8 up to 256", (int)problem->head_dim_qk);
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_HEAD_DIM, text);
  }
  answer->documented = problem->head_dim_qk <= 128;
  snprintf(answer->engine, sizeof(answer->engine), "engine of sm_%d", device->compute_capability);
  return ATTN_STATUS_OK;
}

static attn_status plugin_query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                                const attn_problem* problem, int32_t level, attn_answer* answer) {
  (void)instance;
  answer->level = level;
  /* What is described must be described. */
  if (device->index < 0 && (device->description == NULL || strstr(device->description, "\"warp_size\":32") == NULL))
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "the device has no description");
  if (implementation == 0) {
    answer->documented = 1;
    if (device->compute_capability >= 75) return ATTN_STATUS_OK;
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_ARCHITECTURE, "CUDA 13 dropped compute capability 70");
  }
  if (implementation == 2 && level > ATTN_LEVEL_RULES)
    return say(ATTN_STATUS_CANNOT_TELL, answer, ATTN_REASON_RUNTIME_MISSING, "libanswers.so.1 is not installed");
  return fused(device, problem, answer);
}

static attn_status plugin_plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                               const attn_problem* problem, attn_plan** plan, attn_answer* answer) {
  (void)instance;
  (void)implementation;
  (void)device;
  (void)problem;
  (void)plan;
  return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_OTHER, "this plugin computes nothing");
}

static void plugin_free_plan(attn_plan* plan) {
  (void)plan;
}

static attn_status plugin_forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                                  const attn_run* run, attn_answer* answer) {
  (void)plan;
  (void)tensors;
  (void)extras;
  (void)run;
  return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "this plugin computes nothing");
}

static const attn_implementation eager = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "eager", "answers only"};
static const attn_implementation flash = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "flash_attention_2",
                                          "answers only"};
static const attn_implementation sdpa = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "sdpa", "answers only"};
static const attn_implementation* const implementations[] = {&eager, &flash, &sdpa};

static const attn_plugin plugin = {sizeof(attn_plugin),
                                   ATTN_ABI,
                                   "gpu_answers",
                                   "1.0",
                                   "answers for GPUs",
                                   3,
                                   0,
                                   implementations,
                                   plugin_open,
                                   plugin_close,
                                   plugin_query,
                                   plugin_plan,
                                   plugin_free_plan,
                                   plugin_forward,
                                   NULL,
                                   NULL,
                                   NULL,
                                   NULL};

ATTN_EXPORT const attn_plugin* attn_plugin_entry(uint32_t host_abi) {
  (void)host_abi;
  return &plugin;
}
