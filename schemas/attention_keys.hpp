/// \file
/// The keys of an attention mapping for completion in a shell.
#pragma once

#include <string>
#include <vector>

#include "config_engine/completion.hpp"

namespace cfgtool {

/// The keys that choose an implementation, which a configuration need not hold yet, with the names that the framework
/// knows. \param mapping as in read_attention_mapping \throws ConfigError as that
std::vector<KnownKey> known_attention_keys(const std::string& mapping);

}  // namespace cfgtool
