#include "config_engine/yaml_keys.hpp"

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
      const std::optional<PythonInt> value = python_int(key.text);
      return value && value->fits ? Node::of_int(value->value) : Node::of_text(NodeKind::kBigInt, key.text);
    }
    case KeyKind::kNull:
      break;
  }
  return Node::null();
}

}  // namespace cfgtool
