/// \file
/// What a block does to one position at a time: the root-mean-square norm and the SiLU function, with their backward
/// passes.
#pragma once

#include "number_formats.hpp"

namespace ppo_trainer {

/// y = x / sqrt(mean(x^2) + epsilon) * scale, for each row; a row is as long as `scale`.
Floats rms_norm_forward(const Floats& x, const Floats& scale, float epsilon);

/// Adds to the scale's gradient and returns that of x.
Floats rms_norm_backward(const Floats& x, const Floats& scale, float epsilon, const Floats& d_y, Floats& d_scale);

/// y = x / (1 + exp(-x))
Floats silu_forward(const Floats& x);
Floats silu_backward(const Floats& x, const Floats& d_y);

void add_to(Floats& sum, const Floats& term);

}  // namespace ppo_trainer
