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

/// What the parser reads. Line breaks are LF, there is no byte order mark, and comments are blanked out.
class YamlText {
 public:
  /// \param begin what SourceMap::add returned for the text.
  /// \throws ConfigError (code yaml-encoding) if the text is not UTF-8 or has characters that YAML forbids.
  YamlText(const SourceMap& sources, SourcePos begin);

  std::string& text() { return text_; }
  std::string_view text() const { return text_; }

  /// The place in the original text of a byte of text(), or of its end.
  SourcePos pos(size_t offset) const;
  /// The original's bytes at that place, up to its end.
  std::string_view original(SourcePos pos) const { return original_.substr(pos.offset - begin_.offset); }

 private:
  void check_characters() const;

  const SourcePos begin_;
  const std::string_view original_;
  std::string text_;
  size_t bom_bytes_ = 0;
  std::vector<size_t> removed_;  // offsets in text_ in front of which a byte of the original was left out, ascending
};

}  // namespace cfgtool
