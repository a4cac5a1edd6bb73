#include "config_engine/yaml_quoted.hpp"

#include <charconv>
#include <cstdint>

#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kEscapes = "0abt\tnvfre \"\\/N_LPxuU\n";

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// What a one-letter escape stands for.
uint32_t escape_value(char c) {
  switch (c) {
    case '0':
      return 0x00;
    case 'a':
      return 0x07;
    case 'b':
      return 0x08;
    case 't':
      return 0x09;
    case 'n':
      return 0x0A;
    case 'v':
      return 0x0B;
    case 'f':
      return 0x0C;
    case 'r':
      return 0x0D;
    case 'e':
      return 0x1B;
    case 'N':
      return 0x85;
    case '_':
      return 0xA0;
    case 'L':
      return 0x2028;
    case 'P':
      return 0x2029;
    default:
      return static_cast<unsigned char>(c);
  }
}

/// Reads the inside of a quoted scalar.
class Decoder {
 public:
  Decoder(std::string_view inside, bool is_double) : rest_(inside), is_double_(is_double) {}

  std::string decode() {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (is_blank(c) || c == '\n') {
        fold_spaces();
      } else if (is_double_ && c == '\\') {
        rest_.remove_prefix(1);
        take_escape();
      } else {
        value_ += c;
        rest_.remove_prefix(!is_double_ && c == '\'' ? 2 : 1);
      }
    }
    return std::move(value_);
  }

 private:
  /// White space stays, unless a line break is in it: then one break is a space, and of more the first is dropped.
  void fold_spaces() {
    size_t blanks = 0;
    while (blanks < rest_.size() && is_blank(rest_[blanks]))
      ++blanks;
    if (blanks == rest_.size() || rest_[blanks] != '\n') {
      value_ += rest_.substr(0, blanks);
      rest_.remove_prefix(blanks);
      return;
    }
    rest_.remove_prefix(blanks + 1);
    const size_t breaks = take_breaks();
    value_.append(breaks, '\n');
    if (breaks == 0) value_ += ' ';
  }

  size_t take_breaks() {
    size_t breaks = 0;
    while (!rest_.empty() && (is_blank(rest_[0]) || rest_[0] == '\n')) {
      if (rest_[0] == '\n') ++breaks;
      rest_.remove_prefix(1);
    }
    return breaks;
  }

  void take_escape() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '\n') {
      value_.append(take_breaks(), '\n');
      return;
    }
    const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0) {
      append_utf8(value_, escape_value(c));
      return;
    }
    uint32_t code = 0;
    const std::string_view hex = rest_.substr(0, digits);
    std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    append_utf8(value_, code);
    rest_.remove_prefix(hex.size());
  }

  std::string_view rest_;
  const bool is_double_;
  std::string value_;
};

}  // namespace

size_t quoted_length(std::string_view text) {
  const char quote = text[0];
  for (size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

std::string decode_quoted(std::string_view quoted) {
  return Decoder(quoted.substr(1, quoted.size() - 2), quoted[0] == '"').decode();
}

bool is_escape(char c) {
  return kEscapes.find(c) != std::string_view::npos;
}

}  // namespace cfgtool
