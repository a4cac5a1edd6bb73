// The two short ways around parsing an interpolation: OmegaConf's SIMPLE_INTERPOLATION_PATTERN (grammar_parser.py) and
// the path of a plain `${a.b}`.
#include "config_engine/interpolation_parser.hpp"

namespace cfgtool {

namespace {

// What a regular expression with re.ASCII understands by \w and \s.
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

size_t skip_space(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r')))
    ++at;
  return at;
}

// Each matcher returns the end of what it matched at `at`, or npos.
constexpr size_t kNo = std::string_view::npos;

/// `[$\w]+`
size_t match_config_key(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && (is_word(text[end]) || text[end] == '$'))
    ++end;
  return end > at ? end : kNo;
}

size_t match_bracketed_key(std::string_view text, size_t at) {
  if (at >= text.size() || text[at] != '[') return kNo;
  const size_t end = match_config_key(text, at + 1);
  return end != kNo && end < text.size() && text[end] == ']' ? end + 1 : kNo;
}

/// Dots, a key, then `.key` or `[key]` any number of times.
size_t match_node_path(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == '.')
    ++at;
  size_t end = match_config_key(text, at);
  if (end == kNo) end = match_bracketed_key(text, at);
  while (end != kNo && end < text.size()) {
    const size_t next = text[end] == '.' ? match_config_key(text, end + 1) : match_bracketed_key(text, end);
    if (next == kNo) break;
    end = next;
  }
  return end;
}

/// `[a-zA-Z_][\w\-]*` with dots between; empty is a match.
size_t match_resolver_name(std::string_view text, size_t at) {
  size_t end = match_id(text, at);
  if (end == at) return at;
  while (end + 1 < text.size() && text[end] == '.' && match_id(text, end + 1) > end + 1)
    end = match_id(text, end + 1);
  return end;
}

/// `[a-zA-Z_0-9/\-\+.$%*@?|]+` with commas between.
size_t match_arguments(std::string_view text, size_t at) {
  for (;;) {
    size_t end = at;
    while (end < text.size() && (is_word(text[end]) || is_one_of(text[end], "/-+.$%*@?|")))
      ++end;
    if (end == at) return kNo;
    const size_t comma = skip_space(text, end);
    if (comma >= text.size() || text[comma] != ',') return end;
    at = skip_space(text, comma + 1);
  }
}

size_t match_close(std::string_view text, size_t at) {
  if (at == kNo) return kNo;
  at = skip_space(text, at);
  return at < text.size() && text[at] == '}' ? at + 1 : kNo;
}

size_t match_interpolation(std::string_view text, size_t at) {
  const size_t inside = skip_space(text, at + 2);
  if (const size_t end = match_close(text, match_node_path(text, inside)); end != kNo) return end;
  const size_t colon = skip_space(text, match_resolver_name(text, inside));
  if (colon >= text.size() || text[colon] != ':') return kNo;
  return match_close(text, match_arguments(text, skip_space(text, colon + 1)));
}

}  // namespace

bool matches_simple_interpolation(std::string_view text) {
  // What stands around the interpolations may hold anything but "${", so each of those must begin one.
  size_t begin = text.find("${");
  if (begin == kNo) return false;
  while (begin != kNo) {
    const size_t end = match_interpolation(text, begin);
    if (end == kNo) return false;
    begin = text.find("${", end);
  }
  return true;
}

std::optional<std::string_view> plain_select_path(std::string_view text) {
  if (!text.starts_with("${")) return std::nullopt;
  const size_t begin = skip_blanks(text, 2);
  const size_t end = match_node_path(text, begin);
  if (end == kNo || skip_blanks(text, end) + 1 != text.size() || text.back() != '}') return std::nullopt;
  return text.substr(begin, end - begin);
}

}  // namespace cfgtool
