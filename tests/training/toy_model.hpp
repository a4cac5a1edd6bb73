/// \file
/// A transformer that is small enough to be looked at weight by weight, over each of the plugins.
#pragma once

#include <memory>
#include <random>
#include <string>

#include "examples/ppo_trainer/role_attention.hpp"
#include "examples/ppo_trainer/transformer.hpp"

namespace ppo_trainer::test {

/// What the role runs over sequences of `length`, computed by the plugin of that name ("eager" or "sdpa").
cfgtool::attention::RoleChoice toy_choice(const std::string& implementation, const ModelSizes& sizes, int64_t length,
                                          int32_t dtype = ATTN_DTYPE_F32);

/// Two layers, grouped heads; weights of the head are large, so that no output is like another.
ModelSizes toy_sizes(int64_t outputs);
Transformer toy_model(int64_t outputs);

std::vector<int32_t> random_tokens(size_t count, int64_t vocabulary, std::mt19937_64& random);
Floats random_floats(size_t count, std::mt19937_64& random);

double norm(const Floats& values);
double dot(const Floats& a, const Floats& b);
double greatest_difference(const Floats& a, const Floats& b);

}  // namespace ppo_trainer::test
