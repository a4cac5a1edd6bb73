/// \file
/// OmegaConf's OmegaConfGrammarParser.g4 by recursive descent, one function per rule. Private to the interpolation
/// room.
///
/// OmegaConf's lexer switches modes with a stack; as long as a text is right, the rule that is being parsed and the
/// lexer's mode agree, so each rule reads the tokens of its own mode.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config_engine/diagnostic.hpp"
#include "config_engine/interpolation.hpp"
#include "config_engine/value_tokens.hpp"

namespace cfgtool {

/// How deep brackets, braces and interpolations may be nested. OmegaConf gives up at about 200, by Python's recursion
/// limit.
inline constexpr int kMaxInterpolationNesting = 400;

class InterpolationParser {
 public:
  InterpolationParser(std::string_view text, const TextOrigin& origin, Stage stage)
      : text_(text), origin_(origin), stage_(stage) {
    result_.text_ = text;
  }

  Interpolation parse_config_value();
  Interpolation parse_single_element();

 private:
  /// A string that is being put together from pieces of the text.
  struct Literal {
    uint32_t begin = 0;  ///< in the text, of the first piece
    uint32_t end = 0;
    const char* data = nullptr;
    size_t size = 0;
    bool is_decoded = false;  ///< its bytes lie in result_.decoded_, not in the text
    bool has_piece = false;
  };

  // The rules.
  uint32_t parse_text(char quote);
  uint32_t parse_element();
  uint32_t parse_list_container();
  uint32_t parse_dict_container();
  void parse_dict_key_value_pair(uint32_t dict);
  void parse_sequence(uint32_t parent, char close);
  uint32_t parse_interpolation();
  uint32_t parse_quoted_value();
  uint32_t parse_primitive();
  uint32_t parse_dict_key();

  /// The part of an interpolation up to its `:` or `}`, before it is known whether it is a node or a resolver.
  struct Head {
    uint32_t begin = 0;        // of the path
    uint32_t end = 0;          // behind the path, which is before blanks
    bool is_name = true;       // it may be a resolver's name
    bool has_nested = false;   // there is an interpolation in it
    uint32_t first_wrong = 0;  // of what makes it no resolver's name
  };
  void parse_config_key(uint32_t node, Head* head, bool in_brackets);
  Head parse_head(uint32_t node);
  void finish_interpolation_node(uint32_t node, const Head& head);
  void finish_interpolation_resolver(uint32_t node, const Head& head);
  void split_name(uint32_t node, const Head& head);

  // Pieces of text.
  void append(Literal* literal, std::string_view piece);
  void flush(Literal* literal, uint32_t parent);
  size_t parse_text_piece(char quote, Literal* literal);
  uint32_t parse_primitive_tokens(bool is_dict_key);
  uint32_t finish_primitive(uint32_t node, Literal& literal, ValueToken single);
  void set_token_value(uint32_t node, ValueToken token, std::string_view token_text);
  char* take_decoded(size_t bytes);

  // Nodes.
  uint32_t add_node(ExprKind kind, uint32_t begin);
  void add_child(uint32_t parent, uint32_t child);
  void add_constant(uint32_t parent, std::string_view text, uint32_t begin, uint32_t end);
  void end_node(uint32_t node, uint32_t end) { result_.nodes_[node].length = end - result_.nodes_[node].begin; }

  // The text from here on.
  char at(size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  bool at_end() const { return next_ >= text_.size(); }
  char peek() const { return at(next_); }
  /// The next character behind blanks: separators take the blanks before them.
  char peek_separator() const { return at(skip_blanks(text_, next_)); }
  bool at_interpolation() const { return text_.substr(next_, 2) == "${"; }
  void take_separator(bool blanks_behind);
  void take_close(char close, const char* expected);
  void enter();
  [[noreturn]] void fail(const char* expected);
  [[noreturn]] void fail_at(size_t offset, size_t length, const std::string& message);

  std::string_view text_;
  const TextOrigin& origin_;
  Stage stage_;
  Interpolation result_;
  uint32_t next_ = 0;
  int depth_ = 0;
};

/// OmegaConf's SIMPLE_INTERPOLATION_PATTERN.match(text), without its regular expression.
bool matches_simple_interpolation(std::string_view text);

}  // namespace cfgtool
