/// \file
/// What a schema says in words about one value of a configuration.
#pragma once

#include <string>

#include "schemas/schema.hpp"

namespace cfgtool {

/// The description of the key, or its title, on one line; empty if the schema says nothing. A key that the schema does
/// not name has what is said of all keys that match a pattern, or of all others.
std::string key_description(const Schema& schema, const Tree& tree, NodeId node);

}  // namespace cfgtool
