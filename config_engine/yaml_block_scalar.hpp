/// \file
/// Block scalars (`|` and `>`), which yaml-cpp 0.7 does not read right: it loses line breaks of `>+`, and behind a tag
/// or anchor in a list it refuses them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cfgtool {

struct BlockScalarStyle {
  bool folded = false;  ///< '>'
  char chomping = ' ';  ///< '+', '-' or none
  size_t indent = 0;    ///< spaces in front of each line
};

/// The value, as PyYAML's scan_block_scalar reads it. `lines` is everything from the line behind the header to the end
/// of the scalar, with LF as line breaks.
std::string decode_block_scalar(std::string_view lines, const BlockScalarStyle& style);

}  // namespace cfgtool
