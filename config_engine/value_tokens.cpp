#include "config_engine/value_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `word` (in lower case) stands at `at`, in any case.
bool has_word(std::string_view text, size_t at, std::string_view word) {
  if (text.size() - at < word.size()) return false;
  return std::equal(word.begin(), word.end(), text.begin() + at, [](char a, char b) { return a == lower(b); });
}

/// The end of `DIGIT (('_')? DIGIT)*`, or `at`.
size_t match_digits(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size()) {
    if (is_digit(text[end])) {
      ++end;
    } else if (end > at && text[end] == '_' && end + 1 < text.size() && is_digit(text[end + 1])) {
      end += 2;
    } else {
      break;
    }
  }
  return end;
}

/// The end of FLOAT without its sign, or `at`.
size_t match_unsigned_float(std::string_view text, size_t at) {
  if (has_word(text, at, "inf") || has_word(text, at, "nan")) return at + 3;
  const size_t whole_end = match_unsigned(text, at);
  size_t end = whole_end;
  bool is_float = false;
  if (end < text.size() && text[end] == '.') {
    const size_t fraction_end = match_digits(text, end + 1);
    is_float = whole_end > at || fraction_end > end + 1;
    if (is_float) end = fraction_end;
  }
  if (end > at && end < text.size() && lower(text[end]) == 'e') {
    size_t digits = end + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    const size_t exponent_end = match_digits(text, digits);
    if (exponent_end > digits) return exponent_end;
  }
  return is_float ? end : at;
}

/// The end of ESC: pairs of a backslash and an escapable character.
size_t match_esc(std::string_view text, size_t at) {
  while (at + 1 < text.size() && text[at] == '\\' && is_one_of(text[at + 1], "\\()[]{}:=, \t"))
    at += 2;
  return at;
}

}  // namespace

size_t skip_blanks(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
    ++at;
  return at;
}

size_t match_unsigned(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == '0') return at + 1;
  return match_digits(text, at);
}

size_t match_id(std::string_view text, size_t at) {
  if (at >= text.size() || !(is_letter(text[at]) || text[at] == '_')) return at;
  while (at < text.size() && (is_letter(text[at]) || is_digit(text[at]) || text[at] == '_' || text[at] == '-'))
    ++at;
  return at;
}

ValueToken match_value_token(std::string_view text, size_t at, size_t* length) {
  *length = 0;
  if (at >= text.size()) return ValueToken::kNone;
  ValueToken token = ValueToken::kNone;
  const auto offer = [&](ValueToken candidate, size_t end) {
    if (end <= at || end - at <= *length) return;
    *length = end - at;
    token = candidate;
  };
  const char c = text[at];
  const size_t number = c == '+' || c == '-' ? at + 1 : at;
  if (const size_t end = match_unsigned_float(text, number); end > number) offer(ValueToken::kFloat, end);
  if (const size_t end = match_unsigned(text, number); end > number) offer(ValueToken::kInt, end);
  if (has_word(text, at, "true")) offer(ValueToken::kBool, at + 4);
  if (has_word(text, at, "false")) offer(ValueToken::kBool, at + 5);
  if (has_word(text, at, "null")) offer(ValueToken::kNull, at + 4);
  if (is_one_of(c, "/-\\+.$%*@?|")) offer(ValueToken::kUnquotedChar, at + 1);
  offer(ValueToken::kId, match_id(text, at));
  offer(ValueToken::kEsc, match_esc(text, at));
  offer(ValueToken::kWs, skip_blanks(text, at));
  return token;
}

std::string drop_escapes(std::string_view text) {
  std::string kept;
  kept.reserve(text.size() / 2);
  for (size_t i = 1; i < text.size(); i += 2)
    kept += text[i];
  return kept;
}

bool token_value(ValueToken token, std::string_view text, Node* value, std::string* big_digits) {
  switch (token) {
    case ValueToken::kNull:
      *value = Node::null();
      return true;
    case ValueToken::kBool:
      *value = Node::of_bool(lower(text[0]) == 't');
      return true;
    case ValueToken::kFloat:
      *value = Node::of_float(python_float(text).value_or(0));  // every FLOAT token is one for Python
      return true;
    default:
      break;
  }
  std::optional<PythonInt> integer = python_int(text);
  if (!integer) return false;
  *big_digits = std::move(integer->digits);
  *value = integer->fits ? Node::of_int(integer->value) : Node::of_text(NodeKind::kBigInt, *big_digits);
  return true;
}

std::string python_key_identity(const Node& key) {
  switch (key.kind) {
    case NodeKind::kNull:
      return "None";
    case NodeKind::kBool:
      return key.boolean ? "1" : "0";
    case NodeKind::kInt:
      return fmt::format("{}", key.integer);
    case NodeKind::kBigInt:
      return std::string(key.text());
    case NodeKind::kFloat:
      if (std::isnan(key.real)) return {};
      if (std::isinf(key.real) || key.real != std::trunc(key.real)) return python_repr(key.real);
      return key.real == 0 ? "0" : fmt::format("{:.0f}", key.real);
    default:
      return "'" + std::string(key.text());
  }
}

}  // namespace cfgtool
