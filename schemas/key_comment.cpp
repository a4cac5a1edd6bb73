#include "schemas/key_comment.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace cfgtool {

namespace {

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// Without its `#`. Nothing for what says nothing: rulers, and words to programs such as `# @package`.
std::string_view comment_words(std::string_view comment) {
  comment = trim(comment);
  while (comment.starts_with('#'))
    comment.remove_prefix(1);
  comment = trim(comment);
  const bool is_ruler = std::none_of(comment.begin(), comment.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
  });
  return is_ruler || comment.starts_with("@package") || comment.starts_with("yaml-language-server:")
             ? std::string_view()
             : comment;
}

/// A line of a file, known by where it begins.
struct Line {
  std::string_view file;
  size_t begin = 0;

  std::string_view text() const { return file.substr(begin, file.find('\n', begin) - begin); }
  bool go_up() {
    if (begin == 0) return false;
    const size_t above = begin < 2 ? std::string_view::npos : file.rfind('\n', begin - 2);
    begin = above == std::string_view::npos ? 0 : above + 1;
    return true;
  }
};

/// The column of `key:`, if the line begins with it, be it as the first of a list's item.
size_t column_of_key(std::string_view line, std::string_view key) {
  size_t at = line.find_first_not_of(" -");
  if (at == std::string_view::npos) return at;
  const size_t column = at;
  if (line[at] == '"' || line[at] == '\'') ++at;
  if (line.substr(at, key.size()) != key) return std::string_view::npos;
  at += key.size();
  if (at < line.size() && (line[at] == '"' || line[at] == '\'')) ++at;
  at = line.find_first_not_of(' ', at);
  return at != std::string_view::npos && line[at] == ':' ? column : std::string_view::npos;
}

std::string comment_above(Line line, size_t column) {
  std::vector<std::string_view> lines;
  while (line.go_up()) {
    const std::string_view text = line.text();
    if (text.find_first_not_of(' ') != column || text[column] != '#') break;
    lines.push_back(comment_words(text));
  }
  std::string words;
  for (auto text = lines.rbegin(); text != lines.rend(); ++text) {
    if (!words.empty() && !text->empty()) words += ' ';
    words += *text;
  }
  return words;
}

/// A `#` begins a comment behind white space and outside of quotes; a quote opens only where a value can begin.
std::string comment_behind(std::string_view line) {
  char quote = 0;
  char before = ':';
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      const bool is_doubled = c == '\'' && quote == c && i + 1 < line.size() && line[i + 1] == c;
      if ((c == '\\' && quote == '"') || is_doubled) {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if ((c == '"' || c == '\'') && std::string_view(":,[{-").find(before) != std::string_view::npos) {
      quote = c;
    } else if (c == '#' && i > 0 && (line[i - 1] == ' ' || line[i - 1] == '\t')) {
      return std::string(comment_words(line.substr(i)));
    }
    if (c != ' ') before = c;
  }
  return {};
}

std::string comment_at(const SourceMap& sources, SourcePos pos, std::string_view key) {
  SourceLocation at;
  if (!sources.locate(pos, &at) || at.kind != SourceKind::kFile) return {};
  const std::string_view file = sources.text(pos);
  const size_t column = column_of_key(at.line_text, key);
  if (column == std::string_view::npos) return {};
  std::string words = comment_above({file, static_cast<size_t>(at.line_text.data() - file.data())}, column);
  return words.empty() ? comment_behind(at.line_text) : words;
}

}  // namespace

std::string key_comment(const SourceMap& sources, const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  const std::string_view key = node.key().text;
  std::string words = comment_at(sources, node.key_pos, key);
  if (words.empty()) words = comment_at(sources, node.pos, key);
  for (const EarlierValue& earlier : tree.earlier(id)) {
    if (words.empty()) words = comment_at(sources, earlier.pos, key);
  }
  return words;
}

}  // namespace cfgtool
