/// \file
/// The walk over YAML text behind lint_yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config_engine/yaml_block_scalar.hpp"
#include "config_engine/yaml_lint.hpp"
#include "config_engine/yaml_text.hpp"

namespace cfgtool {

/// Walks over the text token by token, as PyYAML's scanner does, without making any. Indentation is followed so far as
/// is needed to know where plain scalars and block scalars end.
class YamlLinter {
 public:
  explicit YamlLinter(YamlText* source) : source_(*source), text_(source_.text()), next_separator_(find_separator(0)) {}

  void run();
  std::vector<BlockScalar> take_block_scalars() { return std::move(block_scalars_); }

 private:
  /// What the last token was, so far as it matters for the next.
  enum class Last : char { kOther, kProperty, kPlain, kPlainAndComment, kBlockScalar, kFlowStart, kComma, kColon };

  char at(size_t index) const { return index < text_.size() ? text_[index] : '\0'; }
  char here() const { return at(at_); }
  size_t column() const { return at_ - line_; }
  bool in_flow() const { return !brackets_.empty(); }
  int64_t indent() const { return indents_.empty() ? -1 : static_cast<int64_t>(indents_.back()); }

  void next_line();

  /// \returns false at the end of the text.
  bool skip_to_token();
  void skip_comment();

  /// PyYAML takes U+2028 and U+2029 for line breaks, which yaml-cpp does not.
  void refuse_separators(size_t begin, size_t end) const;
  size_t find_separator(size_t begin) const;
  void take_token();

  // Documents

  bool is_document_indicator(size_t index, char c) const;
  void take_document_mark();
  void refuse_second_document();
  void take_directive();
  void check_version(size_t end);

  // Collections

  /// Where a key may begin: a ':' on the same line makes it one. In the column of the keys above it must be one.
  void begin_possible_key();
  void refuse_missing_colon() const;
  void refuse_missing_document_start() const;
  void check_depth() const;
  void add_indent(size_t column);
  void take_bracket(char c);
  void check_closing(char c);

  /// '-', '?' or ':' where it stands for an item, a key or a value. \returns false where it begins a plain scalar.
  bool take_indicator(char c);
  void check_key_length() const;

  // Scalars and what stands in front of them: yaml_lint_scalars.cpp

  void take_anchor();
  void take_tag();
  void take_quoted();
  void check_escape(size_t index);
  void take_plain();

  /// yaml-cpp takes an anchor or a tag behind '-' for the beginning of a key, and then ends the scalar behind it where
  /// its next line is not further in. In one line it is the same scalar.
  void join_lines(size_t end);

  /// Goes to where a plain scalar may go on. \returns false if it does not.
  bool skip_to_continuation();
  bool ends_plain();
  void join_lines(const std::vector<YamlText::Range>& breaks);

  /// A comment ends a plain scalar: text behind it, further in than the collection, belongs to nothing.
  void refuse_continuation();
  void take_block_scalar();

  /// \returns the indentation indicator, or 0 if there is none.
  size_t take_block_header(BlockScalarStyle* style);

  /// The indentation of the first line that is not empty, or of the widest empty line before it.
  size_t detect_block_indent() const;
  void skip_block_lines(size_t indent);

  // Errors

  [[noreturn]] void refuse_unclosed_bracket();

  [[noreturn]] void refuse(std::string code, std::string message, size_t index, std::string fix) const;
  std::string printed(size_t index) const;

  YamlText& source_;
  const std::string_view text_;  // of source_, until run() ends
  const size_t next_separator_;  // the first one; npos, nearly always
  size_t at_ = 0;
  size_t line_ = 0;  // where the line begins
  Last last_ = Last::kOther;
  std::vector<size_t> indents_;        // columns of the open block collections
  std::vector<size_t> brackets_;       // places of the open flow collections
  std::vector<YamlText::Range> gaps_;  // comments and blank lines
  std::vector<BlockScalar> block_scalars_;
  std::vector<size_t> placeholders_;  // where they begin
  size_t key_ = 0;                    // where a key may have begun, and in which line
  size_t key_line_ = std::string::npos;
  size_t key_column_ = 0;
  bool key_required_ = false;
  bool has_content_ = false;
  bool directive_seen_ = false;
  bool started_ = false;               // by a ---
  bool after_document_start_ = false;  // on the same line
  bool ended_ = false;                 // by a ..., or a second --- stands here
};

// The characters that matter to it; '\0' is the end of the text.

inline bool is_yaml_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}
inline bool is_blank_or_end(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}
inline bool is_one_of(char c, std::string_view characters) {
  return c != '\0' && characters.find(c) != std::string_view::npos;
}

}  // namespace cfgtool
