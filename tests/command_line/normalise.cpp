#include "tests/command_line/normalise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace cfgtool::test {

namespace {

using Lines = std::vector<std::string>;

Lines split(std::string_view text) {
  Lines lines;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  lines.emplace_back(text);
  return lines;
}

Lines without_help(const Lines& lines) {
  if (lines[0] != "hydra:" && lines[0] != "# @package hydra") return lines;
  const std::string indent = lines[0] == "hydra:" ? "  " : "";
  Lines kept{lines[0]};
  bool inside = false;
  bool over = false;  // the node is
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const bool deep_enough = line.starts_with(indent) && line.size() > indent.size();
    const bool begins_key = deep_enough && line[indent.size()] != ' ' && line[indent.size()] != '-';
    over |= !indent.empty() && !line.empty() && line[0] != ' ';
    if (begins_key || over) inside = !over && (line == indent + "help:" || line == indent + "hydra_help:");
    if (!inside) kept.push_back(line);
  }
  return kept;
}

bool is_table(const std::string& line) {
  return line.starts_with('|') || (!line.empty() && line.find_first_not_of('-') == std::string::npos);
}

std::string without_padding(std::string line) {
  if (line.starts_with('-')) return "-";
  line.erase(std::unique(line.begin(), line.end(), [](char a, char b) { return a == ' ' && b == ' '; }), line.end());
  return line;
}

void take_padding_from_tables(Lines& lines) {
  for (auto begin = lines.begin(); begin != lines.end();) {
    const auto end = std::find_if_not(begin, lines.end(), is_table);
    const bool has_paths =
        std::any_of(begin, end, [](const std::string& line) { return line.find("{trees}") != std::string::npos; });
    if (has_paths) std::transform(begin, end, begin, without_padding);
    begin = end == lines.end() ? end : end + 1;
  }
}

}  // namespace

std::string normalised(std::string text, const std::string& trees) {
  constexpr std::string_view kTrees = "{trees}";
  for (size_t at = text.find(trees); at != std::string::npos; at = text.find(trees, at + kTrees.size()))
    text.replace(at, trees.size(), kTrees);
  Lines lines = without_help(split(text));
  take_padding_from_tables(lines);
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace cfgtool::test
