// The plugin "eager": which problems it takes, and its table.
#include <cstdint>
#include <cstdio>
#include <new>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/eager/eager_plan.hpp"
#include "attention_plugins/geometry/checks.hpp"

struct attn_instance {
  const attn_host* host;
};

struct attn_plan {
  cfgtool::attention::eager::EagerPlan plan;
};

namespace {

using namespace cfgtool::attention::geometry;
using cfgtool::attention::eager::EagerPlan;

EagerPlan make_plan(const attn_device& device, const attn_problem& problem) {
  return {Geometry(problem), device.max_workers};
}

void describe_plan(const EagerPlan& plan, attn_answer* answer) {
  if ((plan.problem.passes & ATTN_PASS_FORWARD) != 0) answer->forward_workspace_bytes = plan.forward_workspace_bytes();
  if ((plan.problem.passes & ATTN_PASS_BACKWARD) != 0)
    answer->backward_workspace_bytes = plan.backward_workspace_bytes();
  std::snprintf(answer->engine, sizeof(answer->engine), "eager reference");
}

attn_status open_plugin(const attn_host* host, const char* options, attn_instance** instance, attn_answer* answer) {
  if (options[0] != '\0')
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_OPTIONS, "takes no options, but was given '%s'", options);
  *instance = new (std::nothrow) attn_instance{host};
  if (*instance == nullptr)
    return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for the plugin");
  return ATTN_STATUS_OK;
}

void close_plugin(attn_instance* instance) {
  delete instance;
}

attn_status query(attn_instance*, uint32_t implementation, const attn_device* device, const attn_problem* problem,
                  int32_t, attn_answer* answer) {
  answer->level = ATTN_LEVEL_RULES;
  if (const attn_status status = check_question(implementation, 1, *device, *problem, answer); status != ATTN_STATUS_OK)
    return status;
  answer->documented = 1;
  describe_plan(make_plan(*device, *problem), answer);
  return ATTN_STATUS_OK;
}

attn_status plan(attn_instance*, uint32_t implementation, const attn_device* device, const attn_problem* problem,
                 attn_plan** result, attn_answer* answer) {
  if (const attn_status status = check_question(implementation, 1, *device, *problem, answer); status != ATTN_STATUS_OK)
    return status;
  *result = new (std::nothrow) attn_plan{make_plan(*device, *problem)};
  if (*result == nullptr) return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for a plan");
  describe_plan((*result)->plan, answer);
  return ATTN_STATUS_OK;
}

void free_plan(attn_plan* plan) {
  delete plan;
}

attn_status forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                    const attn_run* run, attn_answer* answer) {
  const attn_status status = check_run(plan->plan.problem, *extras, *run, plan->plan.forward_workspace_bytes(), answer);
  if (status == ATTN_STATUS_OK) cfgtool::attention::eager::forward(plan->plan, *tensors, *extras, *run);
  return status;
}

attn_status backward(attn_plan* plan, const attn_backward_tensors* tensors, const attn_extras* extras,
                     const attn_run* run, attn_answer* answer) {
  const attn_status status =
      check_run(plan->plan.problem, *extras, *run, plan->plan.backward_workspace_bytes(), answer);
  if (status == ATTN_STATUS_OK) cfgtool::attention::eager::backward(plan->plan, *tensors, *extras, *run);
  return status;
}

constexpr attn_implementation kEager{sizeof(attn_implementation), ATTN_DEVICE_CPU, "eager",
                                     "explicit scores, softmax and values, with fp32 arithmetic"};
constexpr const attn_implementation* kImplementations[] = {&kEager};

constexpr attn_plugin kPlugin{sizeof(attn_plugin),
                              ATTN_ABI,
                              "eager",
                              "1.0.0",
                              "the CPU reference that other kernels are compared with",
                              1,
                              0,
                              kImplementations,
                              open_plugin,
                              close_plugin,
                              query,
                              plan,
                              free_plan,
                              forward,
                              backward,
                              nullptr,
                              nullptr,
                              nullptr};

}  // namespace

const attn_plugin* attn_plugin_entry(uint32_t) {
  return &kPlugin;
}
