// The plugin "cuda_eager": which problems it takes on which devices, and its table.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/cuda_eager/architectures.hpp"
#include "attention_plugins/cuda_eager/runtime.hpp"
#include "attention_plugins/geometry/checks.hpp"

struct attn_instance {
  const attn_host* host;
};

struct attn_plan {
  cfgtool::attention::cuda_eager::CudaPlan plan;
};

namespace {

using namespace cfgtool::attention::cuda_eager;

attn_status check_device(const attn_device& device, attn_answer* answer) {
  if (device.kind != ATTN_DEVICE_CUDA)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DEVICE, "runs on CUDA devices only");
  int32_t capability = device.compute_capability;
  if (device.index >= 0) {
    if (const attn_status status = find_device(device.index, capability, answer); status != ATTN_STATUS_OK)
      return status;
  } else if (capability == 0) {
    return say(ATTN_STATUS_CANNOT_TELL, answer, ATTN_REASON_DEVICE, "the compute capability of %s is not known",
               device.name);
  }
  const std::string fault = why_not(this_build(), capability, device.name);
  if (!fault.empty()) return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_ARCHITECTURE, "%s", fault.c_str());
  return ATTN_STATUS_OK;
}

attn_status check_question(uint32_t implementation, const attn_device& device, const attn_problem& problem,
                           attn_answer* answer) {
  if (implementation != 0 || problem.size < sizeof(attn_problem) || device.size < sizeof(attn_device))
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER,
               "implementation %u does not exist, or a struct is too short", implementation);
  if (const attn_status status = check_problem(problem, answer); status != ATTN_STATUS_OK) return status;
  return check_device(device, answer);
}

void describe_plan(const CudaPlan& plan, attn_answer* answer) {
  if ((plan.problem.passes & ATTN_PASS_FORWARD) != 0) answer->forward_workspace_bytes = plan.forward_workspace_bytes();
  if ((plan.problem.passes & ATTN_PASS_BACKWARD) != 0)
    answer->backward_workspace_bytes = plan.backward_workspace_bytes();
  std::snprintf(answer->engine, sizeof(answer->engine), "eager reference in CUDA C++");
}

attn_status check_run(const CudaPlan& plan, const attn_run& run, uint64_t workspace_bytes, attn_answer* answer) {
  if (plan.device_index < 0)
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_DEVICE,
               "the plan is for a device that was only described, so it cannot be run");
  if (run.workspace_bytes < workspace_bytes)
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "the workspace is too small");
  return ATTN_STATUS_OK;
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

/// Texts and lists are made on the way, and no exception may get out.
template <typename Function>
attn_status guarded(attn_answer* answer, const Function& function) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for a plan or an answer");
  }
}

attn_status query(attn_instance*, uint32_t implementation, const attn_device* device, const attn_problem* problem,
                  int32_t, attn_answer* answer) {
  answer->level = ATTN_LEVEL_RULES;
  return guarded(answer, [&] {
    const attn_status status = check_question(implementation, *device, *problem, answer);
    if (status != ATTN_STATUS_OK) return status;
    answer->documented = 1;
    describe_plan(CudaPlan(*problem, device->index), answer);
    return status;
  });
}

attn_status plan(attn_instance*, uint32_t implementation, const attn_device* device, const attn_problem* problem,
                 attn_plan** result, attn_answer* answer) {
  return guarded(answer, [&] {
    const attn_status status = check_question(implementation, *device, *problem, answer);
    if (status != ATTN_STATUS_OK) return status;
    auto made = std::make_unique<attn_plan>(attn_plan{CudaPlan(*problem, device->index)});
    if (device->index >= 0) {
      const attn_status loaded = load_kernels(made->plan, device->index, answer);
      if (loaded != ATTN_STATUS_OK) return loaded;
    }
    describe_plan(made->plan, answer);
    *result = made.release();
    return status;
  });
}

void free_plan(attn_plan* plan) {
  delete plan;
}

attn_status forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                    const attn_run* run, attn_answer* answer) {
  const attn_status status = check_run(plan->plan, *run, plan->plan.forward_workspace_bytes(), answer);
  return status == ATTN_STATUS_OK ? queue_forward(plan->plan, *tensors, *extras, *run, answer) : status;
}

attn_status backward(attn_plan* plan, const attn_backward_tensors* tensors, const attn_extras* extras,
                     const attn_run* run, attn_answer* answer) {
  const attn_status status = check_run(plan->plan, *run, plan->plan.backward_workspace_bytes(), answer);
  return status == ATTN_STATUS_OK ? queue_backward(plan->plan, *tensors, *extras, *run, answer) : status;
}

constexpr attn_implementation kEager{sizeof(attn_implementation), ATTN_DEVICE_CUDA, "eager",
                                     "explicit scores, softmax and values, with fp32 arithmetic"};
constexpr const attn_implementation* kImplementations[] = {&kEager};

constexpr attn_plugin kPlugin{sizeof(attn_plugin),
                              ATTN_ABI,
                              "cuda_eager",
                              "1.0.0",
                              "the reference on NVIDIA GPUs that other kernels are compared with",
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
