/// \file
/// Scalars in quotes that go over several lines, which yaml-cpp 0.7 does not read right: it loses empty lines in front
/// of the closing quote.
#pragma once

#include <string>
#include <string_view>

namespace cfgtool {

/// The bytes of the quoted scalar that `text` begins with, quotes included; npos if it is never closed.
size_t quoted_length(std::string_view text);

/// The value of a quoted scalar, from its opening to its closing quote, as PyYAML's scan_flow_scalar reads it. Line
/// breaks are LF; escapes must be valid.
std::string decode_quoted(std::string_view quoted);

/// What may follow a backslash in double quotes.
bool is_escape(char c);

}  // namespace cfgtool
