// The plugin "eager": which problems it takes, and its table.
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <new>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/eager/eager_plan.hpp"

struct attn_instance {
  const attn_host* host;
};

struct attn_plan {
  cfgtool::attention::eager::EagerPlan plan;
};

namespace {

using cfgtool::attention::eager::EagerPlan;

[[gnu::format(printf, 4, 5)]] attn_status say(attn_status status, attn_answer* answer, int32_t reason,
                                              const char* format, ...) {
  answer->reason = reason;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(answer->text, sizeof(answer->text), format, arguments);
  va_end(arguments);
  return status;
}

/// Extents of 1 have no rows or columns to be broadcast to.
bool bias_gradient_is_summed_over_scores(const attn_problem& p) {
  return (p.d_bias_stride[2] == 0 && p.seq_q > 1) || (p.d_bias_stride[3] == 0 && p.seq_kv > 1);
}

attn_status check_features(const attn_problem& p, attn_answer* answer) {
  constexpr uint32_t kKnownPasses = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;
  constexpr uint32_t kKnownFlags = ATTN_FLAG_DETERMINISTIC | ATTN_FLAG_D_BIAS | ATTN_FLAG_SINK;
  if ((p.passes & ~kKnownPasses) != 0 || (p.flags & ~kKnownFlags) != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "passes 0x%x or flags 0x%x are not known",
               p.passes, p.flags);
  if (p.diagonal != ATTN_DIAGONAL_TOP_LEFT && p.diagonal != ATTN_DIAGONAL_BOTTOM_RIGHT)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "the diagonal %d is not known", p.diagonal);
  if (p.varlen < ATTN_VARLEN_NONE || p.varlen > ATTN_VARLEN_PACKED)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "variable lengths of kind %d are not known",
               p.varlen);
  if (p.bias < ATTN_BIAS_NONE || p.bias > ATTN_BIAS_ALIBI)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "a bias of kind %d is not known", p.bias);
  if ((p.flags & ATTN_FLAG_SINK) != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_SINK, "attention sinks are not supported");
  if (p.dropout != 0.0F)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DROPOUT, "dropout %g is not supported, only 0",
               static_cast<double>(p.dropout));
  return ATTN_STATUS_OK;
}

bool is_supported_type(int32_t dtype) {
  return dtype == ATTN_DTYPE_F32 || dtype == ATTN_DTYPE_F16 || dtype == ATTN_DTYPE_BF16;
}

attn_status check_problem(const attn_problem& p, attn_answer* answer) {
  if (!is_supported_type(p.dtype))
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DTYPE,
               "8-bit types are not supported, only fp32, fp16 and bf16");
  if (const attn_status status = check_features(p, answer); status != ATTN_STATUS_OK) return status;
  if (p.bias == ATTN_BIAS_ADDITIVE && !is_supported_type(p.bias_dtype))
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_BIAS,
               "an 8-bit bias is not supported, only fp32, fp16 and bf16");
  if ((p.flags & ATTN_FLAG_D_BIAS) != 0 && bias_gradient_is_summed_over_scores(p))
    return say(
        ATTN_STATUS_REFUSED, answer, ATTN_REASON_BIAS,
        "the gradient of a bias that is broadcast over rows or keys is not supported, only over batch and heads");
  return ATTN_STATUS_OK;
}

attn_status check_question(uint32_t implementation, const attn_device* device, const attn_problem* problem,
                           attn_answer* answer) {
  if (implementation != 0 || problem->size < sizeof(attn_problem) || device->size < sizeof(attn_device))
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER,
               "implementation %u does not exist, or a struct is too short", implementation);
  if (device->kind != ATTN_DEVICE_CPU)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DEVICE, "runs on the CPU only");
  return check_problem(*problem, answer);
}

/// `bound` is -1 or a distance; one that exceeds all lengths is made small enough to be added to positions.
int64_t clamped_bound(int64_t bound) {
  constexpr int64_t kBeyondAll = int64_t{1} << 40;
  return bound > kBeyondAll ? kBeyondAll : bound;
}

EagerPlan make_plan(const attn_device& device, const attn_problem& problem) {
  EagerPlan plan{problem, device.max_workers};
  plan.problem.size = sizeof(plan.problem);
  plan.problem.window_left = clamped_bound(problem.window_left);
  plan.problem.window_right = clamped_bound(problem.window_right);
  return plan;
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
  if (const attn_status status = check_question(implementation, device, problem, answer); status != ATTN_STATUS_OK)
    return status;
  answer->documented = 1;
  describe_plan(make_plan(*device, *problem), answer);
  return ATTN_STATUS_OK;
}

attn_status plan(attn_instance*, uint32_t implementation, const attn_device* device, const attn_problem* problem,
                 attn_plan** result, attn_answer* answer) {
  if (const attn_status status = check_question(implementation, device, problem, answer); status != ATTN_STATUS_OK)
    return status;
  *result = new (std::nothrow) attn_plan{make_plan(*device, *problem)};
  if (*result == nullptr) return say(ATTN_STATUS_OUT_OF_MEMORY, answer, ATTN_REASON_RESOURCES, "no memory for a plan");
  describe_plan((*result)->plan, answer);
  return ATTN_STATUS_OK;
}

void free_plan(attn_plan* plan) {
  delete plan;
}

bool lengths_fit(const int32_t* lengths, int64_t batch, int64_t longest) {
  for (int64_t b = 0; b < batch; ++b)
    if (lengths[b] < 0 || lengths[b] > longest) return false;
  return true;
}

bool offsets_fit(const int32_t* offsets, int64_t batch, int64_t longest, int64_t total) {
  if (offsets[0] != 0 || offsets[batch] != total) return false;
  for (int64_t b = 0; b < batch; ++b)
    if (offsets[b + 1] < offsets[b] || offsets[b + 1] - offsets[b] > longest) return false;
  return true;
}

attn_status check_run(const attn_problem& p, const attn_extras& extras, const attn_run& run, uint64_t workspace_bytes,
                      attn_answer* answer) {
  if (run.workspace_bytes < workspace_bytes)
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "the workspace is too small");
  const bool good = p.varlen == ATTN_VARLEN_PADDED ? lengths_fit(extras.lengths_q, p.batch, p.seq_q) &&
                                                         lengths_fit(extras.lengths_kv, p.batch, p.seq_kv)
                    : p.varlen == ATTN_VARLEN_PACKED ? offsets_fit(extras.offsets_q, p.batch, p.seq_q, p.total_q) &&
                                                           offsets_fit(extras.offsets_kv, p.batch, p.seq_kv, p.total_kv)
                                                     : true;
  if (!good)
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_VARLEN,
               "the lengths or offsets of the sequences do not fit the problem's sizes");
  return ATTN_STATUS_OK;
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
