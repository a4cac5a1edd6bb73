/// \file
/// YAML text on its way to the parser: checked for what cannot be in it, with the line breaks that Python's text files
/// have, and with the way back to the places in the original.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/source.hpp"

namespace cfgtool {

/// What the parser reads. Line breaks are LF and there is no byte order mark.
class YamlText {
 public:
  /// \param begin what SourceMap::add returned for the text.
  /// \throws ConfigError (code yaml-encoding) if the text is not UTF-8 or has characters that YAML forbids.
  YamlText(const SourceMap& sources, SourcePos begin);

  std::string& text() { return text_; }
  std::string_view text() const { return text_; }

  /// A stretch of text(), from one offset up to another.
  struct Range {
    size_t begin;
    size_t end;
  };
  /// Leaves stretches out of text(). They must be in ascending order and not overlap.
  void remove(const std::vector<Range>& ranges);

  /// The place in the original text of a byte of text(), or of its end.
  SourcePos pos(size_t offset) const;
  /// The original's bytes at that place, up to its end.
  std::string_view original(SourcePos pos) const { return original_.substr(pos.offset - begin_.offset); }

 private:
  void check_characters() const;

  /// A stretch that text() and the original have in common begins here.
  struct Stretch {
    size_t offset;
    size_t original;
  };

  const SourcePos begin_;
  const std::string_view original_;
  std::string text_;
  std::vector<Stretch> stretches_;  // ascending; the first begins at 0
};

}  // namespace cfgtool
