#include "config_engine/base64.hpp"

#include <cstdint>

namespace cfgtool {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kBytesPerLine = 57;

uint32_t byte_at(std::string_view bytes, size_t index) {
  return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0;
}

int alphabet_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  for (size_t line = 0; line < bytes.size(); line += kBytesPerLine) {
    const std::string_view part = bytes.substr(line, kBytesPerLine);
    for (size_t i = 0; i < part.size(); i += 3) {
      const uint32_t group = byte_at(part, i) << 16 | byte_at(part, i + 1) << 8 | byte_at(part, i + 2);
      text += kAlphabet[group >> 18];
      text += kAlphabet[group >> 12 & 63];
      text += i + 1 < part.size() ? kAlphabet[group >> 6 & 63] : '=';
      text += i + 2 < part.size() ? kAlphabet[group & 63] : '=';
    }
    text += '\n';
  }
  return text;
}

// CPython's binascii.a2b_base64 without strict_mode.
std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes;
  int quad = 0;
  int pads = 0;
  uint32_t left = 0;
  for (const char c : text) {
    if (c == '=') {
      if (quad >= 2 && quad + ++pads >= 4) return bytes;
      continue;
    }
    const int value = alphabet_value(c);
    if (value < 0) continue;
    pads = 0;
    left = left << 6 | static_cast<uint32_t>(value);
    if (quad > 0) bytes += static_cast<char>(left >> (6 - 2 * quad) & 0xFF);
    quad = (quad + 1) % 4;
  }
  if (quad != 0) return std::nullopt;
  return bytes;
}

}  // namespace cfgtool
