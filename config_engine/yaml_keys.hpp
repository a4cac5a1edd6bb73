/// \file
/// Mapping keys as Python's dict has them: made from any hashable scalar, and 1, 1.0 and True are one key.
#pragma once

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The key that a value makes. Its text lives as long as `sources`.
/// \throws ConfigError (code yaml-bad-key) for null and for collections, which OmegaConf does not take as keys.
Key make_yaml_key(SourceMap& sources, const Node& value, SourcePos pos);

/// The value that makes the key; its text is the key's.
Node make_key_value(const Key& key);

/// The child of a map whose key is equal to `key` in Python, or kNoNode. Integers beyond 64 bits and floats are not
/// compared with each other.
NodeId find_python_key(const Tree& tree, NodeId map, const Key& key);

}  // namespace cfgtool
