/// \file
/// What a YAML parser has found: one value, or the beginning of one.
#pragma once

#include <cstdint>
#include <string_view>

#include "config_engine/source.hpp"

namespace cfgtool {

struct YamlEvent {
  enum class Kind : uint8_t { kScalar, kAlias, kSequenceStart, kMappingStart };

  Kind kind = Kind::kScalar;
  bool plain = false;       ///< a scalar whose text decides what type it has, unless `tag` does
  SourcePos pos;            ///< of the value's first byte
  SourcePos property_pos;   ///< of the tag or anchor in front of it, if there is one
  std::string_view text;    ///< a scalar's value, an alias's name
  std::string_view anchor;  ///< empty if there is none
  std::string_view tag;     ///< the full tag ("tag:yaml.org,2002:str"), "!", or empty if there is none
};

}  // namespace cfgtool
