/// \file
/// What the roles of the training use, as a table for people.
#pragma once

#include <string>
#include <vector>

#include "attention_plugins/host/role_choice.hpp"
#include "schemas/attention_spec.hpp"

namespace ppo_trainer {

/// One line for each role, refused ones included, and below what the marks mean.
std::string role_table(const cfgtool::AttentionSpec& spec, const std::vector<cfgtool::attention::RoleChoice>& choices);

}  // namespace ppo_trainer
