/// \file
/// The tokens that values have in common in Hydra's override grammar and in OmegaConf's interpolation grammar: the
/// lexer rules FLOAT, INT, BOOL, NULL, UNQUOTED_CHAR, ID, ESC and WS of both grammars' VALUE_MODE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config_engine/tree.hpp"

namespace cfgtool {

enum class ValueToken : uint8_t { kNone, kFloat, kInt, kBool, kNull, kUnquotedChar, kId, kEsc, kWs };

/// The token at `text[at]` by ANTLR's rule: the longest match, among equally long ones the first in the list above.
/// Sets its length; kNone and 0 if there is none.
ValueToken match_value_token(std::string_view text, size_t at, size_t* length);

/// Where the blanks (WS: spaces and tabs) from `at` on end.
size_t skip_blanks(std::string_view text, size_t at);

/// The end of the number at `at` (rule INT_UNSIGNED: `0` or digits with single underscores between), or `at`.
size_t match_unsigned(std::string_view text, size_t at);

/// The end of the name at `at` (rule ID: letters, digits, `_` and `-`, no digit or `-` in front), or `at`.
size_t match_id(std::string_view text, size_t at);

inline bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_one_of(char c, std::string_view characters) {
  for (const char candidate : characters) {
    if (c == candidate) return true;
  }
  return false;
}

/// `text` without every other character, beginning with the first: undoes the escapes of an ESC token.
std::string drop_escapes(std::string_view text);

/// The value of a kFloat, kInt, kBool or kNull token. The digits of a big integer are put into `*big_digits`, where the
/// caller gives them a home. \returns false if an integer has more digits than Python reads (4,300).
bool token_value(ValueToken token, std::string_view text, Node* value, std::string* big_digits);

/// A text that is the same for two dict keys exactly if Python takes them for one: 1, 1.0 and True are one key, 1 and
/// "1" are two. Empty for NaN, which is no other key. Of equal keys the later value wins, at the earlier key's place,
/// and the earlier key stays.
std::string python_key_identity(const Node& key);

}  // namespace cfgtool
