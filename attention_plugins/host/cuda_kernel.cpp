#include "attention_plugins/host/cuda_kernel.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "attention_plugins/host/names.hpp"

namespace cfgtool::attention {
namespace {

/// From the first element to the last.
int64_t spanned_bytes(int32_t dtype, const Dims& size, const int64_t* stride) {
  int64_t last = 0;
  for (size_t i = 0; i < size.size(); ++i) {
    if (size[i] == 0) return 0;
    last += (size[i] - 1) * stride[i];
  }
  return (last + 1) * dtype_bytes(dtype);
}

}  // namespace

CudaKernel::CudaKernel(const CudaContext& context, const attn_device& device, std::shared_ptr<const Plugin> plugin,
                       size_t implementation, const attn_problem& problem)
    : plan_(std::move(plugin), implementation, device, problem),
      workspace_(context, std::max(plan_.forward_workspace_bytes(), plan_.backward_workspace_bytes())),
      stream_(context) {}

attn_run CudaKernel::run(uint64_t workspace_bytes) const {
  attn_run run{};
  run.size = sizeof(run);
  run.workspace = workspace_bytes == 0 ? nullptr : workspace_.data();
  run.workspace_bytes = workspace_bytes;
  run.stream = stream_.handle();
  return run;
}

void CudaKernel::forward(const ForwardTensors& tensors, const attn_extras& extras) const {
  plan_.forward(tensors, extras, run(plan_.forward_workspace_bytes()));
}

void CudaKernel::backward(const BackwardTensors& tensors, const attn_extras& extras) const {
  plan_.backward(tensors, extras, run(plan_.backward_workspace_bytes()));
}

template <typename Type>
Type* CudaCopies::copied(Type* host, int64_t bytes) {
  if (host == nullptr) return nullptr;
  auto found = copies_.find(host);
  if (found == copies_.end()) {
    CudaMemory memory(context_, static_cast<size_t>(std::max<int64_t>(bytes, 1)));
    if (bytes > 0) memory.copy_from(host);
    found = copies_.emplace(host, Copy{std::move(memory), nullptr}).first;
  }
  if constexpr (!std::is_const_v<Type>) found->second.output = bytes > 0 ? host : nullptr;
  return static_cast<Type*>(found->second.memory.data());
}

template <typename Void>
BasicTensor<Void> CudaCopies::copied(const BasicTensor<Void>& host) {
  BasicTensor<Void> device = host;
  device.data = copied(host.data, spanned_bytes(host.dtype, host.size, host.stride.data()));
  return device;
}

ForwardTensors CudaCopies::copy(const ForwardTensors& host) {
  return {copied(host.query), copied(host.key), copied(host.value), copied(host.output),
          copied(host.lse, lse_count(problem_) * static_cast<int64_t>(sizeof(float)))};
}

BackwardTensors CudaCopies::copy(const BackwardTensors& host) {
  BackwardTensors device;
  device.query = copied(host.query);
  device.key = copied(host.key);
  device.value = copied(host.value);
  device.output = copied(host.output);
  device.lse = copied(host.lse, lse_count(problem_) * static_cast<int64_t>(sizeof(float)));
  device.d_output = copied(host.d_output);
  device.d_query = copied(host.d_query);
  device.d_key = copied(host.d_key);
  device.d_value = copied(host.d_value);
  return device;
}

attn_extras CudaCopies::copy(const attn_extras& host) {
  const attn_problem& p = problem_;
  constexpr int64_t kNumber = sizeof(int32_t);
  static_assert(sizeof(float) == kNumber);
  attn_extras device = host;
  device.lengths_q = copied(host.lengths_q, p.batch * kNumber);
  device.lengths_kv = copied(host.lengths_kv, p.batch * kNumber);
  device.offsets_q = copied(host.offsets_q, (p.batch + 1) * kNumber);
  device.offsets_kv = copied(host.offsets_kv, (p.batch + 1) * kNumber);
  device.bias = copied(host.bias, spanned_bytes(p.bias_dtype, bias_size(p), p.bias_stride));
  device.alibi_slopes = copied(host.alibi_slopes, p.heads_q * kNumber);
  device.dropout_seed = copied(host.dropout_seed, sizeof(int64_t));
  device.dropout_offset = copied(host.dropout_offset, sizeof(int64_t));
  device.sink = copied(host.sink, p.heads_q * kNumber);
  device.d_bias = copied(host.d_bias, spanned_bytes(p.bias_dtype, bias_size(p), p.d_bias_stride));
  device.d_sink = copied(host.d_sink, p.heads_q * kNumber);
  return device;
}

void CudaCopies::copy_back() {
  context_.synchronize();
  for (const auto& entry : copies_) {
    if (entry.second.output != nullptr) entry.second.memory.copy_to(entry.second.output);
  }
}

void CudaRun::forward(const ForwardTensors& host, const attn_extras& extras) {
  forward_ = copies_.copy(host);
  forward_extras_ = copies_.copy(extras);
  has_forward_ = true;
}

void CudaRun::backward(const BackwardTensors& host, const attn_extras& extras) {
  backward_ = copies_.copy(host);
  backward_extras_ = copies_.copy(extras);
  has_backward_ = true;
}

void CudaRun::queue() const {
  if (has_forward_) kernel_.forward(forward_, forward_extras_);
  if (has_backward_) kernel_.backward(backward_, backward_extras_);
}

void CudaRun::queue(const Plan& plan, const attn_run& run) const {
  if (has_forward_) plan.forward(forward_, forward_extras_, run);
  if (has_backward_) plan.backward(backward_, backward_extras_, run);
}

}  // namespace cfgtool::attention
