// The casts of Hydra's override grammar: int(), float(), str(), bool() and json_str(), which go into lists, dicts and
// sweeps.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "config_engine/override_functions.hpp"
#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

using Cast = Element (*)(const CallContext&, const Element&);

[[noreturn]] void value_error(std::string text) {
  throw PythonError{"ValueError", std::move(text)};
}

[[noreturn]] void assertion_error() {
  throw PythonError{"AssertionError", ""};
}

/// _normalize_cast_value
Element normalize_cast_value(BoundArguments& bound) {
  const std::optional<Element>& named = bound.values[1];
  const bool has_named = named && !named->is_null();
  if (!bound.args.empty() && has_named) throw PythonError{"TypeError", "cannot use both position and named arguments"};
  if (has_named) return *named;
  if (bound.args.empty()) throw PythonError{"TypeError", "No positional args or value specified"};
  if (bound.args.size() == 1) return std::move(bound.args[0]);
  return list_to_simple_choice(std::move(bound.args));
}

/// The items cast one by one. Of a sweep, what the cast_… functions do not copy is lost, as in Hydra.
Element cast_items(const CallContext& context, const Element& value, Cast cast) {
  Element result;
  result.type = value.type;
  result.keys = value.keys;
  result.simple_form = value.simple_form;
  if (value.type == ElementType::kIntervalSweep) result.tags = value.tags;
  for (const Element& item : value.items) {
    result.items.push_back(cast(context, item));
    const Element& last = result.items.back();
    if (value.type == ElementType::kChoiceSweep &&
        (last.is_null() || last.is_sweep() || last.type == ElementType::kGlob))
      assertion_error();
  }
  result.begin = value.begin;
  result.end = value.end;
  return result;
}

/// Whether the value is to be cast item by item.
bool has_items(const Element& value) {
  return value.type == ElementType::kList || value.type == ElementType::kDict || value.is_sweep();
}

void refuse_sweep(const Element& value, const char* type) {
  if (value.type == ElementType::kRangeSweep) value_error("Range can only be cast to int or float");
  if (value.type == ElementType::kIntervalSweep) value_error(fmt::format("Intervals cannot be cast to {}", type));
}

void check_primitive(const Element& value) {
  if (!value.is_number() && value.type != ElementType::kString) assertion_error();
}

Element placed(Element element, const Element& origin) {
  element.begin = origin.begin;
  element.end = origin.end;
  return element;
}

Element integer_element(const CallContext& context, const PythonInt& integer) {
  if (integer.fits) return make_scalar(Node::of_int(integer.value));
  return make_scalar(Node::of_text(NodeKind::kBigInt, context.sources.keep(integer.digits)));
}

Element float_to_int(const CallContext& context, double value) {
  if (std::isnan(value)) value_error("cannot convert float NaN to integer");
  if (std::isinf(value)) throw PythonError{"OverflowError", "cannot convert float infinity to integer"};
  return integer_element(context, *python_int(fmt::format("{:.0f}", std::trunc(value))));
}

Element cast_int(const CallContext& context, const Element& value) {
  if (has_items(value)) return cast_items(context, value, cast_int);
  check_primitive(value);
  if (value.type == ElementType::kString) {
    const std::optional<PythonInt> integer = python_int(value.text);
    if (!integer) value_error("invalid literal for int() with base 10: " + python_repr(value.text));
    return placed(integer_element(context, *integer), value);
  }
  switch (value.scalar.kind) {
    case NodeKind::kFloat:
      return placed(float_to_int(context, value.scalar.real), value);
    case NodeKind::kBool:
      return placed(make_scalar(Node::of_int(value.scalar.boolean ? 1 : 0)), value);
    default:
      return value;
  }
}

Element cast_float(const CallContext& context, const Element& value) {
  if (has_items(value)) return cast_items(context, value, cast_float);
  check_primitive(value);
  if (value.type != ElementType::kString)
    return placed(make_scalar(Node::of_float(number_as_float(value.scalar))), value);
  const std::optional<double> real = python_float(value.text);
  if (!real) value_error("could not convert string to float: " + python_repr(value.text));
  return placed(make_scalar(Node::of_float(*real)), value);
}

Element cast_str(const CallContext& context, const Element& value) {
  refuse_sweep(value, "str");
  if (has_items(value)) return cast_items(context, value, cast_str);
  check_primitive(value);
  if (value.type == ElementType::kString) return placed(make_string(value.text), value);
  const bool is_bool = value.scalar.kind == NodeKind::kBool;
  const std::string text = is_bool ? (value.scalar.boolean ? "true" : "false") : python_repr(value);
  return placed(make_string(context.sources.keep(text)), value);
}

bool equals_ignoring_case(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != word[i]) return false;
  }
  return true;
}

/// bool(value) of a Python object that is no string.
bool is_true(const Element& value) {
  if (value.type != ElementType::kScalar) return true;
  switch (value.scalar.kind) {
    case NodeKind::kNull:
      return false;
    case NodeKind::kBool:
      return value.scalar.boolean;
    case NodeKind::kInt:
      return value.scalar.integer != 0;
    case NodeKind::kFloat:
      return value.scalar.real != 0;
    default:
      return true;
  }
}

Element cast_bool(const CallContext& context, const Element& value) {
  refuse_sweep(value, "bool");
  if (has_items(value)) return cast_items(context, value, cast_bool);
  if (value.type != ElementType::kString) return placed(make_scalar(Node::of_bool(is_true(value))), value);
  const bool is_yes = equals_ignoring_case(value.text, "true");
  if (!is_yes && !equals_ignoring_case(value.text, "false"))
    value_error(fmt::format("Cannot cast '{}' to bool", value.text));
  return placed(make_scalar(Node::of_bool(is_yes)), value);
}

/// json.dumps of a string, with its ensure_ascii.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const CodePoint c = decode_utf8(text);
    text.remove_prefix(c.bytes);
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    const size_t named = c.value < 0x80 ? kNamed.find(static_cast<char>(c.value)) : std::string_view::npos;
    if (named != std::string_view::npos) {
      out += '\\';
      out += kNames[named];
    } else if (c.value >= 0x20 && c.value < 0x7f) {
      out += static_cast<char>(c.value);
    } else if (c.value >= 0x10000) {
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((c.value - 0x10000) >> 10),
                         0xdc00 + ((c.value - 0x10000) & 0x3ff));
    } else if (c.value == 0x7f) {
      out += '\x7f';
    } else {
      out += fmt::format("\\u{:04x}", c.value);
    }
  }
  return out + "\"";
}

std::string json_scalar(const Node& scalar) {
  switch (scalar.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return scalar.boolean ? "true" : "false";
    case NodeKind::kFloat:
      if (std::isnan(scalar.real)) return "NaN";
      if (std::isinf(scalar.real)) return scalar.real > 0 ? "Infinity" : "-Infinity";
      return python_repr(scalar.real);
    case NodeKind::kInt:
      return fmt::format("{}", scalar.integer);
    default:
      return std::string(scalar.text());
  }
}

/// json.dumps
std::string json_text(const Element& value) {
  if (value.type == ElementType::kScalar) return json_scalar(value.scalar);
  if (value.type == ElementType::kString) return json_string(value.text);
  const bool is_dict = value.type == ElementType::kDict;
  if (!is_dict && value.type != ElementType::kList)
    throw PythonError{"TypeError", fmt::format("Object of type {} is not JSON serializable", python_type_name(value))};
  std::string out = is_dict ? "{" : "[";
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    if (is_dict) {
      const Element& key = value.keys[i];
      out += key.type == ElementType::kString ? json_string(key.text) : "\"" + json_scalar(key.scalar) + "\"";
      out += ": ";
    }
    out += json_text(value.items[i]);
  }
  return out + (is_dict ? "}" : "]");
}

Element cast_json_str(const CallContext& context, const Element& value) {
  return placed(make_string(context.sources.keep(json_text(value))), value);
}

}  // namespace

double number_as_float(const Node& number) {
  switch (number.kind) {
    case NodeKind::kBool:
      return number.boolean ? 1 : 0;
    case NodeKind::kInt:
      return static_cast<double>(number.integer);
    case NodeKind::kBigInt:
      if (const double real = *python_float(number.text()); std::isfinite(real)) return real;
      throw PythonError{"OverflowError", "int too large to convert to float"};
    default:
      return number.real;
  }
}

Element call_int(const CallContext& context, BoundArguments& bound) {
  return cast_int(context, normalize_cast_value(bound));
}

Element call_float(const CallContext& context, BoundArguments& bound) {
  return cast_float(context, normalize_cast_value(bound));
}

Element call_str(const CallContext& context, BoundArguments& bound) {
  return cast_str(context, normalize_cast_value(bound));
}

Element call_bool(const CallContext& context, BoundArguments& bound) {
  return cast_bool(context, normalize_cast_value(bound));
}

Element call_json_str(const CallContext& context, BoundArguments& bound) {
  const Element value = normalize_cast_value(bound);
  refuse_sweep(value, "json_str");
  if (value.type != ElementType::kChoiceSweep) return cast_json_str(context, value);
  for (const Element& choice : value.items) {
    if (choice.is_null()) assertion_error();  // Hydra's cast_choice refuses what extract_text leaves null
  }
  return cast_items(context, value, cast_json_str);
}

}  // namespace cfgtool
