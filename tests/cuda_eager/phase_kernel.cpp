#include "tests/cuda_eager/phase_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attention_test {

using namespace cfgtool::attention;

namespace {

constexpr size_t kGuardFloats = 16;
constexpr float kGuard = 12345.0F;

}  // namespace

void PhaseKernel::make_workspace(uint64_t bytes) {
  workspace_.assign(bytes / sizeof(float), std::numeric_limits<float>::quiet_NaN());
  workspace_.insert(workspace_.end(), kGuardFloats, kGuard);
}

void PhaseKernel::check_guard() {
  kept_to_workspace_ = kept_to_workspace_ && std::all_of(workspace_.end() - kGuardFloats, workspace_.end(),
                                                         [](float value) { return value == kGuard; });
}

auto PhaseKernel::loop() const {
  return [order = order_](int64_t count, const auto& phase) {
    for (int64_t i = 0; i < count; ++i)
      phase(order == Order::kForwards ? i : count - 1 - i);
  };
}

void PhaseKernel::forward(const ForwardTensors& tensors, const attn_extras& extras) {
  attn_forward_tensors raw{};
  raw.size = sizeof(raw);
  raw.query = tensors.query.data;
  raw.key = tensors.key.data;
  raw.value = tensors.value.data;
  raw.output = tensors.output.data;
  raw.lse = tensors.lse;
  make_workspace(plan_.forward_workspace_bytes());
  cuda_eager::forward(plan_, raw, extras, workspace_.data(), loop());
  check_guard();
}

void PhaseKernel::backward(const BackwardTensors& tensors, const attn_extras& extras) {
  attn_backward_tensors raw{};
  raw.size = sizeof(raw);
  raw.query = tensors.query.data;
  raw.key = tensors.key.data;
  raw.value = tensors.value.data;
  raw.output = tensors.output.data;
  raw.lse = tensors.lse;
  raw.d_output = tensors.d_output.data;
  raw.d_query = tensors.d_query.data;
  raw.d_key = tensors.d_key.data;
  raw.d_value = tensors.d_value.data;
  make_workspace(plan_.backward_workspace_bytes());
  cuda_eager::backward(plan_, raw, extras, workspace_.data(), loop());
  check_guard();
}

}  // namespace attention_test
