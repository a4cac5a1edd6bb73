/// \file
/// Runs a plugin's kernel on tensors of plain floats: rounds them to the type that the kernel computes in, and back.
#pragma once

#include <memory>

#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/selector.hpp"
#include "number_formats.hpp"

namespace ppo_trainer {

struct Inputs {
  Floats query, key, value;
};

struct Forward {
  Floats output;
  Floats lse;  ///< empty if the problem does not have ATTN_PASS_LSE
};

struct Gradients {
  Floats query, key, value;
};

/// One problem's kernel. All functions throw cfgtool::attention::KernelError.
class KernelRun {
 public:
  KernelRun(const cfgtool::attention::Candidate& chosen, const attn_problem& problem,
            std::shared_ptr<cfgtool::attention::ThreadPool> pool);

  const attn_problem& problem() const { return problem_; }
  Forward forward(const Inputs& inputs);
  Gradients backward(const Inputs& inputs, const Forward& forward, const Floats& d_output);

 private:
  attn_problem problem_;
  cfgtool::attention::AttentionKernel kernel_;
};

}  // namespace ppo_trainer
