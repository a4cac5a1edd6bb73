#include "config_engine/utf8.hpp"

#include <algorithm>
#include <iterator>

#include "config_engine/unicode_tables.hpp"

namespace cfgtool {

namespace {

bool is_continuation(std::string_view text, size_t index) {
  return index < text.size() && (static_cast<unsigned char>(text[index]) & 0xC0) == 0x80;
}

uint32_t low_bits(std::string_view text, size_t index) {
  return static_cast<unsigned char>(text[index]) & 0x3Fu;
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  const uint32_t lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead < 0xE0 && is_continuation(text, 1)) {
    return {(lead & 0x1F) << 6 | low_bits(text, 1), 2};
  }
  if (lead >= 0xE0 && lead < 0xF0 && is_continuation(text, 1) && is_continuation(text, 2)) {
    const uint32_t value = (lead & 0x0F) << 12 | low_bits(text, 1) << 6 | low_bits(text, 2);
    if (value >= 0x800) return {value, 3};
  }
  if (lead >= 0xF0 && lead < 0xF5 && is_continuation(text, 1) && is_continuation(text, 2) && is_continuation(text, 3)) {
    const uint32_t value = (lead & 0x07) << 18 | low_bits(text, 1) << 12 | low_bits(text, 2) << 6 | low_bits(text, 3);
    if (value >= 0x10000 && value <= 0x10FFFF) return {value, 4};
  }
  return {0xDC00 + lead, 1};
}

void append_utf8(std::string& out, uint32_t value) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | value >> 6);
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | value >> 12);
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | value >> 18);
    put(0x80 | (value >> 12 & 0x3F));
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

size_t find_invalid_utf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const CodePoint point = decode_utf8(text.substr(at, 4));
    // One byte means that it could not be decoded; surrogates are well formed for nobody but Python's "\ud800".
    if (point.bytes == 1 || (point.value >= 0xD800 && point.value <= 0xDFFF)) return at;
    at += point.bytes;
  }
  return std::string_view::npos;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (const char byte : text)
    count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

bool is_printable(uint32_t value) {
  if (value < 0x7F) return value >= 0x20;
  // The table holds the first code points of alternating runs, beginning with a printable one.
  const auto* after = std::upper_bound(std::begin(kPrintableRuns), std::end(kPrintableRuns), value);
  return (after - std::begin(kPrintableRuns)) % 2 == 1;
}

bool is_space(uint32_t value) {
  if (value < 0x80) return value == ' ' || (value >= 0x09 && value <= 0x0D) || (value >= 0x1C && value <= 0x1F);
  return value == 0x85 || value == 0xA0 || value == 0x1680 || (value >= 0x2000 && value <= 0x200A) || value == 0x2028 ||
         value == 0x2029 || value == 0x202F || value == 0x205F || value == 0x3000;
}

int decimal_digit(uint32_t value) {
  if (value < 0x80) return value >= '0' && value <= '9' ? static_cast<int>(value - '0') : -1;
  const auto* after = std::upper_bound(std::begin(kDigitZeros), std::end(kDigitZeros), value);
  if (after == std::begin(kDigitZeros)) return -1;
  const uint32_t distance = value - *std::prev(after);
  return distance < 10 ? static_cast<int>(distance) : -1;
}

}  // namespace cfgtool
