/// \file
/// A whole training: from the configuration and the chosen attention to metrics.jsonl and a summary.
#pragma once

#include <memory>
#include <vector>

#include "attention_plugins/host/executor.hpp"
#include "attention_plugins/host/role_choice.hpp"
#include "config_engine/hydra_main.hpp"
#include "schemas/attention_spec.hpp"

namespace ppo_trainer {

/// \param choices of each role of `spec`, in order; every one must have chosen a plugin
/// \throws cfgtool::ConfigError for what cannot be trained here; cfgtool::attention::KernelError; std::runtime_error if
/// the training diverges; std::system_error if metrics cannot be written
void run_training(const cfgtool::Job& job, const cfgtool::AttentionSpec& spec,
                  const std::vector<cfgtool::attention::RoleChoice>& choices,
                  std::shared_ptr<cfgtool::attention::ThreadPool> pool);

}  // namespace ppo_trainer
