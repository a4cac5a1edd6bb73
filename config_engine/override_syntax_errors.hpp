/// \file
/// What to say about a command-line word that is not in the grammar. Private to the override room.
#pragma once

#include <cstdint>
#include <vector>

#include "config_engine/override_lexer.hpp"
#include "config_engine/override_parser.hpp"

namespace cfgtool {

/// Where the parser stopped.
struct OverrideSyntaxProblem {
  OverrideToken token{};       ///< the one that cannot stand where it stands
  const char* expected = "";   ///< what could
  bool has_equal = false;      ///< whether the `=` behind the key was passed
  uint32_t value_begin = 0;    ///< behind that `=`
  std::vector<uint32_t> open;  ///< the brackets that are open there, outermost first
};

/// Throws a ConfigError with the code `override-syntax`.
[[noreturn]] void throw_override_syntax_error(const OverrideWord& word, const OverrideSyntaxProblem& problem);

}  // namespace cfgtool
