#include "schemas/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace cfgtool {

namespace {

bool is_alphanumeric(std::string_view text, size_t at) {
  return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

std::string markdown_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      const size_t next = text.find_first_not_of(" \t\r\n", i);
      const bool is_empty_line =
          text.substr(i + 1, std::min(next, text.size()) - i - 1).find('\n') != std::string::npos;
      if (next == std::string_view::npos) break;
      out += is_empty_line ? "<br><br>" : " ";
      i = next - 1;
    } else if (is_control(c)) {
      out += ' ';
    } else {
      // Within a word an underscore is one: escapes would only make the text harder to read as it is.
      const bool in_word = c == '_' && i > 0 && is_alphanumeric(text, i - 1) && is_alphanumeric(text, i + 1);
      if (std::string_view("\\`*_[]<>|&~$").find(c) != std::string_view::npos && !in_word) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string markdown_code(std::string_view text) {
  if (text.empty()) return {};
  std::string code;
  size_t run = 0, longest = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    // A table takes its bars before code is looked for.
    if (c == '|') code += '\\';
    code += is_control(c) ? ' ' : c;
  }
  const std::string fence(longest + 1, '`');
  const std::string pad = code.front() == '`' || code.back() == '`' ? " " : "";
  return fence + pad + code + pad + fence;
}

std::string MarkdownAnchors::add(std::string_view text) {
  std::string name;
  for (const char c : text)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ? c : '-';
  std::string free = name;
  for (size_t i = 2; !given_.insert(free).second; ++i)
    free = fmt::format("{}-{}", name, i);
  return free;
}

}  // namespace cfgtool
