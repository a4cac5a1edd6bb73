// The linter's steps over scalars and what stands in front of them.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config_engine/diagnostic.hpp"
#include "config_engine/yaml_layout.hpp"
#include "config_engine/yaml_linter.hpp"
#include "config_engine/yaml_quoted.hpp"

namespace cfgtool {

void YamlLinter::take_anchor() {
  const size_t begin = at_++;
  const bool is_alias = text_[begin] == '*';
  while (is_yaml_name(here()))
    ++at_;
  if (at_ == begin + 1 || !(is_blank_or_end(here()) || is_one_of(here(), "?:,]}%@`"))) {
    const char* what = is_alias ? "alias" : "anchor";
    refuse(
        "yaml-syntax",
        fmt::format("while scanning an {}: expected alphabetic or numeric character, but found {}", what, printed(at_)),
        at_, fmt::format("put the value in quotes if it is not an {}", what));
  }
  if (here() == ':') {
    // PyYAML takes it for the end of the name, yaml-cpp for a part of it.
    refuse("yaml-syntax", "found ':' right behind an alias or anchor", at_, "write a space in front of the ':'");
  }
  last_ = is_alias ? Last::kOther : Last::kProperty;
}

void YamlLinter::take_tag() {
  const size_t begin = at_;
  while (!is_blank_or_end(here()))
    ++at_;
  const std::string_view tag = text_.substr(begin + 1, at_ - begin - 1);
  const bool is_verbatim = tag.starts_with('<') && tag.ends_with('>');
  for (const char c : is_verbatim ? tag.substr(1, tag.size() - 2) : tag) {
    if (is_yaml_name(c) || is_one_of(c, ";/?:@&=+$,_.!~*'()[]%")) continue;
    refuse("yaml-syntax", "while parsing a tag: found a character that tags cannot have", begin,
           "put the value in quotes if it is not a tag such as !!str");
  }
  if (!is_verbatim && tag.find_first_of(",[]") != std::string_view::npos) {
    // A part of the tag, which then no one knows; for yaml-cpp it ends the tag.
    refuse("yaml-syntax", fmt::format("could not determine a constructor for the tag '!{}'", tag), begin,
           "write a space behind the tag");
  }
  if (here() == '\t') {
    refuse("yaml-tab", R"(while scanning a tag: expected ' ', but found '\t')", at_, "use spaces instead of the tab");
  }
  last_ = Last::kProperty;
}

void YamlLinter::take_quoted() {
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
    if (at_ >= next_separator_ && find_separator(at_) == at_ &&
        (is_one_of(at(at_ - 1), " \t\n") || is_one_of(at(at_ + 3), " \t\n"))) {
      // Alone it is a character as any other; beside blanks PyYAML folds it as a line break.
      refuse_separators(at_, end);
    }
    if (text_[begin] == '"' && here() == '\\') check_escape(++at_);
    if (here() == '\n') {
      next_line();
    } else {
      ++at_;
    }
  }
  last_ = Last::kOther;
}

void YamlLinter::check_escape(size_t index) {
  if (is_escape(at(index))) return;
  refuse("yaml-syntax", fmt::format("found unknown escape character {}", printed(index)), index,
         R"(write \\ for a backslash, or use single quotes)");
}

void YamlLinter::take_plain() {
  const bool is_joined = last_ == Last::kProperty || in_flow();
  last_ = Last::kPlain;
  std::vector<YamlText::Range> breaks;
  while (true) {
    const size_t begin = at_;
    while (!ends_plain())
      ++at_;
    refuse_separators(begin, at_);
    const size_t end = at_;
    const size_t end_line = line_;
    if (end > begin && skip_to_continuation()) {
      breaks.push_back({end, at_});
      continue;
    }
    if (is_joined) join_lines(breaks);
    // What follows is for skip_to_token to find.
    at_ = end;
    line_ = end_line;
    return;
  }
}

void YamlLinter::join_lines(size_t end) {
  const std::string_view between = text_.substr(end, at_ - end);
  if (std::count(between.begin(), between.end(), '\n') == 1 && between.back() == ' ') gaps_.push_back({end, at_ - 1});
}

bool YamlLinter::skip_to_continuation() {
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

/// yaml-cpp loses the thread of a plain scalar of several lines behind a tag or an anchor, and where a flow mapping has
/// it for a key without a value. On one line it is the same scalar, unless an empty line is in it.
void YamlLinter::join_lines(const std::vector<YamlText::Range>& breaks) {
  if (at(text_.find_first_not_of(" \n", at_)) == ':') return;  // which must not become a key
  for (const YamlText::Range& range : breaks) {
    const std::string_view between = text_.substr(range.begin, range.end - range.begin);
    if (std::count(between.begin(), between.end(), '\n') == 1 && between.ends_with(' ')) {
      gaps_.push_back({range.begin, range.end - 1});
    }
  }
}

bool YamlLinter::ends_plain() {
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

void YamlLinter::refuse_continuation() {
  if (in_flow() ? is_one_of(here(), ",]}:") : static_cast<int64_t>(column()) <= indent()) return;
  Diagnostic diagnostic;
  diagnostic.code = "yaml-syntax";
  diagnostic.message = "expected the collection to go on or to end here: the comment above ends the value before it";
  diagnostic.labels.push_back({source_.pos(at_), 1, {}});
  diagnostic.fix = "move the comment above the key, or put the value in quotes";
  explain_layout(source_, at_, diagnostic);
  throw ConfigError(std::move(diagnostic));
}

void YamlLinter::take_block_scalar() {
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

size_t YamlLinter::take_block_header(BlockScalarStyle* style) {
  style->folded = text_[at_++] == '>';
  size_t increment = 0;
  for (; is_one_of(here(), "+-123456789"); ++at_) {
    const bool repeated = is_one_of(here(), "123456789") ? increment != 0 : style->chomping != ' ';
    if (repeated) break;
    if (is_one_of(here(), "123456789")) {
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

size_t YamlLinter::detect_block_indent() const {
  size_t widest = 0;
  for (size_t line = at_; line < text_.size();) {
    const size_t first = std::min(text_.find_first_not_of(' ', line), text_.size());
    widest = std::max(widest, first - line);
    if (at(first) != '\n') break;
    line = first + 1;
  }
  return widest;
}

void YamlLinter::skip_block_lines(size_t indent) {
  while (at_ < text_.size()) {
    const size_t first = std::min(text_.find_first_not_of(' ', at_), text_.size());
    if (first - at_ < indent && at(first) != '\n') return;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    refuse_separators(at_, end);
    at_ = end;
    if (at_ < text_.size()) next_line();
  }
}

}  // namespace cfgtool
