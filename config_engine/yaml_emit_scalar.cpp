#include "config_engine/yaml_emit_scalar.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

constexpr size_t kBestWidth = 80;
constexpr uint32_t kNone = 0xffffffffu;  // behind the last character

/// LF, NEL, LS, PS: what the emitter takes for a line break. CR it escapes.
bool is_break(uint32_t c) {
  return c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_white(uint32_t c) {
  return c == '\0' || c == ' ' || c == '\t' || c == '\r' || is_break(c);
}

/// A character and where it lies; at the end of the text, kNone.
struct Cursor {
  std::string_view text;
  size_t at = 0;
  size_t index = 0;  // in characters
  CodePoint point;

  explicit Cursor(std::string_view whole) : text(whole) { look(); }
  void next() {
    at += point.bytes;
    ++index;
    look();
  }
  bool at_end() const { return at >= text.size(); }
  uint32_t value() const { return point.value; }

 private:
  void look() { point = at_end() ? CodePoint{kNone, 1} : decode_utf8(text.substr(at, 4)); }
};

bool is_plain_ascii(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '/' || c == '$' || c == '(' || c == ')' || c == '+' || c == '=' || c == ';' || c == '<';
}

}  // namespace

void YamlStream::write_indicator(std::string_view indicator, bool need_whitespace, bool whitespace_after,
                                 bool indention_after) {
  if (need_whitespace && !whitespace) write(" ", 1);
  write(indicator, indicator.size());
  whitespace = whitespace_after;
  indention = indention && indention_after;
  open_ended = false;
}

void YamlStream::write_indent(size_t indent) {
  if (!indention || column > indent || (column == indent && !whitespace)) write_line_break();
  if (column < indent) {
    whitespace = true;
    out_.append(indent - column, ' ');
    column = indent;
  }
}

void YamlStream::write_line_break(std::string_view line_break) {
  whitespace = true;
  indention = true;
  column = 0;
  out_ += line_break;
}

namespace {

/// What analyze_scalar has seen so far.
struct Findings {
  bool block_indicators = false;
  bool special_characters = false;
  bool line_breaks = false;
  bool leading_white = false;
  bool trailing_space = false;
  bool trailing_break = false;
  bool break_space = false;
  bool space_break = false;
};

bool is_leading_indicator(uint32_t c) {
  return c < 0x80 && c != 0 &&
         std::string_view("#,[]{}&*!|>'\"%@`").find(static_cast<char>(c)) != std::string_view::npos;
}

/// A character that only double quotes can write.
bool is_special(uint32_t c) {
  if (c == '\n' || (c >= 0x20 && c <= 0x7E)) return false;
  const bool is_unicode =
      c == 0x85 || (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c < 0x10FFFF);
  return !is_unicode || c == 0xFEFF;
}

ScalarAnalysis conclude(const Findings& found, size_t characters) {
  ScalarAnalysis analysis;
  analysis.characters = characters;
  analysis.multiline = found.line_breaks;
  if (found.trailing_space) analysis.allow_block = false;
  if (found.break_space) analysis.allow_single_quoted = false;
  if (found.space_break || found.special_characters) analysis.allow_single_quoted = analysis.allow_block = false;
  analysis.allow_plain = analysis.allow_single_quoted && !found.leading_white && !found.trailing_space &&
                         !found.trailing_break && !found.line_breaks && !found.block_indicators;
  return analysis;
}

}  // namespace

ScalarAnalysis analyze_scalar(std::string_view text) {
  if (text.empty()) {
    ScalarAnalysis analysis;
    analysis.empty = true;
    analysis.allow_block = false;
    return analysis;
  }
  size_t harmless = 0;
  while (harmless < text.size() && is_plain_ascii(text[harmless]))
    ++harmless;
  Findings found;
  if (harmless == text.size()) {
    found.block_indicators = text.starts_with("...");
    return conclude(found, text.size());
  }
  found.block_indicators = text.starts_with("---") || text.starts_with("...");
  bool preceded_by_white = true;
  bool previous_space = false;
  bool previous_break = false;
  Cursor cursor(text);
  while (!cursor.at_end()) {
    const uint32_t c = cursor.value();
    const bool first = cursor.index == 0;
    cursor.next();
    const bool last = cursor.at_end();
    const bool followed_by_white = last || is_white(cursor.value());
    if (first ? is_leading_indicator(c) || ((c == '?' || c == ':' || c == '-') && followed_by_white)
              : (c == ':' && followed_by_white) || (c == '#' && preceded_by_white)) {
      found.block_indicators = true;
    }
    if (is_special(c)) found.special_characters = true;
    const bool is_line_break = is_break(c);
    if (c == ' ') {
      if (first) found.leading_white = true;
      if (last) found.trailing_space = true;
      if (previous_break) found.break_space = true;
    } else if (is_line_break) {
      found.line_breaks = true;
      if (first) found.leading_white = true;
      if (last) found.trailing_break = true;
      if (previous_space) found.space_break = true;
    }
    previous_space = c == ' ';
    previous_break = is_line_break;
    preceded_by_white = is_white(c);
  }
  return conclude(found, cursor.index);
}

ScalarStyle choose_scalar_style(const ScalarAnalysis& analysis, ScalarStyle wanted, bool plain_is_implicit,
                                const ScalarPlace& place) {
  if (wanted == ScalarStyle::kPlain && plain_is_implicit && analysis.allow_plain &&
      !(place.is_simple_key && (analysis.empty || analysis.multiline))) {
    return ScalarStyle::kPlain;
  }
  if (wanted == ScalarStyle::kLiteral) {
    return !place.is_simple_key && analysis.allow_block ? ScalarStyle::kLiteral : ScalarStyle::kDoubleQuoted;
  }
  if (analysis.allow_single_quoted && !(place.is_simple_key && analysis.multiline)) return ScalarStyle::kSingleQuoted;
  return ScalarStyle::kDoubleQuoted;
}

namespace {

/// The stretch of text that is waiting to be written: from `begin` up to the cursor.
struct Pending {
  size_t begin = 0;
  size_t begin_index = 0;

  void start_at(const Cursor& cursor) {
    begin = cursor.at;
    begin_index = cursor.index;
  }
  std::string_view text(const Cursor& cursor) const { return cursor.text.substr(begin, cursor.at - begin); }
  size_t characters(const Cursor& cursor) const { return cursor.index - begin_index; }
  void flush(YamlStream& stream, const Cursor& cursor) {
    if (begin < cursor.at) stream.write(text(cursor), characters(cursor));
    start_at(cursor);
  }
};

/// A run of line breaks: one more than was in the text for a line feed in front, since a single one reads as a space.
void write_breaks(YamlStream& stream, std::string_view breaks) {
  if (breaks.front() == '\n') stream.write_line_break();
  for (size_t at = 0; at < breaks.size();) {
    const uint32_t bytes = decode_utf8(breaks.substr(at, 4)).bytes;
    stream.write_line_break(breaks.substr(at, bytes));
    at += bytes;
  }
}

void write_plain(YamlStream& stream, std::string_view text, const ScalarPlace& place) {
  if (place.is_root) stream.open_ended = true;
  if (text.empty()) return;
  if (!stream.whitespace) stream.write(" ", 1);
  stream.whitespace = false;
  stream.indention = false;
  // A plain scalar is never written over several lines of its own, so that only spaces matter.
  bool spaces = false;
  Pending pending;
  for (Cursor cursor(text);; cursor.next()) {
    const uint32_t c = cursor.value();
    if (spaces && c != ' ') {
      const bool fold = pending.characters(cursor) == 1 && stream.column > kBestWidth && !place.is_simple_key;
      if (fold) {
        stream.write_indent(place.indent);
        stream.whitespace = false;
        stream.indention = false;
        pending.start_at(cursor);
      } else {
        pending.flush(stream, cursor);
      }
    } else if (!spaces && (c == kNone || c == ' ')) {
      pending.flush(stream, cursor);
    }
    if (c == kNone) return;
    spaces = c == ' ';
  }
}

void write_single_quoted(YamlStream& stream, std::string_view text, const ScalarPlace& place) {
  stream.write_indicator("'", true);
  bool spaces = false;
  bool breaks = false;
  Pending pending;
  for (Cursor cursor(text);; cursor.next()) {
    const uint32_t c = cursor.value();
    if (spaces) {
      if (c != ' ') {
        const bool fold = pending.characters(cursor) == 1 && stream.column > kBestWidth && !place.is_simple_key &&
                          pending.begin != 0 && c != kNone;
        if (fold) {
          stream.write_indent(place.indent);
          pending.start_at(cursor);
        } else {
          pending.flush(stream, cursor);
        }
      }
    } else if (breaks) {
      if (!is_break(c)) {
        write_breaks(stream, pending.text(cursor));
        stream.write_indent(place.indent);
        pending.start_at(cursor);
      }
    } else if (c == kNone || c == ' ' || c == '\'' || is_break(c)) {
      pending.flush(stream, cursor);
    }
    if (c == kNone) break;
    if (c == '\'') {
      stream.write("''", 2);
      pending.begin = cursor.at + 1;
      pending.begin_index = cursor.index + 1;
    }
    spaces = c == ' ';
    breaks = is_break(c);
  }
  stream.write_indicator("'", false);
}

std::string escaped(uint32_t c) {
  switch (c) {
    case 0x00:
      return "\\0";
    case 0x07:
      return "\\a";
    case 0x08:
      return "\\b";
    case 0x09:
      return "\\t";
    case 0x0A:
      return "\\n";
    case 0x0B:
      return "\\v";
    case 0x0C:
      return "\\f";
    case 0x0D:
      return "\\r";
    case 0x1B:
      return "\\e";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case 0x85:
      return "\\N";
    case 0xA0:
      return "\\_";
    case 0x2028:
      return "\\L";
    case 0x2029:
      return "\\P";
    default:
      return c <= 0xFF     ? fmt::format("\\x{:02X}", c)
             : c <= 0xFFFF ? fmt::format("\\u{:04X}", c)
                           : fmt::format("\\U{:08X}", c);
  }
}

bool needs_escape(uint32_t c) {
  if (c == '"' || c == '\\' || c == 0x85 || c == 0x2028 || c == 0x2029 || c == 0xFEFF) return true;
  return !((c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD));
}

void write_double_quoted(YamlStream& stream, std::string_view text, size_t characters, const ScalarPlace& place) {
  stream.write_indicator("\"", true);
  Pending pending;
  for (Cursor cursor(text);; cursor.next()) {
    const uint32_t c = cursor.value();
    bool nothing_pending = false;
    if (c == kNone || needs_escape(c)) {
      pending.flush(stream, cursor);
      if (c != kNone) {
        const std::string escape = escaped(c);
        stream.write(escape, escape.size());
        pending.begin = cursor.at + cursor.point.bytes;
        pending.begin_index = cursor.index + 1;
      }
      nothing_pending = true;
    }
    const size_t waiting = nothing_pending ? 0 : pending.characters(cursor);
    // PyYAML asks for start >= end, which also holds for the character that the last flush or fold ended before.
    const bool may_fold = c == ' ' || pending.begin_index >= cursor.index;
    // The column that PyYAML compares is one less right behind an escape: its `end - start` is -1 there.
    const size_t column = stream.column + waiting - (nothing_pending && c != kNone ? 1 : 0);
    if (cursor.index > 0 && cursor.index + 1 < characters && may_fold && column > kBestWidth && !place.is_simple_key) {
      if (!nothing_pending) pending.flush(stream, cursor);
      stream.write("\\", 1);
      stream.write_indent(place.indent);
      stream.whitespace = false;
      stream.indention = false;
      if (pending.begin < text.size() && text[pending.begin] == ' ') stream.write("\\", 1);
    }
    if (c == kNone) break;
  }
  stream.write_indicator("\"", false);
}

// Only binary data is written in this style: its text is base64, ended by a line feed.
void write_literal(YamlStream& stream, std::string_view text, const ScalarPlace& place) {
  stream.write_indicator("|", true);
  stream.write_line_break();
  while (!text.empty()) {
    const size_t line = text.find('\n');
    stream.write_indent(place.indent);
    stream.write(text.substr(0, line), line);
    stream.write_line_break();
    text.remove_prefix(line + 1);
  }
}

}  // namespace

void write_scalar(YamlStream& stream, std::string_view text, ScalarStyle style, const ScalarAnalysis& analysis,
                  const ScalarPlace& place) {
  switch (style) {
    case ScalarStyle::kPlain:
      return write_plain(stream, text, place);
    case ScalarStyle::kSingleQuoted:
      return write_single_quoted(stream, text, place);
    case ScalarStyle::kDoubleQuoted:
      return write_double_quoted(stream, text, analysis.characters, place);
    case ScalarStyle::kLiteral:
      return write_literal(stream, text, place);
  }
}

}  // namespace cfgtool
