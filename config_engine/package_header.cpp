#include "config_engine/package_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config_engine/diagnostic.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split_at_spaces(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.push_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

/// Hydra looks at 512 characters, not bytes.
std::string_view first_characters(std::string_view text, size_t count) {
  size_t at = 0;
  for (; at < text.size() && count > 0; --count) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
      ++at;
  }
  return text.substr(0, at);
}

}  // namespace

// hydra: ConfigSource._get_header_dict
std::optional<std::string> read_package_header(std::string_view text, SourcePos begin) {
  std::optional<std::string> package;
  const std::string_view head = first_characters(text, 512);
  for (size_t at = 0; at < head.size();) {
    const size_t line_end = std::min(head.find('\n', at), head.size());
    const std::string_view line = trim(head.substr(at, line_end - at));
    const SourcePos pos = begin + static_cast<size_t>(line.empty() ? 0 : line.data() - text.data());
    at = line_end + 1;
    if (line.empty()) continue;
    if (line[0] != '#') break;
    // A comment that has no '@' first ends the header as well.
    const std::string_view behind_first_hash = trim(line.substr(1));
    if (behind_first_hash.empty() || behind_first_hash[0] != '@') break;
    const std::vector<std::string_view> words = split_at_spaces(trim(line.substr(line.find_first_not_of('#'))));
    if (words.size() != 2) {
      throw_error(Stage::kCompose, "package-header",
                  words.size() < 2 ? fmt::format("Expected header format: KEY VALUE, got '{}'", fmt::join(words, " "))
                                   : fmt::format("Too many components in '{}'", fmt::join(words, " ")),
                  pos, static_cast<uint32_t>(line.size()));
    }
    if (words[0] == "@package") package = std::string(trim(words[1]));
  }
  return package;
}

}  // namespace cfgtool
