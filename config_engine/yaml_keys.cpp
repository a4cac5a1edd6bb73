#include "config_engine/yaml_keys.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include "config_engine/diagnostic.hpp"
#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

[[noreturn]] void refuse(std::string message, SourcePos pos, std::string fix) {
  Diagnostic diagnostic;
  diagnostic.code = "yaml-bad-key";
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos, 1, {}});
  diagnostic.fix = std::move(fix);
  throw ConfigError(std::move(diagnostic));
}

/// The integer that a key equals.
std::optional<int64_t> whole_value(const Key& key) {
  if (key.kind == KeyKind::kBool) return key.text == "True" ? 1 : 0;
  if (key.kind == KeyKind::kInt) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(key.text.data(), key.text.data() + key.text.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
  }
  if (key.kind == KeyKind::kFloat) {
    const double value = python_float(key.text).value_or(0.5);
    if (std::abs(value) < 9.2e18 && value == std::trunc(value)) return static_cast<int64_t>(value);
  }
  return std::nullopt;
}

}  // namespace

Key make_yaml_key(SourceMap& sources, const Node& value, SourcePos pos) {
  switch (value.kind) {
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      return value.text();
    case NodeKind::kBytes:
      return {KeyKind::kBytes, value.text()};
    case NodeKind::kBool:
      return {KeyKind::kBool, value.boolean ? "True" : "False"};
    case NodeKind::kInt:
      return {KeyKind::kInt, sources.keep(std::to_string(value.integer))};
    case NodeKind::kBigInt:
      return {KeyKind::kInt, value.text()};
    case NodeKind::kFloat:
      return {KeyKind::kFloat, sources.keep(python_repr(value.real))};
    case NodeKind::kNull:
      refuse("Incompatible key type 'NoneType'", pos, "put the key in quotes");
    case NodeKind::kMap:
    case NodeKind::kList:
      break;
  }
  refuse("found unhashable key", pos,
         "a key must be a scalar; put it in quotes if it is a text with '[' or '{', such as \"${x}\"");
}

Node make_key_value(const Key& key) {
  switch (key.kind) {
    case KeyKind::kString:
      return Node::of_string(key.text);
    case KeyKind::kBytes:
      return Node::of_text(NodeKind::kBytes, key.text);
    case KeyKind::kBool:
      return Node::of_bool(key.text == "True");
    case KeyKind::kFloat:
      return Node::of_float(python_float(key.text).value_or(0));
    case KeyKind::kInt: {
      const std::optional<int64_t> value = whole_value(key);
      return value ? Node::of_int(*value) : Node::of_text(NodeKind::kBigInt, key.text);
    }
    case KeyKind::kNull:
      break;
  }
  return Node::null();
}

NodeId find_python_key(const Tree& tree, NodeId map, const Key& key) {
  const NodeId found = tree.find(map, key);
  if (found != kNoNode) return found;
  const std::optional<int64_t> value = whole_value(key);
  if (!value) return kNoNode;
  const auto find_as = [&](KeyKind kind, std::string_view text) {
    return kind == key.kind ? kNoNode : tree.find(map, Key(kind, text));
  };
  NodeId other = find_as(KeyKind::kInt, std::to_string(*value));
  const double real = static_cast<double>(*value);
  if (other == kNoNode && std::abs(real) < 9.2e18 && static_cast<int64_t>(real) == *value) {
    other = find_as(KeyKind::kFloat, python_repr(real));
    if (other == kNoNode && *value == 0)
      other = tree.find(map, Key(KeyKind::kFloat, key.text == "0.0" ? "-0.0" : "0.0"));
    if (other == kNoNode && *value == 0) other = tree.find(map, Key(KeyKind::kFloat, "-0.0"));
  }
  if (other == kNoNode && (*value == 0 || *value == 1)) other = find_as(KeyKind::kBool, *value == 1 ? "True" : "False");
  return other;
}

}  // namespace cfgtool
