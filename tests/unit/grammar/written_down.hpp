/// \file
/// Parsed overrides and interpolations as text in which every type shows: what record_grammar.py writes of Hydra's and
/// OmegaConf's own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config_engine/interpolation.hpp"
#include "config_engine/override.hpp"

namespace cfgtool {

std::string written_down(const Override& parsed);
std::string written_down(const Interpolation& parsed);

/// The lines of a recorded file, from the folder named by the environment variable GRAMMAR_DATA or else ours.
std::vector<nlohmann::json> recorded(const std::string& file);

}  // namespace cfgtool
