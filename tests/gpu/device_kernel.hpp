/// \file
/// The GPU that the tests run on, and a kernel there that takes tensors of the host as AttentionKernel does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/cuda_kernel.hpp"
#include "attention_plugins/host/machine.hpp"

namespace attention_test {

/// A plugin's implementation on CUDA devices.
struct GpuImplementation {
  std::shared_ptr<const cfgtool::attention::Plugin> plugin;
  size_t index;

  const std::string& name() const { return plugin->implementations()[index].name; }
  bool is_reference() const { return name() == "eager"; }
};

/// GPU 0, whose context is current in the thread that first asks for it.
class Gpu {
 public:
  /// There is one: main() has looked.
  static Gpu& first();

  const cfgtool::attention::CudaContext& context() const { return context_; }
  const attn_device& device() const { return device_; }
  /// The tests' own driver: runs at once on the host, so that nothing can be said of streams.
  bool is_fake() const;

  GpuImplementation eager() const { return all_.front(); }
  /// eager, then what the cudnn plugin has, if it was built.
  const std::vector<GpuImplementation>& all() const { return all_; }

 private:
  Gpu();

  cfgtool::attention::Machine machine_;
  attn_device device_;
  cfgtool::attention::CudaContext context_;
  std::vector<GpuImplementation> all_;
};

/// Memory of a GPU is aligned, so that a problem can promise more than it does of the host's: 16 bytes.
attn_problem for_gpu(attn_problem problem);

/// Copies everything there, runs, waits, and copies the outputs back. The workspace is filled with NaNs before each
/// run.
class DeviceKernel {
 public:
  DeviceKernel(const GpuImplementation& implementation, const attn_problem& problem)
      : kernel_(Gpu::first().context(), Gpu::first().device(), implementation.plugin, implementation.index,
                for_gpu(problem)) {}

  const cfgtool::attention::Plan& plan() const { return kernel_.plan(); }
  void forward(const cfgtool::attention::ForwardTensors& tensors, const attn_extras& extras);
  void backward(const cfgtool::attention::BackwardTensors& tensors, const attn_extras& extras);

 private:
  cfgtool::attention::CudaKernel kernel_;
};

/// What an implementation says to a problem.
cfgtool::attention::Answer ask(const GpuImplementation& implementation, const attn_problem& problem);

}  // namespace attention_test
