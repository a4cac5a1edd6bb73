/// \file
/// SHA-256, the hash by which configurations and the files that make them are known.
#pragma once

#include <string>
#include <string_view>

namespace cfgtool {

/// 64 hexadecimal digits, as `sha256sum` prints them.
std::string sha256_hex(std::string_view bytes);

}  // namespace cfgtool
