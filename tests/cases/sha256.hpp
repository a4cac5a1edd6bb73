/// \file
/// SHA-256 (FIPS 180-4), for expected results of which only the hash is recorded.
#pragma once

#include <string>
#include <string_view>

namespace cfgtool::test {

/// As 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace cfgtool::test
