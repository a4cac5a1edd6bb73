// The runtime of cuda_eager with the CPU as its device: phases run as loops, at once. With it the plugin's own code
// runs where there is no GPU.
#include "attention_plugins/cuda_eager/passes.hpp"
#include "attention_plugins/cuda_eager/runtime.hpp"

namespace cfgtool::attention::cuda_eager {
namespace {

constexpr auto kLoop = [](int64_t count, const auto& phase) {
  for (int64_t index = 0; index < count; ++index)
    phase(index);
};

}  // namespace

attn_status find_device(int32_t, int32_t& compute_capability, attn_answer*) {
  if (compute_capability == 0) compute_capability = 90;
  return ATTN_STATUS_OK;
}

attn_status load_kernels(const CudaPlan&, int32_t, attn_answer*) {
  return ATTN_STATUS_OK;
}

attn_status queue_forward(const CudaPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
                          const attn_run& run, attn_answer*) {
  forward(plan, tensors, extras, run.workspace, kLoop);
  return ATTN_STATUS_OK;
}

attn_status queue_backward(const CudaPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
                           const attn_run& run, attn_answer*) {
  backward(plan, tensors, extras, run.workspace, kLoop);
  return ATTN_STATUS_OK;
}

}  // namespace cfgtool::attention::cuda_eager
