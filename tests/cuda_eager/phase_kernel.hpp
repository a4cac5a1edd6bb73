/// \file
/// Runs the phases of cuda_eager as loops on the CPU, with chunks of any size and in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "attention_plugins/cuda_eager/passes.hpp"
#include "attention_plugins/host/plan.hpp"

namespace attention_test {

class PhaseKernel {
 public:
  enum class Order { kForwards, kBackwards };
  PhaseKernel(const attn_problem& problem, int64_t most_matrix_bytes, Order order = Order::kForwards)
      : plan_(problem, 0, most_matrix_bytes), order_(order) {}

  const cfgtool::attention::cuda_eager::CudaPlan& plan() const { return plan_; }

  void forward(const cfgtool::attention::ForwardTensors& tensors, const attn_extras& extras);
  void backward(const cfgtool::attention::BackwardTensors& tensors, const attn_extras& extras);

  /// False once a pass wrote behind its workspace.
  bool kept_to_workspace() const { return kept_to_workspace_; }

 private:
  /// Filled with NaNs, since its contents are undefined, and a guard behind it.
  void make_workspace(uint64_t bytes);
  void check_guard();
  auto loop() const;

  cfgtool::attention::cuda_eager::CudaPlan plan_;
  Order order_;
  std::vector<float> workspace_;
  bool kept_to_workspace_ = true;
};

}  // namespace attention_test
