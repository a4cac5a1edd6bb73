/// \file
/// Mapping keys: made from any scalar but null.
#pragma once

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The key that a value makes. Its text lives as long as `sources`.
/// \throws ConfigError (code yaml-bad-key) for null and for collections, which OmegaConf does not take as keys.
Key make_yaml_key(SourceMap& sources, const Node& value, SourcePos pos);

/// The value that makes the key; its text is the key's.
Node make_key_value(const Key& key);

}  // namespace cfgtool
