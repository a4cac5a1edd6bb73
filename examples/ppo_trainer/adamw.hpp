/// \file
/// The optimizer AdamW, with the gradient's norm clipped before.
#pragma once

#include <vector>

#include "transformer.hpp"

namespace ppo_trainer {

struct AdamWSettings {
  double lr = 0;
  double beta1 = 0.9, beta2 = 0.999;
  double weight_decay = 0;
  double grad_clip = 0;         ///< the greatest norm of all gradients together
  int64_t lr_warmup_steps = 0;  ///< the rate grows to `lr` in that many steps
};

class AdamW {
 public:
  AdamW(const AdamWSettings& settings, const std::vector<Parameter>& parameters);

  /// Changes the values by their gradients. \return the gradients' norm before it was clipped; if that is no finite
  /// number, nothing was changed
  double step(std::vector<Parameter>& parameters);
  /// That the next step takes.
  double lr() const;

 private:
  struct Moments {
    Floats first, second;
  };
  AdamWSettings settings_;
  std::vector<Moments> moments_;  ///< of each parameter
  int64_t steps_ = 0;
};

}  // namespace ppo_trainer
