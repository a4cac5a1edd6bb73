/// \file
/// Which configurations this program can train, and the sizes of their models. What it cannot, it refuses with all
/// reasons; the attention of such a configuration can still be checked.
#pragma once

#include <cstdint>
#include <string>

#include "settings.hpp"

namespace ppo_trainer {

/// \throws cfgtool::ConfigError, code not-trainable: a role is absent, a model comes from a file, a size is not said,
/// the roles' lengths differ, or there is no text to learn
void refuse_what_cannot_be_trained(const cfgtool::Config& cfg, const cfgtool::AttentionSpec& spec,
                                   bool needs_reference);

/// The model of `role`, which is "actor" or "critic": its heads as the attention specification says, the rest from its
/// override_config, under Hugging Face's names.
ModelSizes model_sizes(const cfgtool::Config& cfg, const cfgtool::AttentionSpec& spec, const std::string& role,
                       int64_t vocabulary, int64_t outputs);

/// \throws cfgtool::ConfigError, code not-trainable, if a step would take minutes
void refuse_what_takes_too_long(const cfgtool::Config& cfg, const Settings& settings);

}  // namespace ppo_trainer
