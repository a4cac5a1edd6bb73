/// \file
/// Runs one role's attention on random numbers and checks what must hold, whatever the kernel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/executor.hpp"
#include "attention_plugins/host/role_choice.hpp"
#include "schemas/attention_spec.hpp"

namespace ppo_trainer {

/// Sequences are cut to this length for the checks: the scores' number grows with its square.
inline constexpr int64_t kLongestChecked = 64;

struct Check {
  std::string what;  ///< what must hold
  bool holds = false;
  std::string detail;  ///< the number that was found, and the most that it may be
};

/// The forward pass, and for a role that trains the backward pass, with the role's own heads, head dimension and type.
/// `choice` must have chosen a plugin. \throws cfgtool::attention::KernelError if the kernel cannot be made or run
std::vector<Check> check_attention(const cfgtool::RoleSpec& role, const cfgtool::attention::RoleChoice& choice,
                                   const std::shared_ptr<cfgtool::attention::ThreadPool>& pool);

}  // namespace ppo_trainer
