/// \file
/// One thing in a tree that does not fit a schema, before it is worded for people. Private to schemas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct SchemaProblem {
  std::string code;       ///< `schema-…`
  NodeId node = kNoNode;  ///< the value; for a key that is missing, the mapping that lacks it
  bool at_key = false;    ///< it is the key that is wrong, not its value
  std::string key;        ///< of a key that is missing; else empty
  uint32_t part = 0;      ///< the subschema that it does not fit
  std::string message;
  std::vector<std::string> notes;
  std::string nearest;  ///< the key or the value that was probably meant
  Severity severity = Severity::kError;
};

}  // namespace cfgtool
