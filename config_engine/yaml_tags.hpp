/// \file
/// What YAML tags such as `!!str` make of a value: those that PyYAML's SafeLoader and OmegaConf know.
#pragma once

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"
#include "config_engine/yaml_event.hpp"

namespace cfgtool {

enum class YamlCollectionTag : uint8_t {
  kPlain,
  kPairs,  ///< `!!omap` or `!!pairs`: a list of one-key mappings that stands for a list of [key, value]
};

/// The value of a scalar event, from its tag or, without one, from its text; without its position. \throws ConfigError
Node make_yaml_scalar(SourceMap& sources, const YamlEvent& event, bool is_key);

/// Whether a key is `<<`, by its text or its tag.
bool is_merge_key(const YamlEvent& event);

/// What a collection's tag makes of it. \throws ConfigError if it cannot have that tag.
YamlCollectionTag check_collection_tag(const YamlEvent& event);

}  // namespace cfgtool
