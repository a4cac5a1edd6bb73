/// \file
/// A tree's value as the JSON library's, for what the JSON schema library compares. Private to schemas.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "config_engine/tree.hpp"

namespace cfgtool {

/// What JSON has no word for: bytes become a text, an integer beyond 64 bits a float. Keys become their text.
nlohmann::json to_json_value(const Tree& tree, NodeId id);

}  // namespace cfgtool
