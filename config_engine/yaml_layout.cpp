#include "config_engine/yaml_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace cfgtool {

namespace {

constexpr size_t kNone = std::string_view::npos;

/// A line's parts, as offsets into the text.
struct Line {
  size_t begin = 0;
  size_t key = 0;        ///< the first character behind blanks and `- `
  size_t colon = kNone;  ///< the first ':' behind which a value may stand
  size_t end = 0;

  size_t column() const { return key - begin; }
};

Line line_around(std::string_view text, size_t at) {
  Line line;
  line.begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  line.end = std::min(text.find('\n', line.begin), text.size());
  line.key = line.begin;
  while (line.key < line.end && (text[line.key] == ' ' || text.substr(line.key, 2) == "- "))
    ++line.key;
  for (size_t i = text.find(':', line.key); i < line.end && line.colon == kNone; i = text.find(':', i + 1)) {
    if (i + 1 == line.end || text[i + 1] == ' ') line.colon = i;
  }
  return line;
}

/// The next line above with more than blanks and a comment in it; the first line if there is none.
Line line_above(std::string_view text, const Line& line) {
  Line above = line;
  do {
    above = line_around(text, above.begin - 1);
  } while (above.begin > 0 && (above.key == above.end || text[above.key] == '#'));
  return above;
}

bool has_value(std::string_view text, const Line& line) {
  return line.colon != kNone && text.substr(line.colon + 1, line.end - line.colon - 1).find_first_not_of(' ') != kNone;
}

/// The ':' of a line such as `a:1`, which is a text and no key with a value; not of an address.
size_t tight_colon(std::string_view text, const Line& line) {
  const size_t colon = std::min(text.find_first_of(": '\"[{#&*", line.key), text.size());
  if (text.substr(colon, 3) == "://") return kNone;
  return line.colon == kNone && colon > line.key && colon < line.end && text[colon] == ':' ? colon : kNone;
}

void compare_columns(const YamlText& text, const Line& line, const Line& above, Diagnostic& diagnostic) {
  const size_t column = line.column();
  const size_t wanted = above.column();
  const size_t difference = std::max(column, wanted) - std::min(column, wanted);
  diagnostic.labels = {{text.pos(line.key), 1, "the indentation of this does not fit"},
                       {text.pos(above.key), 1, "the key above begins in this column"}};
  diagnostic.fix =
      fmt::format("{} {} blank{} in front of it; if it is no key but part of the text above, put that in quotes",
                  column > wanted ? "take away" : "add", difference, difference == 1 ? "" : "s");
}

}  // namespace

void explain_layout(const YamlText& source, size_t at, Diagnostic& diagnostic) {
  const std::string_view text = source.text();
  const Line line = line_around(text, at);
  if (at > 0 && (text[at - 1] == '\'' || text[at - 1] == '"')) {
    diagnostic.fix =
        text[at - 1] == '"' ? R"(write \" for a quote inside of quotes)" : "write '' for a quote inside of quotes";
    return;
  }
  if (text.substr(at, 2) == "- ") {
    diagnostic.fix =
        "a list's item cannot stand beside keys: give the list a key of its own, or make keys of its items";
    return;
  }
  if (line.begin == 0 || line.colon == kNone || (at != line.colon && at != line.key)) return;
  const Line above = line_above(text, line);
  if (const size_t colon = tight_colon(text, above); colon != kNone) {
    diagnostic.labels.push_back({source.pos(colon), 1, "a blank is missing behind this ':'"});
    diagnostic.fix = "write a blank behind the ':' of the line above";
  } else if (has_value(text, above) && line.column() != above.column()) {
    compare_columns(source, line, above, diagnostic);
  }
}

}  // namespace cfgtool
