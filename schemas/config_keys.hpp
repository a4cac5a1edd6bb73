/// \file
/// Reads the values that a mapping's keys name, with their origins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config_engine/config.hpp"
#include "schemas/attention_spec.hpp"

namespace cfgtool {

/// The value at `key`; nothing where it is absent or null. \throws ConfigError if it is ???
std::optional<ConfigValue> said(const Config& cfg, const std::string& key);

Origin origin_of(const ConfigValue& value);

/// A positive size. \throws ConfigError for a value that is none, at its place
std::optional<SpecValue<int64_t>> read_size(const Config& cfg, const KeyChoice& choice);

/// A text; those in `unsaid` count as nothing. \throws ConfigError for what is no text, or an empty one
std::optional<SpecValue<std::string>> read_text(const Config& cfg, const KeyChoice& choice,
                                                const std::vector<std::string>& unsaid);

/// Whether there is a mapping at `key`. \throws ConfigError if there is something else
bool section_is_there(const Config& cfg, const std::string& key);

}  // namespace cfgtool
