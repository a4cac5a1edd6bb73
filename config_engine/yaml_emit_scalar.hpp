/// \file
/// How PyYAML's emitter writes one scalar: which style it chooses and how that folds lines.
///
/// The algorithm is that of PyYAML's emitter.py, Copyright (c) 2017-2021 Ingy döt Net, Copyright (c) 2006-2016 Kirill
/// Simonov, under the MIT License; functions have its names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cfgtool {

/// The text being written and what the emitter has to know about its end. Columns count characters.
class YamlStream {
 public:
  explicit YamlStream(std::string& out) : out_(out) {}

  /// Appends; `characters` of it, which may be fewer than its bytes.
  void write(std::string_view text, size_t characters) {
    out_ += text;
    column += characters;
  }
  void write_indicator(std::string_view indicator, bool need_whitespace, bool whitespace_after = false,
                       bool indention_after = false);
  void write_indent(size_t indent);
  void write_line_break(std::string_view line_break = "\n");

  size_t column = 0;
  bool whitespace = true;   ///< the last character is white space
  bool indention = true;    ///< so far the line has only white space and '-', '?', ':'
  bool open_ended = false;  ///< the document's end must be marked

 private:
  std::string& out_;
};

/// What a scalar's text allows, ScalarAnalysis.
struct ScalarAnalysis {
  bool empty = false;
  bool multiline = false;
  bool allow_plain = true;  ///< in block context
  bool allow_single_quoted = true;
  bool allow_block = true;
  size_t characters = 0;
};

ScalarAnalysis analyze_scalar(std::string_view text);

/// Where a scalar stands.
struct ScalarPlace {
  size_t indent = 0;  ///< of the lines that it continues on
  bool is_root = false;
  bool is_simple_key = false;  ///< a key without '?': stays on its line
};

enum class ScalarStyle : char { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral };

/// \param wanted kPlain: the style that fits best, plain only if `plain_is_implicit` (the text alone gives its type);
///        kSingleQuoted: quotes; kLiteral: a block scalar where one is possible.
ScalarStyle choose_scalar_style(const ScalarAnalysis& analysis, ScalarStyle wanted, bool plain_is_implicit,
                                const ScalarPlace& place);

void write_scalar(YamlStream& stream, std::string_view text, ScalarStyle style, const ScalarAnalysis& analysis,
                  const ScalarPlace& place);

}  // namespace cfgtool
