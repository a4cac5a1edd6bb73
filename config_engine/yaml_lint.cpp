#include "config_engine/yaml_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config_engine/diagnostic.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/utf8.hpp"
#include "config_engine/yaml_linter.hpp"
#include "config_engine/yaml_tree_builder.hpp"

namespace cfgtool {

void YamlLinter::run() {
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

void YamlLinter::next_line() {
  ++at_;
  line_ = at_;
  after_document_start_ = false;
}

bool YamlLinter::skip_to_token() {
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

void YamlLinter::skip_comment() {
  if (last_ == Last::kPlain) last_ = Last::kPlainAndComment;
  const size_t end = std::min(text_.find('\n', at_), text_.size());
  refuse_separators(at_, end);
  at_ = end;
}

void YamlLinter::refuse_separators(size_t begin, size_t end) const {
  if (next_separator_ >= end) return;
  const size_t found = find_separator(begin);
  if (found >= end) return;
  refuse("yaml-encoding", "found a Unicode line separator outside of quotes or beside a blank", found,
         "remove it, or write it as \\L (U+2028) or \\P (U+2029) in double quotes");
}

size_t YamlLinter::find_separator(size_t begin) const {
  return std::min(text_.find("\xE2\x80\xA8", begin), text_.find("\xE2\x80\xA9", begin));
}

void YamlLinter::take_token() {
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

bool YamlLinter::is_document_indicator(size_t index, char c) const {
  return at(index) == c && at(index + 1) == c && at(index + 2) == c && is_blank_or_end(at(index + 3));
}

void YamlLinter::take_document_mark() {
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

void YamlLinter::refuse_second_document() {
  if (!ended_) return;
  refuse("yaml-second-document", "expected a single document in the stream, but found another document", at_,
         "put each document into a file of its own");
}

void YamlLinter::take_directive() {
  if (has_content_ || started_) ended_ = true;
  refuse_second_document();
  directive_seen_ = true;
  const size_t begin = at_++;
  while (is_yaml_name(here()))
    ++at_;
  if (at_ == begin + 1 || !(here() == ' ' || here() == '\n' || here() == '\0')) {
    refuse(
        "yaml-syntax",
        fmt::format("while scanning a directive: expected alphabetic or numeric character, but found {}", printed(at_)),
        at_, "put the value in quotes if it is no directive such as %YAML");
  }
  const size_t end = std::min(text_.find('\n', at_), text_.size());
  if (text_.substr(begin, at_ - begin) == "%YAML") check_version(end);
  at_ = end;
}

// PyYAML: scan_yaml_directive_value and what may follow it
void YamlLinter::check_version(size_t end) {
  const auto skip = [&](std::string_view characters) {
    const size_t begin = at_;
    while (at_ < end && is_one_of(here(), characters))
      ++at_;
    return at_ > begin;
  };
  skip(" ");
  const bool has_major = skip("0123456789");
  const bool has_dot = at_ < end && text_[at_++] == '.';
  const bool has_version = has_major && has_dot && skip("0123456789");
  const bool has_end = at_ == end || skip(" ");
  if (has_version && has_end && (at_ == end || here() == '#')) return;
  refuse("yaml-syntax", "while scanning a directive: expected a version such as 1.1", at_, "write %YAML 1.1");
}

void YamlLinter::begin_possible_key() {
  if (in_flow() || key_line_ == line_) return;
  key_ = at_;
  key_column_ = column();
  key_line_ = line_;
  key_required_ = indent() == static_cast<int64_t>(column());
}

void YamlLinter::refuse_missing_colon() const {
  if (!key_required_ || in_flow() || (key_line_ == line_ && at_ < text_.size())) return;
  Diagnostic diagnostic;
  diagnostic.code = "yaml-missing-colon";
  diagnostic.message = "while scanning a simple key: could not find expected ':'";
  diagnostic.labels.push_back({source_.pos(key_), 1, "this is not followed by ': ' on its line"});
  diagnostic.labels.push_back({source_.pos(at_), 1, "what follows"});
  // `a:1` is a text.
  const size_t colon = text_.find_first_of(": \n", key_);
  const bool is_tight = colon < text_.size() && text_[colon] == ':' && !is_blank_or_end(at(colon + 1));
  diagnostic.fix = is_tight ? "write a blank behind the ':'"
                            : "write ': ' behind the key, or indent the line to make it part of the value above";
  throw ConfigError(std::move(diagnostic));
}

void YamlLinter::refuse_missing_document_start() const {
  refuse("yaml-syntax", "expected '<document start>' behind a directive", at_, "write --- below the % line");
}

void YamlLinter::check_depth() const {
  if (brackets_.size() + indents_.size() <= YamlTreeBuilder::kDeepestNesting) return;
  refuse("yaml-too-deep", fmt::format("more than {} collections in one another", YamlTreeBuilder::kDeepestNesting), at_,
         {});
}

void YamlLinter::add_indent(size_t column) {
  if (indent() >= static_cast<int64_t>(column)) return;
  indents_.push_back(column);
  check_depth();
}

void YamlLinter::take_bracket(char c) {
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

void YamlLinter::check_closing(char c) {
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

bool YamlLinter::take_indicator(char c) {
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
      refuse("yaml-syntax", c == '-' ? "sequence entries are not allowed here" : "mapping values are not allowed here",
             at_, "begin it on the line below the ---");
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

void YamlLinter::check_key_length() const {
  constexpr size_t kLongest = 1024;
  if (at_ - key_ <= kLongest || count_code_points(text_.substr(key_, at_ - key_)) <= kLongest) return;
  refuse("yaml-syntax", "mapping values are not allowed here: a key has at most 1024 characters", at_,
         "put the value in quotes if ': ' is part of it");
}

void YamlLinter::refuse_unclosed_bracket() {
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

void YamlLinter::refuse(std::string code, std::string message, size_t index, std::string fix) const {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({source_.pos(index), 1, {}});
  diagnostic.fix = std::move(fix);
  throw ConfigError(std::move(diagnostic));
}

std::string YamlLinter::printed(size_t index) const {
  if (index >= text_.size()) return "the end of the file";
  const std::string_view rest = text_.substr(index);
  return python_repr(rest.substr(0, decode_utf8(rest.substr(0, 4)).bytes));
}

std::vector<BlockScalar> lint_yaml(YamlText* text) {
  YamlLinter linter(text);
  linter.run();
  return linter.take_block_scalars();
}

}  // namespace cfgtool
