#include "config_engine/yaml_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/utf8.hpp"
#include "config_engine/yaml_block_scalar.hpp"
#include "config_engine/yaml_quoted.hpp"
#include "config_engine/yaml_tree_builder.hpp"

namespace cfgtool {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}
bool is_blank_or_end(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}
bool is_one_of(char c, std::string_view characters) {
  return c != '\0' && characters.find(c) != std::string_view::npos;
}

/// Walks over the text token by token, as PyYAML's scanner does, without making any. Indentation is followed so far as
/// is needed to know where plain scalars and block scalars end.
class Linter {
 public:
  explicit Linter(YamlText* source) : source_(*source), text_(source_.text()), next_separator_(find_separator(0)) {}

  void run() {
    while (skip_to_token()) {
      refuse_missing_colon();
      take_token();
    }
    refuse_missing_colon();
    if (directive_seen_ && !started_) refuse_missing_document_start();
    if (!brackets_.empty()) refuse_unclosed_bracket();
    for (const size_t place : placeholders_)
      source_.text().replace(place, 2, "''");
    source_.remove(gaps_);
  }

  std::vector<BlockScalar> take_block_scalars() { return std::move(block_scalars_); }

 private:
  char at(size_t index) const { return index < text_.size() ? text_[index] : '\0'; }
  char here() const { return at(at_); }
  size_t column() const { return at_ - line_; }
  bool in_flow() const { return !brackets_.empty(); }
  int64_t indent() const { return indents_.empty() ? -1 : static_cast<int64_t>(indents_.back()); }

  void next_line() {
    ++at_;
    line_ = at_;
    after_document_start_ = false;
  }

  /// \returns false at the end of the text.
  bool skip_to_token() {
    const size_t begin = at_;
    while (true) {
      while (here() == ' ')
        ++at_;
      if (here() == '#') skip_comment();
      if (here() != '\n') break;
      next_line();
    }
    // Of what lies between two tokens, a line break and the indentation are enough.
    const size_t end = begin == 0 ? line_ : std::max(line_, begin + 1) - 1;
    if (end > begin) gaps_.push_back({begin, end});
    return at_ < text_.size();
  }

  void skip_comment() {
    if (last_ == Last::kPlain) last_ = Last::kPlainAndComment;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    refuse_separators(at_, end);
    at_ = end;
  }

  /// PyYAML takes U+2028 and U+2029 for line breaks, which yaml-cpp does not.
  void refuse_separators(size_t begin, size_t end) const {
    if (next_separator_ >= end) return;
    const size_t found = find_separator(begin);
    if (found >= end) return;
    refuse("yaml-encoding", "found a Unicode line separator outside of quotes", found,
           "remove it, or write it as \\L (U+2028) or \\P (U+2029) in double quotes");
  }

  size_t find_separator(size_t begin) const {
    return std::min(text_.find("\xE2\x80\xA8", begin), text_.find("\xE2\x80\xA9", begin));
  }

  void take_token() {
    const char c = here();
    if (!in_flow()) {
      while (indent() > static_cast<int64_t>(column()))
        indents_.pop_back();
    }
    if (column() == 0 && (is_document_indicator(at_, '-') || is_document_indicator(at_, '.')))
      return take_document_mark();
    if (column() == 0 && c == '%') return take_directive();
    refuse_second_document();
    if (directive_seen_ && !started_) refuse_missing_document_start();
    if (last_ == Last::kPlainAndComment) refuse_continuation();
    if (last_ == Last::kBlockScalar && static_cast<int64_t>(column()) > indent()) {
      refuse("yaml-syntax",
             "expected the collection to go on or to end here: the line is less indented than the text above", at_,
             "indent the line like the first line of the text, or like the keys around it");
    }
    has_content_ = true;
    if (c == '\t') {
      refuse("yaml-tab", R"(found character '\t' that cannot start any token)", at_, "use spaces instead of the tab");
    }
    if (is_one_of(c, "@`%") || (c == ',' && !in_flow()) || (is_one_of(c, "|>") && in_flow())) {
      refuse("yaml-syntax", fmt::format("found character '{}' that cannot start any token", c), at_,
             "put the value in quotes");
    }
    if (is_one_of(c, "[]{},")) return take_bracket(c);
    if (is_one_of(c, "-?:") && take_indicator(c)) return;
    begin_possible_key();
    if (c == '&' || c == '*') return take_anchor();
    if (c == '!') return take_tag();
    if (c == '\'' || c == '"') return take_quoted();
    if (c == '|' || c == '>') return take_block_scalar();
    take_plain();
  }

  // ---- documents

  bool is_document_indicator(size_t index, char c) const {
    return at(index) == c && at(index + 1) == c && at(index + 2) == c && is_blank_or_end(at(index + 3));
  }

  void take_document_mark() {
    if (in_flow()) refuse_unclosed_bracket();
    if (here() == '.') {
      if (!has_content_ && !started_) {
        refuse("yaml-syntax", "expected the node content, but found '<document end>'", at_, "remove it");
      }
      ended_ = true;
    } else {
      if (has_content_ || started_) ended_ = true;
      refuse_second_document();
      started_ = after_document_start_ = true;
    }
    indents_.clear();
    last_ = Last::kOther;
    at_ += 3;
  }

  void refuse_second_document() {
    if (!ended_) return;
    refuse("yaml-second-document", "expected a single document in the stream, but found another document", at_,
           "put each document into a file of its own");
  }

  void take_directive() {
    if (has_content_ || started_) ended_ = true;
    refuse_second_document();
    directive_seen_ = true;
    at_ = std::min(text_.find('\n', at_), text_.size());
  }

  // ---- collections

  /// Where a key may begin: a ':' on the same line makes it one. In the column of the keys above it must be one.
  void begin_possible_key() {
    if (in_flow() || key_line_ == line_) return;
    key_ = at_;
    key_column_ = column();
    key_line_ = line_;
    key_required_ = indent() == static_cast<int64_t>(column());
  }

  void refuse_missing_colon() const {
    if (!key_required_ || in_flow() || (key_line_ == line_ && at_ < text_.size())) return;
    Diagnostic diagnostic;
    diagnostic.code = "yaml-missing-colon";
    diagnostic.message = "while scanning a simple key: could not find expected ':'";
    diagnostic.labels.push_back({source_.pos(key_), 1, "this is not followed by ': ' on its line"});
    diagnostic.labels.push_back({source_.pos(at_), 1, "what follows"});
    diagnostic.fix = "write ': ' behind the key, or indent the line to make it part of the value above";
    throw ConfigError(std::move(diagnostic));
  }

  void refuse_missing_document_start() const {
    refuse("yaml-syntax", "expected '<document start>' behind a directive", at_, "write --- below the % line");
  }

  void check_depth() const {
    if (brackets_.size() + indents_.size() <= YamlTreeBuilder::kDeepestNesting) return;
    refuse("yaml-too-deep", fmt::format("more than {} collections in one another", YamlTreeBuilder::kDeepestNesting),
           at_, {});
  }

  void add_indent(size_t column) {
    if (indent() >= static_cast<int64_t>(column)) return;
    indents_.push_back(column);
    check_depth();
  }

  void take_bracket(char c) {
    if (c == '[' || c == '{') {
      begin_possible_key();
      brackets_.push_back(at_);
      check_depth();
      last_ = Last::kFlowStart;
    } else if (c == ',') {
      if (last_ == Last::kFlowStart || last_ == Last::kComma) {
        refuse("yaml-syntax", "expected the node content, but found ','", at_,
               "remove the comma, or write null for an empty item");
      }
      last_ = Last::kComma;
    } else {
      check_closing(c);
      last_ = Last::kOther;
    }
    ++at_;
  }

  void check_closing(char c) {
    if (!in_flow()) {
      refuse("yaml-syntax", fmt::format("expected the node content, but found '{}'", c), at_,
             "remove the bracket, or put the value in quotes");
    }
    const size_t open = brackets_.back();
    if ((text_[open] == '[') == (c == ']')) return brackets_.pop_back();
    Diagnostic diagnostic;
    diagnostic.code = "yaml-syntax";
    diagnostic.message = fmt::format("expected ',' or '{}', but got '{}'", text_[open] == '[' ? ']' : '}', c);
    diagnostic.labels.push_back({source_.pos(at_), 1, {}});
    diagnostic.labels.push_back({source_.pos(open), 1, "the bracket that is open"});
    diagnostic.fix = "close the brackets in the opposite order in which they are opened";
    throw ConfigError(std::move(diagnostic));
  }

  /// '-', '?' or ':' where it stands for an item, a key or a value. \returns false where it begins a plain scalar.
  bool take_indicator(char c) {
    if (!is_blank_or_end(at(at_ + 1)) && (c == '-' || !in_flow())) return false;
    if (in_flow()) {
      if (c == '-') {
        refuse("yaml-syntax", "expected the node content, but found '-'", at_,
               "between brackets, separate the items with ',' and leave out the '-'");
      }
      const bool nothing_before = last_ == Last::kFlowStart || last_ == Last::kComma || last_ == Last::kColon;
      if (c == ':' && nothing_before) {
        refuse("yaml-syntax", "expected the node content, but found ':'", at_, "put the value in quotes");
      }
    } else {
      if (after_document_start_) {
        refuse("yaml-syntax",
               c == '-' ? "sequence entries are not allowed here" : "mapping values are not allowed here", at_,
               "begin it on the line below the ---");
      }
      const bool is_key = c == ':' && key_line_ == line_;
      if (is_key) check_key_length();
      add_indent(is_key ? key_column_ : column());
      key_line_ = std::string::npos;
      key_required_ = false;
    }
    last_ = in_flow() && c == ':' ? Last::kColon : Last::kOther;
    ++at_;
    return true;
  }

  void check_key_length() const {
    constexpr size_t kLongest = 1024;
    if (at_ - key_ <= kLongest || count_code_points(text_.substr(key_, at_ - key_)) <= kLongest) return;
    refuse("yaml-syntax", "mapping values are not allowed here: a key has at most 1024 characters", at_,
           "put the value in quotes if ': ' is part of it");
  }

  // ---- scalars and what stands in front of them

  void take_anchor() {
    const size_t begin = at_++;
    while (is_name(here()))
      ++at_;
    if (at_ == begin + 1 || !(is_blank_or_end(here()) || is_one_of(here(), "?:,]}%@`"))) {
      const char* what = text_[begin] == '*' ? "alias" : "anchor";
      refuse("yaml-syntax",
             fmt::format("while scanning an {}: expected alphabetic or numeric character, but found {}", what,
                         printed(at_)),
             at_, fmt::format("put the value in quotes if it is not an {}", what));
    }
    if (here() == ':') {
      // PyYAML takes it for the end of the name, yaml-cpp for a part of it.
      refuse("yaml-syntax", "found ':' right behind an alias or anchor", at_, "write a space in front of the ':'");
    }
    last_ = Last::kOther;
  }

  void take_tag() {
    const size_t begin = at_;
    while (!is_blank_or_end(here()))
      ++at_;
    const std::string_view tag = text_.substr(begin + 1, at_ - begin - 1);
    const bool is_verbatim = tag.starts_with('<') && tag.ends_with('>');
    for (const char c : is_verbatim ? tag.substr(1, tag.size() - 2) : tag) {
      if (is_name(c) || is_one_of(c, ";/?:@&=+$,_.!~*'()[]%")) continue;
      refuse("yaml-syntax", "while parsing a tag: found a character that tags cannot have", begin,
             "put the value in quotes if it is not a tag such as !!str");
    }
    if (here() == '\t') {
      refuse("yaml-tab", R"(while scanning a tag: expected ' ', but found '\t')", at_, "use spaces instead of the tab");
    }
    last_ = Last::kOther;
  }

  void take_quoted() {
    const size_t begin = at_;
    const size_t length = quoted_length(text_.substr(begin));
    if (length == std::string_view::npos) {
      Diagnostic diagnostic;
      diagnostic.code = "yaml-unclosed-quote";
      diagnostic.message = "while scanning a quoted scalar: found unexpected end of stream";
      diagnostic.labels.push_back({source_.pos(begin), 1, "this quote is never closed"});
      diagnostic.labels.push_back({source_.pos(text_.size()), 1, "the end of the file"});
      diagnostic.fix = fmt::format("close the quote with {}", text_[begin]);
      throw ConfigError(std::move(diagnostic));
    }
    for (const size_t end = begin + length; at_ < end;) {
      if (text_[begin] == '"' && here() == '\\') check_escape(++at_);
      if (here() == '\n') {
        next_line();
      } else {
        ++at_;
      }
    }
    last_ = Last::kOther;
  }

  void check_escape(size_t index) {
    if (is_escape(at(index))) return;
    refuse("yaml-syntax", fmt::format("found unknown escape character {}", printed(index)), index,
           R"(write \\ for a backslash, or use single quotes)");
  }

  void take_plain() {
    last_ = Last::kPlain;
    while (true) {
      const size_t begin = at_;
      while (!ends_plain())
        ++at_;
      refuse_separators(begin, at_);
      const size_t end = at_;
      const size_t end_line = line_;
      if (end > begin && skip_to_continuation()) continue;
      // What follows is for skip_to_token to find.
      at_ = end;
      line_ = end_line;
      return;
    }
  }

  /// Goes to where a plain scalar may go on. \returns false if it does not.
  bool skip_to_continuation() {
    const size_t end = at_;
    while (here() == ' ' || here() == '\n') {
      if (here() == ' ') {
        ++at_;
        continue;
      }
      next_line();
      if (is_document_indicator(at_, '-') || is_document_indicator(at_, '.')) return false;
    }
    return at_ > end && here() != '#' && (in_flow() || static_cast<int64_t>(column()) > indent());
  }

  bool ends_plain() {
    const char c = here();
    if (is_blank_or_end(c)) return true;
    if (c == ':') return is_blank_or_end(at(at_ + 1)) || (in_flow() && is_one_of(at(at_ + 1), ",[]{}"));
    if (!in_flow()) return false;
    if (c == '?') {
      refuse("yaml-syntax", "expected ',' or a closing bracket, but got '?'", at_,
             "put the value in quotes: between brackets '?' is an indicator");
    }
    return is_one_of(c, ",[]{}");
  }

  /// A comment ends a plain scalar: text behind it, further in than the collection, belongs to nothing.
  void refuse_continuation() {
    if (in_flow() ? is_one_of(here(), ",]}:") : static_cast<int64_t>(column()) <= indent()) return;
    refuse("yaml-syntax", "expected the collection to go on or to end here: the comment above ends the value before it",
           at_, "move the comment above the key, or put the value in quotes");
  }

  void take_block_scalar() {
    const size_t begin = at_;
    const size_t parent = static_cast<size_t>(std::max<int64_t>(indent() + 1, 1));
    BlockScalarStyle style;
    const size_t increment = take_block_header(&style);
    last_ = Last::kOther;
    while (here() == ' ')
      ++at_;
    if (here() == '#') skip_comment();
    if (here() != '\n' || at_ + 1 == text_.size()) return;  // empty, or a mistake that yaml-cpp finds
    next_line();
    const size_t lines = at_;
    style.indent = increment > 0 ? parent + increment - 1 : std::max(parent, detect_block_indent());
    skip_block_lines(style.indent);
    // The last line break stays, to end the placeholder's line; without lines there is no room for a placeholder.
    const size_t end = text_[at_ - 1] == '\n' ? at_ - 1 : at_;
    if (end < begin + 2) return;
    block_scalars_.push_back({source_.pos(begin), decode_block_scalar(text_.substr(lines, at_ - lines), style)});
    placeholders_.push_back(begin);
    gaps_.push_back({begin + 2, end});
    last_ = Last::kBlockScalar;
  }

  /// \returns the indentation indicator, or 0 if there is none.
  size_t take_block_header(BlockScalarStyle* style) {
    style->folded = text_[at_++] == '>';
    size_t increment = 0;
    for (; is_one_of(here(), "+-123456789"); ++at_) {
      const bool repeated = is_digit(here()) ? increment != 0 : style->chomping != ' ';
      if (repeated) break;
      if (is_digit(here())) {
        increment = static_cast<size_t>(here() - '0');
      } else {
        style->chomping = here();
      }
    }
    if (here() != ' ' && here() != '\n' && here() != '\0') {
      refuse("yaml-syntax",
             fmt::format("while scanning a block scalar: expected chomping or indentation indicators, but found {}",
                         printed(at_)),
             at_, "begin the text on the next line, or put it in quotes");
    }
    return increment;
  }

  /// The indentation of the first line that is not empty, or of the widest empty line before it.
  size_t detect_block_indent() const {
    size_t widest = 0;
    for (size_t line = at_; line < text_.size();) {
      const size_t first = std::min(text_.find_first_not_of(' ', line), text_.size());
      widest = std::max(widest, first - line);
      if (at(first) != '\n') break;
      line = first + 1;
    }
    return widest;
  }

  void skip_block_lines(size_t indent) {
    while (at_ < text_.size()) {
      const size_t first = std::min(text_.find_first_not_of(' ', at_), text_.size());
      if (first - at_ < indent && at(first) != '\n') return;
      const size_t end = std::min(text_.find('\n', at_), text_.size());
      refuse_separators(at_, end);
      at_ = end;
      if (at_ < text_.size()) next_line();
    }
  }

  // ---- errors

  [[noreturn]] void refuse_unclosed_bracket() {
    const char open = text_[brackets_.back()];
    Diagnostic diagnostic;
    diagnostic.code = "yaml-unclosed-bracket";
    diagnostic.message = open == '['
                             ? "while parsing a flow sequence: expected ',' or ']', but got the end of the document"
                             : "while parsing a flow mapping: expected ',' or '}', but got the end of the document";
    diagnostic.labels.push_back({source_.pos(brackets_.back()), 1, "this bracket is never closed"});
    diagnostic.labels.push_back({source_.pos(at_), 1, "the end"});
    diagnostic.fix =
        open == '[' ? "close it with ], or put the value in quotes" : "close it with }, or put the value in quotes";
    throw ConfigError(std::move(diagnostic));
  }

  [[noreturn]] void refuse(std::string code, std::string message, size_t index, std::string fix) const {
    Diagnostic diagnostic;
    diagnostic.code = std::move(code);
    diagnostic.message = std::move(message);
    diagnostic.labels.push_back({source_.pos(index), 1, {}});
    diagnostic.fix = std::move(fix);
    throw ConfigError(std::move(diagnostic));
  }

  std::string printed(size_t index) const {
    if (index >= text_.size()) return "the end of the file";
    const std::string_view rest = text_.substr(index);
    return python_repr(rest.substr(0, decode_utf8(rest.substr(0, 4)).bytes));
  }

  /// What the last token was, so far as it matters for the next.
  enum class Last : char { kOther, kPlain, kPlainAndComment, kBlockScalar, kFlowStart, kComma, kColon };

  YamlText& source_;
  const std::string_view text_;  // of source_
  const size_t next_separator_;  // the first one; npos, nearly always
  size_t at_ = 0;
  size_t line_ = 0;  // where the line begins
  Last last_ = Last::kOther;
  std::vector<size_t> indents_;        // columns of the open block collections
  std::vector<size_t> brackets_;       // places of the open flow collections
  std::vector<YamlText::Range> gaps_;  // comments and blank lines
  std::vector<BlockScalar> block_scalars_;
  std::vector<size_t> placeholders_;
  size_t key_ = 0;  // where a key may have begun, and in which line
  size_t key_line_ = std::string::npos;
  size_t key_column_ = 0;
  bool key_required_ = false;
  bool has_content_ = false;
  bool directive_seen_ = false;
  bool started_ = false;               // by a ---
  bool after_document_start_ = false;  // on the same line
  bool ended_ = false;                 // by a ..., or a second --- stands here
};

}  // namespace

std::vector<BlockScalar> lint_yaml(YamlText* text) {
  Linter linter(text);
  linter.run();
  return linter.take_block_scalars();
}

}  // namespace cfgtool
