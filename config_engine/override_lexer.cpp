#include "config_engine/override_lexer.hpp"

#include "config_engine/value_tokens.hpp"

namespace cfgtool {

namespace {

using Type = OverrideTokenType;

/// The end of KEY_SPECIAL: as ID, and `$`.
size_t match_key_special(std::string_view text, size_t at) {
  const auto starts = [](char c) { return is_letter(c) || c == '_' || c == '$'; };
  if (at >= text.size() || !starts(text[at])) return at;
  while (at < text.size() && (starts(text[at]) || is_digit(text[at]) || text[at] == '-'))
    ++at;
  return at;
}

size_t match_path_part(std::string_view text, size_t at) {
  const size_t end = match_key_special(text, at);
  return end > at ? end : match_unsigned(text, at);
}

/// The end of DOT_PATH, or `at`.
size_t match_dot_path(std::string_view text, size_t at) {
  size_t end = match_path_part(text, at);
  if (end == at) return at;
  bool has_dot = false;
  while (end < text.size() && text[end] == '.') {
    const size_t part_end = match_path_part(text, end + 1);
    if (part_end == end + 1) break;
    end = part_end;
    has_dot = true;
  }
  return has_dot ? end : at;
}

Type key_token(std::string_view text, size_t at, size_t* end) {
  *end = at + 1;
  switch (text[at]) {
    case '=':
      *end = skip_blanks(text, at + 1);
      return Type::kEqual;
    case '~':
      return Type::kTilde;
    case '+':
      return Type::kPlus;
    case '@':
      return Type::kAt;
    case ':':
      return Type::kColon;
    case '/':
      return Type::kSlash;
    default:
      break;
  }
  if (*end = match_dot_path(text, at); *end > at) return Type::kDotPath;
  *end = match_key_special(text, at);
  if (*end == at) return Type::kError;
  return match_id(text, at) == *end ? Type::kId : Type::kKeySpecial;
}

/// The separators that take the blanks before them. `at` is behind those blanks.
Type separator_token(std::string_view text, size_t at, size_t* end) {
  if (at >= text.size()) return Type::kError;
  *end = at + 1;
  switch (text[at]) {
    case ')':
      return Type::kParenClose;
    case ']':
      return Type::kBracketClose;
    case '}':
      return Type::kBraceClose;
    default:
      break;
  }
  *end = skip_blanks(text, at + 1);
  switch (text[at]) {
    case '(':
      return Type::kParenOpen;
    case ',':
      return Type::kComma;
    case ':':
      return Type::kColon;
    case '=':
      return Type::kEqual;
    default:
      return Type::kError;
  }
}

Type plain_token(ValueToken token) {
  switch (token) {
    case ValueToken::kNone:
      return Type::kError;
    case ValueToken::kFloat:
      return Type::kFloat;
    case ValueToken::kInt:
      return Type::kInt;
    case ValueToken::kBool:
      return Type::kBool;
    case ValueToken::kNull:
      return Type::kNull;
    case ValueToken::kUnquotedChar:
      return Type::kUnquotedChar;
    case ValueToken::kId:
      return Type::kId;
    case ValueToken::kEsc:
      return Type::kEsc;
    case ValueToken::kWs:
      return Type::kWs;
  }
  return Type::kError;
}

/// `last_brace` is where the word's last `}` stands: many "${" that nothing closes must not each be searched for one.
Type value_token(std::string_view text, size_t at, size_t last_brace, size_t* end) {
  if (const Type type = separator_token(text, skip_blanks(text, at), end); type != Type::kError) return type;
  switch (text[at]) {
    case '[':
      *end = skip_blanks(text, at + 1);
      return Type::kBracketOpen;
    case '{':
      *end = skip_blanks(text, at + 1);
      return Type::kBraceOpen;
    case '\'':
    case '"':
      *end = match_quoted(text, at);
      return *end == std::string_view::npos ? Type::kError : Type::kQuotedValue;
    case '$':
      // INTERPOLATION ends at the first brace, whatever is inside, and is not empty.
      if (text.substr(at, 2) == "${" && last_brace != std::string_view::npos && at < last_brace) {
        const size_t close = text.find('}', at + 2);
        if (close != std::string_view::npos && close > at + 2) {
          *end = close + 1;
          return Type::kInterpolation;
        }
      }
      break;
    default:
      break;
  }
  size_t length = 0;
  const ValueToken token = match_value_token(text, at, &length);
  *end = at + length;
  return plain_token(token);
}

}  // namespace

size_t match_quoted(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == quote) return i + 1;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

std::vector<OverrideToken> lex_override(std::string_view word) {
  std::vector<OverrideToken> tokens;
  const size_t last_brace = word.rfind('}');
  bool in_value = false;
  size_t at = 0;
  while (at < word.size()) {
    size_t end = at;
    const Type type = in_value ? value_token(word, at, last_brace, &end) : key_token(word, at, &end);
    if (type == Type::kError) {
      tokens.push_back({Type::kError, static_cast<uint32_t>(at), static_cast<uint32_t>(at + 1)});
      return tokens;
    }
    tokens.push_back({type, static_cast<uint32_t>(at), static_cast<uint32_t>(end)});
    if (type == Type::kEqual) in_value = true;
    at = end;
  }
  tokens.push_back({Type::kEnd, static_cast<uint32_t>(at), static_cast<uint32_t>(at)});
  return tokens;
}

}  // namespace cfgtool
