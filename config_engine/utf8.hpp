/// \file
/// Code points in UTF-8 text, and the few facts about Unicode that Python's and YAML's printing rules need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cfgtool {

/// One decoded character.
struct CodePoint {
  uint32_t value = 0;
  uint32_t bytes = 1;  ///< at least 1
};

/// The first character of `text`, which must not be empty. A byte that is not UTF-8 comes back as U+DC80…U+DCFF, the
/// way Python's "surrogateescape" reads it; encoded surrogates (which a "\ud800" in YAML makes) come back as
/// themselves.
CodePoint decode_utf8(std::string_view text);

/// Appends the UTF-8 of `value`, surrogates included. U+DC80…U+DCFF are not turned back into single bytes.
void append_utf8(std::string& out, uint32_t value);

/// The offset of the first byte that is not part of well-formed UTF-8, or npos.
size_t find_invalid_utf8(std::string_view text);

/// The number of characters.
size_t count_code_points(std::string_view text);

/// A to Z in lower case; everything else stays.
std::string ascii_lower(std::string_view text);

/// Python's str.isprintable for one character.
bool is_printable(uint32_t value);

/// Python's str.isspace for one character.
bool is_space(uint32_t value);

/// The value of a decimal digit of any script (Unicode category Nd), or -1.
int decimal_digit(uint32_t value);

}  // namespace cfgtool
