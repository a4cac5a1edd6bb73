/* A plugin that computes nothing, and answers for GPUs by a few rules of its own: what the host and the commands make
 * of answers about a GPU that is elsewhere can be tested without CUDA. Written from attention_plugin.h alone. It has
 * the names of the project's own plugins for GPUs, so that these, where they are built, do not answer besides.
 *   cuda_eager  eager              compute capability 7.5 and later
 *   cudnn       flash_attention_2  8.0 and later, head dimensions up to 256 that are multiples of 8; more than 128 is
 *                                  undocumented
 *               sdpa               cannot tell: its library is missing; by rules alone as flash_attention_2 */
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

#ifndef ANSWERS_OF_CUDA_EAGER
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

#endif

static attn_status plugin_query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                                const attn_problem* problem, int32_t level, attn_answer* answer) {
  (void)instance;
  answer->level = level;
  /* What is described must be described. */
  if (device->index < 0 && (device->description == NULL || strstr(device->description, "\"warp_size\":32") == NULL))
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "the device has no description");
#ifdef ANSWERS_OF_CUDA_EAGER
  (void)implementation;
  (void)problem;
  answer->documented = 1;
  if (device->compute_capability >= 75) return ATTN_STATUS_OK;
  return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_ARCHITECTURE, "CUDA 13 dropped compute capability 70");
#else
  if (implementation == 1 && level > ATTN_LEVEL_RULES)
    return say(ATTN_STATUS_CANNOT_TELL, answer, ATTN_REASON_RUNTIME_MISSING, "libanswers.so.1 is not installed");
  return fused(device, problem, answer);
#endif
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

#ifdef ANSWERS_OF_CUDA_EAGER
#define PLUGIN_NAME "cuda_eager"
static const attn_implementation eager = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "eager", "answers only"};
static const attn_implementation* const implementations[] = {&eager};
#else
#define PLUGIN_NAME "cudnn"
static const attn_implementation flash = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "flash_attention_2",
                                          "answers only"};
static const attn_implementation sdpa = {sizeof(attn_implementation), ATTN_DEVICE_CUDA, "sdpa", "answers only"};
static const attn_implementation* const implementations[] = {&flash, &sdpa};
#endif

static const attn_plugin plugin = {.size = sizeof(attn_plugin),
                                   .abi = ATTN_ABI,
                                   .name = PLUGIN_NAME,
                                   .version = "1.0-test",
                                   .description = "answers for GPUs",
                                   .implementation_count = sizeof(implementations) / sizeof(implementations[0]),
                                   .implementations = implementations,
                                   .open = plugin_open,
                                   .close = plugin_close,
                                   .query = plugin_query,
                                   .plan = plugin_plan,
                                   .free_plan = plugin_free_plan,
                                   .forward = plugin_forward};

ATTN_EXPORT const attn_plugin* attn_plugin_entry(uint32_t host_abi) {
  (void)host_abi;
  return &plugin;
}
