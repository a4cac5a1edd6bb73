#include "cfgtool/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/utf8.hpp"

namespace cfgtool {

std::string cut_short(std::string_view text, size_t most) {
  if (count_code_points(text) <= most) return std::string(text);
  size_t end = 0;
  for (size_t characters = 0; end < text.size(); ++end) {
    const bool begins_character = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins_character && ++characters == most) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string text_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows,
                       bool color) {
  // One long value does not make every line long.
  constexpr size_t kWidest = 80;
  std::vector<size_t> widths;
  for (size_t column = 0; column < titles.size(); ++column) {
    size_t width = count_code_points(titles[column]);
    for (const auto& row : rows)
      width = std::max(width, count_code_points(row[column]));
    widths.push_back(std::min(width, kWidest));
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t column = 0; column < cells.size(); ++column) {
      const size_t width = count_code_points(cells[column]);
      text += cells[column] + std::string(widths[column] - std::min(width, widths[column]) + 2, ' ');
    }
    return text.erase(text.find_last_not_of(' ') + 1);
  };
  std::string text = color ? fmt::format("\033[1m{}\033[0m\n", line(titles)) : line(titles) + "\n";
  for (const auto& row : rows)
    text += line(row) + "\n";
  return text;
}

std::string paint(bool color, std::string_view code, std::string_view text) {
  return color ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

}  // namespace cfgtool
