#include "config_engine/python_number.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

constexpr size_t kMostDigits = 4300;  // sys.int_info.default_max_str_digits

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A non-negative integer of any size in base 10^9, lowest digit first.
class BigNumber {
 public:
  void multiply_add(uint32_t factor, uint64_t addend) {
    uint64_t carry = addend;
    for (uint32_t& limb : limbs_) {
      carry += uint64_t{limb} * factor;
      limb = static_cast<uint32_t>(carry % kBase);
      carry /= kBase;
    }
    for (; carry > 0; carry /= kBase)
      limbs_.push_back(static_cast<uint32_t>(carry % kBase));
  }

  bool too_long() const { return limbs_.size() > kMostDigits / 9 + 1; }

  PythonInt take(bool negative) const {
    PythonInt result;
    std::string digits;
    for (size_t i = limbs_.size(); i-- > 0;) {
      const std::string limb = std::to_string(limbs_[i]);
      if (!digits.empty()) digits.append(9 - limb.size(), '0');
      digits += limb;
    }
    if (digits.empty()) return result;
    if (negative) digits.insert(0, 1, '-');
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.value);
    result.fits = error == std::errc();
    if (!result.fits) result.digits = std::move(digits);
    return result;
  }

 private:
  static constexpr uint64_t kBase = 1000000000;
  std::vector<uint32_t> limbs_;
};

/// What CPython's _PyUnicode_TransformDecimalAndSpaceToASCII and a strip() make of the text: digits of all scripts
/// become ASCII digits, and any other character outside ASCII a '?', which no number contains.
std::string to_ascii(std::string_view text) {
  std::string ascii;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text.substr(at, 4));
    at += point.bytes;
    if (point.value < 0x80 && !is_space(point.value)) {
      ascii += static_cast<char>(point.value);
    } else if (is_space(point.value)) {
      ascii += ' ';
    } else {
      const int digit = decimal_digit(point.value);
      ascii += digit < 0 ? '?' : static_cast<char>('0' + digit);
    }
  }
  const size_t first = ascii.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return ascii.substr(first, ascii.find_last_not_of(' ') - first + 1);
}

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Skips the prefix that fits the base. \returns whether there was one.
bool skip_prefix(std::string_view* text, int base) {
  if (text->size() < 2 || (*text)[0] != '0') return false;
  const char letter = static_cast<char>((*text)[1] | 0x20);
  if (!((base == 16 && letter == 'x') || (base == 8 && letter == 'o') || (base == 2 && letter == 'b'))) return false;
  text->remove_prefix(2);
  return true;
}

/// Digits with underscores taken out; nothing if an underscore does not stand between two digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return plain;
}

/// Whether `text` is `digits [. digits] [e [sign] digits]` with a digit before the exponent.
bool is_decimal_float(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && is_digit(text[at]))
      ++at;
    return at - begin;
  };
  size_t mantissa = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    mantissa += digits();
  }
  if (mantissa == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

/// The power of ten of the first digit that is not zero; what decides whether a number out of range is huge or tiny.
bool is_huge(std::string_view text) {
  const size_t exponent_at = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, exponent_at);
  bool exponent_negative = false;
  double exponent = 0;
  if (exponent_at != std::string_view::npos) {
    for (const char c : text.substr(exponent_at + 1)) {
      if (c == '-') exponent_negative = true;
      if (is_digit(c)) exponent = exponent * 10 + (c - '0');
    }
  }
  const double point = static_cast<double>(std::min(mantissa.find('.'), mantissa.size()));
  const size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) return false;
  return point - static_cast<double>(first) + (exponent_negative ? -exponent : exponent) > 0;
}

}  // namespace

std::optional<PythonInt> python_int(std::string_view text, int base) {
  const std::string ascii = to_ascii(text);
  std::string_view rest = ascii;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (skip_prefix(&rest, base) && !rest.empty() && rest[0] == '_') rest.remove_prefix(1);
  if (rest.empty() || rest.front() == '_' || rest.back() == '_') return std::nullopt;
  BigNumber number;
  size_t digits = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '_') {
      if (rest[i - 1] == '_') return std::nullopt;
      continue;
    }
    const int digit = digit_value(rest[i]);
    if (digit >= base) return std::nullopt;
    if (++digits > kMostDigits && base == 10) return std::nullopt;
    number.multiply_add(static_cast<uint32_t>(base), static_cast<uint64_t>(digit));
    if (number.too_long()) return std::nullopt;
  }
  PythonInt result = number.take(negative);
  if (result.digits.size() > kMostDigits + (negative ? 1 : 0)) return std::nullopt;
  return result;
}

std::optional<PythonInt> python_sexagesimal(std::string_view text) {
  BigNumber number;
  bool first = true;
  while (true) {
    const size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    const std::optional<PythonInt> value = python_int(part);
    if (!value) return std::nullopt;
    if (value->fits) {
      if (value->value < 0 || (!first && value->value > 0xffffffff)) return std::nullopt;
      number.multiply_add(60, static_cast<uint64_t>(value->value));
    } else {
      if (!first || value->digits[0] == '-') return std::nullopt;
      for (const char digit : value->digits)
        number.multiply_add(10, static_cast<uint64_t>(digit - '0'));
    }
    if (number.too_long()) return std::nullopt;
    first = false;
    if (colon == std::string_view::npos) return number.take(false);
    text.remove_prefix(colon + 1);
  }
}

PythonInt negated(PythonInt value) {
  if (!value.fits) {
    if (value.digits[0] != '-') {
      value.digits.insert(0, 1, '-');
      if (value.digits == "-9223372036854775808") return {true, std::numeric_limits<int64_t>::min(), {}};
    } else {
      value.digits.erase(0, 1);
    }
    return value;
  }
  if (value.value == std::numeric_limits<int64_t>::min()) return {false, 0, "9223372036854775808"};
  value.value = -value.value;
  return value;
}

std::optional<double> python_float(std::string_view text) {
  const std::optional<std::string> plain = without_underscores(to_ascii(text));
  if (!plain) return std::nullopt;
  std::string_view rest = *plain;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  double value = 0;
  if (equals_ignoring_case(rest, "inf") || equals_ignoring_case(rest, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (equals_ignoring_case(rest, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (!is_decimal_float(rest)) return std::nullopt;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error == std::errc::result_out_of_range) value = is_huge(rest) ? std::numeric_limits<double>::infinity() : 0.0;
  }
  return negative ? -value : value;
}

}  // namespace cfgtool
