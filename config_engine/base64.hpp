/// \file
/// Base64 as Python's base64 module reads and writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cfgtool {

/// base64.encodebytes: lines of 76 characters, each ended by a line feed; "" for no bytes.
std::string encode_base64(std::string_view bytes);

/// base64.decodebytes: characters that are not part of the alphabet are skipped. Nothing if the padding is wrong.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace cfgtool
