#include "config_engine/yaml_block_scalar.hpp"

#include <algorithm>

namespace cfgtool {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

std::string decode_block_scalar(std::string_view lines, const BlockScalarStyle& style) {
  std::string value;
  size_t breaks = 0;  // of empty lines since the last line with content
  bool has_content = false;
  bool has_line_break = false;  // the last line with content
  bool may_fold = false;        // likewise: it begins with neither space nor tab
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const bool complete = end != std::string_view::npos;
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(complete ? end + 1 : lines.size());
    const size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    if (line.size() <= style.indent && spaces == line.size()) {
      breaks += complete;
      continue;
    }
    const std::string_view content = line.substr(style.indent);
    if (has_content) {
      if (!style.folded || !may_fold || is_blank(content[0])) {
        value += '\n';
      } else if (breaks == 0) {
        value += ' ';
      }
    }
    value.append(breaks, '\n').append(content);
    breaks = 0;
    has_content = true;
    has_line_break = complete;
    may_fold = !is_blank(content[0]);
  }
  if (style.chomping != '-' && has_line_break) value += '\n';
  if (style.chomping == '+') value.append(breaks, '\n');
  return value;
}

}  // namespace cfgtool
