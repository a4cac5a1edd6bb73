/// \file
/// What a person wrote about a key: the comment above it in its file, or behind it.
#pragma once

#include <string>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The comment lines directly above the key, as far in as the key is, else the comment behind it; in one line. Looked
/// for where the value was written, then where those that it replaced were. Empty if there is none.
std::string key_comment(const SourceMap& sources, const Tree& tree, NodeId node);

}  // namespace cfgtool
