/// \file
/// The keys of an attention mapping for completion in a shell.
#pragma once

#include <string>
#include <vector>

#include "config_engine/completion.hpp"

namespace cfgtool {

/// The keys that choose an implementation, which a configuration need not hold yet, with the names that the framework
/// knows, and the key that names a GPU. \param mapping as in read_attention_mapping \param devices names of GPUs
/// \throws ConfigError as read_attention_mapping
std::vector<KnownKey> known_attention_keys(const std::string& mapping, const std::vector<std::string>& devices);

}  // namespace cfgtool
