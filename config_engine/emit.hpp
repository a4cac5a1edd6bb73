/// \file
/// A composition as text: what Hydra's --cfg prints, and the same as JSON.
#pragma once

#include <optional>
#include <string>

#include "config_engine/compose.hpp"

namespace cfgtool {

enum class CfgPart : uint8_t { kJob, kHydra, kAll };

/// What `--cfg` prints. \param package only this part of it; absent: all \throws ConfigError with sources
std::string print_cfg(Composition& composition, CfgPart part, bool resolve, const std::optional<std::string>& package);

/// The same as one JSON document. Numbers that JSON does not have (inf, nan) are strings; bytes are base64 texts.
std::string print_cfg_json(Composition& composition, CfgPart part, bool resolve,
                           const std::optional<std::string>& package);

/// One value as JSON text.
std::string write_json(const Tree& tree, NodeId root, int indent = -1);

}  // namespace cfgtool
