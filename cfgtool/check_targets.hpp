/// \file
/// The devices that `cfgtool attention check --device …` asks about.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/device_catalogue.hpp"
#include "attention_plugins/host/machine.hpp"

namespace cfgtool {

struct CheckTarget {
  std::string name;  ///< "cpu", "cuda:1" or "h100"
  attn_device device{};
  std::shared_ptr<const attention::KnownDevice> known;  ///< null: a device of this machine
  std::string missing;                                  ///< why this machine has no such device; else empty

  bool verified() const { return !known || known->verified; }
  /// ATTN_LEVEL_…: how closely may be asked: of what is not verified only rules are believed.
  int32_t level(int32_t asked) const { return verified() ? asked : ATTN_LEVEL_RULES; }
};

struct CheckTargets {
  attention::Machine machine;  ///< looked at only if one of its devices is asked about
  std::vector<CheckTarget> all;
};

/// \param words cpu, cuda, cuda:N, a GPU's name, a file, or `all` known GPUs; each device is asked about once
/// \throws ConfigError with sources
CheckTargets find_targets(const std::vector<std::string>& words, const attention::DeviceFolders& folders);

}  // namespace cfgtool
