/// \file
/// The tokens of a command-line word: Hydra's OverrideLexer.g4 with its two modes. Up to the first `=` it is in
/// DEFAULT_MODE (keys), then in VALUE_MODE.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cfgtool {

enum class OverrideTokenType : uint8_t {
  // both modes
  kEqual,
  kColon,
  kId,
  // keys
  kTilde,
  kPlus,
  kAt,
  kSlash,
  kKeySpecial,
  kDotPath,
  // values
  kParenOpen,
  kComma,
  kParenClose,
  kBracketOpen,
  kBracketClose,
  kBraceOpen,
  kBraceClose,
  kFloat,
  kInt,
  kBool,
  kNull,
  kUnquotedChar,
  kEsc,
  kWs,
  kQuotedValue,
  kInterpolation,
  // not in the grammar
  kEnd,    ///< behind the last byte
  kError,  ///< a byte that begins no token; the last token of its list
};

/// `begin` and `end` are bytes in the word. Blanks around a separator belong to it.
struct OverrideToken {
  OverrideTokenType type;
  uint32_t begin;
  uint32_t end;
};

/// All tokens; the last one is kEnd or kError.
std::vector<OverrideToken> lex_override(std::string_view word);

/// The end of the quoted text whose opening quote is at `at`, closing quote included, or npos if none closes it: the
/// first such quote behind an even number of backslashes (rule QUOTED_VALUE).
size_t match_quoted(std::string_view text, size_t at);

}  // namespace cfgtool
