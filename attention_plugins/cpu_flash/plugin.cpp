// The plugin "cpu_flash": which problems it takes, its options, and its table.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/cpu_flash/kernels.hpp"
#include "attention_plugins/geometry/checks.hpp"

struct attn_instance {
  const cfgtool::attention::cpu_flash::Path* path;
};

struct attn_plan {
  cfgtool::attention::cpu_flash::FlashPlan plan;
};

namespace {

using namespace cfgtool::attention::geometry;
using namespace cfgtool::attention::cpu_flash;

constexpr int64_t kLargestHeadDim = 1024;

attn_status check(uint32_t implementation, const attn_device& device, const attn_problem& problem,
                  attn_answer* answer) {
  if (const attn_status status = check_question(implementation, 1, device, problem, answer); status != ATTN_STATUS_OK)
    return status;
  if (problem.head_dim_qk > kLargestHeadDim || problem.head_dim_v > kLargestHeadDim)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_HEAD_DIM,
               "head_dim %lld or %lld is larger than %lld, the largest that is supported",
               static_cast<long long>(problem.head_dim_qk), static_cast<long long>(problem.head_dim_v),
               static_cast<long long>(kLargestHeadDim));
  if ((problem.flags & ATTN_FLAG_D_BIAS) != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_BIAS, "the gradient of the bias is not supported");
  return ATTN_STATUS_OK;
}

FlashPlan make_plan(const attn_instance& instance, const attn_device& device, const attn_problem& problem) {
  return {Geometry(problem), device.max_workers, &instance.path->of(problem.dtype)};
}

void describe_plan(const FlashPlan& plan, attn_answer* answer) {
  if ((plan.problem.passes & ATTN_PASS_FORWARD) != 0) answer->forward_workspace_bytes = plan.forward_workspace_bytes();
  if ((plan.problem.passes & ATTN_PASS_BACKWARD) != 0)
    answer->backward_workspace_bytes = plan.backward_workspace_bytes();
  std::snprintf(answer->engine, sizeof(answer->engine), "cpu_flash %s%s", plan.kernels->name,
                plan.splits_keys() ? ", split keys" : "");
}

attn_status open_plugin(const attn_host*, const char* options, attn_instance** instance, attn_answer* answer) {
  constexpr std::string_view kPath = "path=";
  const std::string_view given = options;
  const Path* path = &available_paths().front();
  if (!given.empty()) {
    path = given.substr(0, kPath.size()) == kPath ? find_path(given.substr(kPath.size())) : nullptr;
    if (path == nullptr)
      return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_OPTIONS,
                 "the option '%s' is none: path=avx512_bf16, avx512, avx2, sse4 or portable chooses among what the "
                 "processor has",
                 options);
  }
  *instance = new (std::nothrow) attn_instance{path};
  if (*instance == nullptr)
    return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for the plugin");
  return ATTN_STATUS_OK;
}

void close_plugin(attn_instance* instance) {
  delete instance;
}

attn_status query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                  const attn_problem* problem, int32_t, attn_answer* answer) {
  answer->level = ATTN_LEVEL_RULES;
  if (const attn_status status = check(implementation, *device, *problem, answer); status != ATTN_STATUS_OK)
    return status;
  answer->documented = 1;
  describe_plan(make_plan(*instance, *device, *problem), answer);
  return ATTN_STATUS_OK;
}

attn_status plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                 const attn_problem* problem, attn_plan** result, attn_answer* answer) {
  if (const attn_status status = check(implementation, *device, *problem, answer); status != ATTN_STATUS_OK)
    return status;
  *result = new (std::nothrow) attn_plan{make_plan(*instance, *device, *problem)};
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
  if (status == ATTN_STATUS_OK) cfgtool::attention::cpu_flash::forward(plan->plan, *tensors, *extras, *run);
  return status;
}

attn_status backward(attn_plan* plan, const attn_backward_tensors* tensors, const attn_extras* extras,
                     const attn_run* run, attn_answer* answer) {
  const attn_status status =
      check_run(plan->plan.problem, *extras, *run, plan->plan.backward_workspace_bytes(), answer);
  if (status == ATTN_STATUS_OK) cfgtool::attention::cpu_flash::backward(plan->plan, *tensors, *extras, *run);
  return status;
}

attn_status describe_device(attn_instance* instance, int32_t kind, int32_t index, const attn_writer* writer,
                            attn_answer* answer) {
  if (kind != ATTN_DEVICE_CPU || index != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DEVICE, "knows the CPU only, which is one device");
  constexpr int kRepeats = 60;
  const Path& path = *instance->path;
  char text[128];
  const int size =
      std::snprintf(text, sizeof(text), "{\"path\": \"%s\", \"fp32_fma_gflops\": %.1f, \"bf16_gflops\": %.1f}",
                    path.name, path.kernels->peak_gflops(kRepeats), path.bf16_kernels->peak_gflops(kRepeats));
  if (writer->write(writer->context, text, static_cast<uint64_t>(size)) != 0)
    return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "the description was not taken");
  return ATTN_STATUS_OK;
}

constexpr attn_implementation kSdpa{sizeof(attn_implementation), ATTN_DEVICE_CPU, "sdpa",
                                    "tiled online softmax; memory for tiles only, sums in fp32"};
constexpr const attn_implementation* kImplementations[] = {&kSdpa};

constexpr attn_plugin kPlugin{sizeof(attn_plugin),
                              ATTN_ABI,
                              "cpu_flash",
                              "1.0.0",
                              "fused attention on the CPU with its vector instructions",
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
                              describe_device};

}  // namespace

const attn_plugin* attn_plugin_entry(uint32_t) {
  return &kPlugin;
}
