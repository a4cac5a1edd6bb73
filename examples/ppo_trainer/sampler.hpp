/// \file
/// Lets a policy write answers, letter by letter.
#pragma once

#include <random>

#include "reverse_task.hpp"
#include "transformer.hpp"

namespace ppo_trainer {

/// \param prompts attention.batch() prompts of `prompt_length`, one after the other
/// \param temperature 0: always the likeliest letter, and nothing is drawn
/// \return each prompt with its answer behind it
Tokens sample_answers(const Transformer& policy, CachedAttention& attention, ThreadPool& pool, const Tokens& prompts,
                      int64_t prompt_length, int64_t response_length, double temperature, std::mt19937_64& random);

}  // namespace ppo_trainer
