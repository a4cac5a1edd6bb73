/// \file
/// What an answer about a specification takes for granted.
#pragma once

#include <string>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "schemas/attention_spec.hpp"

namespace cfgtool {

/// Warnings about an answer for a GPU that is elsewhere, on whose word a job may be sent there: sizes that nobody gave
/// (code attention-example-sizes), and what the model's config.json says that no plugin is asked about
/// (attention-not-asked). Roles that share the cause share the warning. None for a specification without a device.
std::vector<Diagnostic> assumptions(const AttentionSpec& spec);

}  // namespace cfgtool
