/// \file
/// Running attention on a GPU: a plan with its workspace and its stream, and copies of tensors in the GPU's memory.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "attention_plugins/host/cuda_driver.hpp"
#include "attention_plugins/host/plan.hpp"

namespace cfgtool::attention {

/// A plan on a GPU with its workspace. To be used by one thread at a time. The context must outlive it.
class CudaKernel {
 public:
  CudaKernel(const CudaContext& context, const attn_device& device, std::shared_ptr<const Plugin> plugin,
             size_t implementation, const attn_problem& problem);

  const Plan& plan() const { return plan_; }
  const CudaStream& stream() const { return stream_; }
  CudaMemory& workspace() { return workspace_; }

  /// Tensors and extras lie in the GPU's memory. Queues the work on stream(), and does not wait for it.
  void forward(const ForwardTensors& tensors, const attn_extras& extras) const;
  void backward(const BackwardTensors& tensors, const attn_extras& extras) const;

 private:
  attn_run run(uint64_t workspace_bytes) const;

  Plan plan_;
  CudaMemory workspace_;
  CudaStream stream_;
};

/// Copies of a problem's tensors and extras in a GPU's memory. What lies at one place of the host is copied once,
/// however often it is asked for.
class CudaCopies {
 public:
  CudaCopies(const CudaContext& context, const attn_problem& problem) : context_(context), problem_(problem) {}

  /// The same with addresses in the GPU's memory, which live as long as this object.
  ForwardTensors copy(const ForwardTensors& host);
  BackwardTensors copy(const BackwardTensors& host);
  attn_extras copy(const attn_extras& host);

  /// Waits for the GPU, and copies outputs to where they came from, with what lies between their rows.
  void copy_back();

 private:
  struct Copy {
    CudaMemory memory;
    void* output;  ///< null unless it is one
  };
  template <typename Type>
  Type* copied(Type* host, int64_t bytes);
  template <typename Void>
  BasicTensor<Void> copied(const BasicTensor<Void>& host);

  const CudaContext& context_;
  attn_problem problem_;
  std::map<const void*, Copy> copies_;  ///< by the place on the host
};

/// A kernel with copies of its tensors, to be queued again and again.
class CudaRun {
 public:
  CudaRun(const CudaContext& context, const attn_device& device, std::shared_ptr<const Plugin> plugin,
          size_t implementation, const attn_problem& problem)
      : kernel_(context, device, std::move(plugin), implementation, problem), copies_(context, problem) {}

  /// Keep copies of what a pass on the host would get, and run nothing.
  void forward(const ForwardTensors& host, const attn_extras& extras);
  void backward(const BackwardTensors& host, const attn_extras& extras);

  /// The passes that were given, on the kernel's stream; does not wait.
  void queue() const;
  /// The same with another plan of the same problem.
  void queue(const Plan& plan, const attn_run& run) const;
  void copy_back() { copies_.copy_back(); }  ///< see CudaCopies

  const CudaKernel& kernel() const { return kernel_; }

 private:
  CudaKernel kernel_;
  CudaCopies copies_;
  bool has_forward_ = false, has_backward_ = false;
  ForwardTensors forward_;
  BackwardTensors backward_;
  attn_extras forward_extras_{}, backward_extras_{};
};

}  // namespace cfgtool::attention
