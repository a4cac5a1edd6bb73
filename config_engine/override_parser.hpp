/// \file
/// Hydra's OverrideParser.g4 by recursive descent, one function per rule. Private to the override room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"
#include "config_engine/override_element.hpp"
#include "config_engine/override_lexer.hpp"
#include "config_engine/source.hpp"

namespace cfgtool {

/// How deep brackets and calls may be nested. Hydra gives up between 200 and 350, by Python's recursion limit.
inline constexpr int kMaxOverrideNesting = 400;

/// The word that is being parsed, for errors.
struct OverrideWord {
  SourceMap& sources;
  SourcePos pos;
  std::string_view text;
};

/// The parse tree: key and value apart, functions not called yet.
struct ParsedOverride {
  OverrideKind kind = OverrideKind::kChange;
  uint32_t key_begin = 0;
  std::string key_or_group;
  std::optional<std::string> package;
  bool has_equal = false;
  uint32_t value_begin = 0;      ///< behind the `=`, blanks included
  std::optional<Element> value;  ///< nothing for `key=`
};

/// \throws ConfigError as parse_override
ParsedOverride parse_override_tree(const OverrideWord& word);

/// The problem `reason` with Hydra's first line above it, at byte `begin` of the word.
Diagnostic override_problem(const OverrideWord& word, const char* code, const std::string& reason, uint32_t begin,
                            uint32_t length);

/// Throws it.
[[noreturn]] void throw_override_error(const OverrideWord& word, const char* code, const std::string& reason,
                                       uint32_t begin, uint32_t length);

}  // namespace cfgtool
