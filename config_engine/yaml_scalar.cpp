#include "config_engine/yaml_scalar.hpp"

#include <charconv>
#include <limits>
#include <optional>

#include "config_engine/python_number.hpp"

namespace cfgtool {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

bool is_yaml_bool(std::string_view text) {
  if (text.size() < 2 || text.size() > 5) return false;
  return is_any_of(text, {"yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE",
                          "on", "On", "ON", "off", "Off", "OFF"});
}

bool is_yaml_null(std::string_view text) {
  return is_any_of(text, {"", "~", "null", "Null", "NULL"});
}

/// A position in a scalar; each function steps over what it names and says whether (or how much of) it was there.
class Matcher {
 public:
  explicit Matcher(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool done() const { return at_ == end_; }
  bool looking_at(char c) const { return at_ != end_ && *at_ == c; }
  bool one(char c) {
    if (!looking_at(c)) return false;
    ++at_;
    return true;
  }
  bool one_of(char a, char b) { return one(a) || one(b); }
  bool sign() { return one_of('-', '+'); }
  bool digit_up_to(char most) {
    if (at_ == end_ || *at_ < '0' || *at_ > most) return false;
    ++at_;
    return true;
  }
  size_t digits() {
    return many([](char c) { return is_digit(c); });
  }
  size_t digits_or_underscores() {
    return many([](char c) { return is_digit(c) || c == '_'; });
  }
  template <typename Predicate>
  size_t many(Predicate predicate) {
    const char* begin = at_;
    while (at_ != end_ && predicate(*at_))
      ++at_;
    return static_cast<size_t>(at_ - begin);
  }
  /// `(:[0-5]?[0-9])+`
  bool sexagesimal_parts() {
    if (!looking_at(':')) return false;
    while (one(':')) {
      const bool tens = digit_up_to('5');
      if (!digit_up_to('9') && !tens) return false;
    }
    return true;
  }
  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

 private:
  const char* at_;
  const char* end_;
};

/// PyYAML's resolver of tag:yaml.org,2002:int.
bool is_yaml_int(std::string_view text) {
  Matcher match(text);
  match.sign();
  if (match.one('0')) {
    if (match.done()) return true;
    if (match.one('b')) return match.many([](char c) { return c == '0' || c == '1' || c == '_'; }) && match.done();
    if (match.one('x')) {
      const auto is_hex = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '_';
      };
      return match.many(is_hex) && match.done();
    }
    return match.many([](char c) { return (c >= '0' && c <= '7') || c == '_'; }) && match.done();
  }
  if (!match.digit_up_to('9')) return false;
  match.digits_or_underscores();
  return match.done() || (match.sexagesimal_parts() && match.done());
}

/// `[0-9]+(_[0-9]+)*`, given that `text` holds digits and underscores and begins with a digit.
bool is_tidy(std::string_view digits) {
  return digits.back() != '_' && digits.find("__") == std::string_view::npos;
}

/// PyYAML's resolver of tag:yaml.org,2002:float and, with `omegaconf`, the one that OmegaConf adds to it: that one lets
/// the exponent go without a sign or without a point before it, if the digits before have no untidy underscores.
bool is_yaml_float(std::string_view text, bool omegaconf) {
  Matcher match(text);
  const bool sign = match.sign();
  if (match.one('.')) {
    if (is_any_of(match.rest(), {"inf", "Inf", "INF"})) return true;
    if (sign) return false;
    if (is_any_of(match.rest(), {"nan", "NaN", "NAN"})) return true;
    if (!match.digit_up_to('9')) return false;
    match.digits_or_underscores();
    if (match.done()) return true;
    return match.one_of('e', 'E') && match.sign() && match.digits() && match.done();
  }
  const std::string_view whole = match.rest();
  if (!match.digit_up_to('9')) return false;
  const size_t length = 1 + match.digits_or_underscores();
  const bool tidy = omegaconf && is_tidy(whole.substr(0, length));
  if (match.looking_at(':')) {
    if (!match.sexagesimal_parts() || !match.one('.')) return false;
    match.digits_or_underscores();
    return match.done();
  }
  const bool point = match.one('.');
  if (point) {
    match.digits_or_underscores();
    if (match.done()) return true;
  }
  if (!match.one_of('e', 'E') || (!point && !tidy)) return false;
  if (!match.sign() && !tidy) return false;
  return match.digits() && match.done();
}

/// PyYAML's resolver of tag:yaml.org,2002:timestamp.
bool is_yaml_timestamp(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  Matcher match(text);
  if (match.digits() != 4 || !match.one('-')) return false;
  const size_t month = match.digits();
  if (month < 1 || month > 2 || !match.one('-')) return false;
  const size_t day = match.digits();
  if (day < 1 || day > 2) return false;
  if (match.done()) return month == 2 && day == 2;
  if (!match.one_of('T', 't') && !match.many(is_blank)) return false;
  const size_t hour = match.digits();
  if (hour < 1 || hour > 2) return false;
  if (!match.one(':') || match.digits() != 2 || !match.one(':') || match.digits() != 2) return false;
  if (match.one('.')) match.digits();
  if (match.done()) return true;
  match.many(is_blank);
  if (match.one('Z')) return match.done();
  if (!match.sign()) return false;
  const size_t zone = match.digits();
  if (zone < 1 || zone > 2) return false;
  if (match.one(':') && match.digits() != 2) return false;
  return match.done();
}

YamlScalarTag resolve(std::string_view text, bool omegaconf) {
  if (text.empty()) return YamlScalarTag::kNull;
  switch (text[0]) {
    case '~':
    case 'n':
    case 'N':
      if (is_yaml_null(text)) return YamlScalarTag::kNull;
      [[fallthrough]];
    case 'y':
    case 'Y':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
      return is_yaml_bool(text) ? YamlScalarTag::kBool : YamlScalarTag::kString;
    case '<':
      return text == "<<" ? YamlScalarTag::kMerge : YamlScalarTag::kString;
    case '=':
      return text.size() == 1 ? YamlScalarTag::kValue : YamlScalarTag::kString;
    case '!':
    case '&':
    case '*':
      return text.size() == 1 ? YamlScalarTag::kYaml : YamlScalarTag::kString;
    default:
      break;
  }
  if (!is_digit(text[0]) && text[0] != '-' && text[0] != '+' && text[0] != '.') return YamlScalarTag::kString;
  if (is_yaml_int(text)) return YamlScalarTag::kInt;
  if (is_yaml_float(text, omegaconf)) return YamlScalarTag::kFloat;
  if (!omegaconf && is_yaml_timestamp(text)) return YamlScalarTag::kTimestamp;
  return YamlScalarTag::kString;
}

bool set_int(SourceMap& sources, const std::optional<PythonInt>& number, bool negative, Node* out) {
  if (!number) return false;
  const PythonInt value = negative ? negated(*number) : *number;
  *out = value.fits ? Node::of_int(value.value) : Node::of_text(NodeKind::kBigInt, sources.keep(value.digits));
  return true;
}

std::string without_underscores(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c != '_') plain += c;
  }
  return plain;
}

/// Takes a sign off the front, as PyYAML's constructors do: the rest may have one again.
bool take_sign(std::string_view* text) {
  const bool negative = (*text)[0] == '-';
  if (negative || (*text)[0] == '+') text->remove_prefix(1);
  return negative;
}

}  // namespace

YamlScalarTag resolve_plain_scalar(std::string_view text) {
  return resolve(text, true);
}

YamlScalarTag resolve_dumped_scalar(std::string_view text) {
  return resolve(text, false);
}

bool make_plain_scalar(SourceMap& sources, std::string_view text, Node* out) {
  switch (resolve(text, true)) {
    case YamlScalarTag::kNull:
      *out = Node::null();
      return true;
    case YamlScalarTag::kBool:
      return make_yaml_bool(text, out);
    case YamlScalarTag::kInt:
      return make_yaml_int(sources, text, out);
    case YamlScalarTag::kFloat:
      return make_yaml_float(text, out);
    case YamlScalarTag::kString:
    case YamlScalarTag::kMerge:
    case YamlScalarTag::kValue:
    case YamlScalarTag::kTimestamp:
    case YamlScalarTag::kYaml:
      break;
  }
  *out = Node::of_string(text);
  return true;
}

// SafeConstructor.construct_yaml_int
bool make_yaml_int(SourceMap& sources, std::string_view text, Node* out) {
  if (text.size() < 18 && !text.empty() && text[0] >= '1' && text[0] <= '9') {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end == text.data() + text.size()) {
      *out = Node::of_int(value);
      return true;
    }
  }
  const std::string plain = without_underscores(text);
  std::string_view rest = plain;
  if (rest.empty()) return false;
  const bool negative = take_sign(&rest);
  if (rest.empty()) return false;
  if (rest == "0") {
    *out = Node::of_int(0);
    return true;
  }
  if (rest.starts_with("0b")) return set_int(sources, python_int(rest.substr(2), 2), negative, out);
  if (rest.starts_with("0x")) return set_int(sources, python_int(rest.substr(2), 16), negative, out);
  if (rest[0] == '0') return set_int(sources, python_int(rest, 8), negative, out);
  if (rest.find(':') != std::string_view::npos) return set_int(sources, python_sexagesimal(rest), negative, out);
  return set_int(sources, python_int(rest), negative, out);
}

// SafeConstructor.construct_yaml_float
bool make_yaml_float(std::string_view text, Node* out) {
  const std::string plain = without_underscores(text);
  std::string_view rest = plain;
  if (rest.empty()) return false;
  const double sign = take_sign(&rest) ? -1.0 : 1.0;
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") {
    *out = Node::of_float(sign * std::numeric_limits<double>::infinity());
    return true;
  }
  if (rest == ".nan" || rest == ".NaN" || rest == ".NAN") {
    *out = Node::of_float(std::numeric_limits<double>::quiet_NaN());
    return true;
  }
  // From the last part to the first, as PyYAML adds them up: floats do not add up alike in every order.
  double value = 0;
  double weight = 1;
  while (true) {
    const size_t colon = rest.rfind(':');
    const bool last = colon == std::string_view::npos;
    const std::optional<double> part = python_float(last ? rest : rest.substr(colon + 1));
    if (!part) return false;
    if (last && weight == 1) {
      value = *part;
    } else {
      value += *part * weight;
    }
    if (last) break;
    weight *= 60;
    rest = rest.substr(0, colon);
  }
  *out = Node::of_float(sign * value);
  return true;
}

// SafeConstructor.construct_yaml_bool
bool make_yaml_bool(std::string_view text, Node* out) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const bool yes = is_any_of(lower, {"yes", "true", "on"});
  if (!yes && !is_any_of(lower, {"no", "false", "off"})) return false;
  *out = Node::of_bool(yes);
  return true;
}

}  // namespace cfgtool
