#include "config_engine/typed_value.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

bool is_integer(const Node& node) {
  return node.kind == NodeKind::kInt || node.kind == NodeKind::kBigInt;
}

std::optional<Node> as_string(const Tree& tree, NodeId id, SourceMap& sources) {
  const Node& node = tree[id];
  if (node.is_text()) return node;
  if (node.kind == NodeKind::kBytes) return std::nullopt;
  return Node::of_text(NodeKind::kString, sources.keep(python_str(tree, id)));
}

std::optional<Node> as_int(const Node& node, SourceMap& sources) {
  if (is_integer(node)) return node;
  const auto number = node.kind == NodeKind::kString ? python_int(node.text()) : std::nullopt;
  if (!number) return std::nullopt;
  return number->fits ? Node::of_int(number->value) : Node::of_text(NodeKind::kBigInt, sources.keep(number->digits));
}

std::optional<Node> as_float(const Node& node) {
  if (node.kind == NodeKind::kFloat) return node;
  if (node.kind == NodeKind::kInt) return Node::of_float(static_cast<double>(node.integer));
  const bool is_written = node.kind == NodeKind::kString || node.kind == NodeKind::kBigInt;
  const auto number = is_written ? python_float(node.text()) : std::nullopt;
  return number ? std::optional(Node::of_float(*number)) : std::nullopt;
}

std::optional<Node> as_bool(const Node& node) {
  if (node.kind == NodeKind::kBool) return node;
  if (node.kind == NodeKind::kInt) return Node::of_bool(node.integer != 0);
  if (node.kind == NodeKind::kBigInt) return Node::of_bool(true);
  if (node.kind != NodeKind::kString) return std::nullopt;
  // A text that Python's int() reads counts as that number.
  if (const auto number = python_int(node.text())) return Node::of_bool(!number->fits || number->value != 0);
  const std::string word = ascii_lower(node.text());
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (is_one_of({"on", "y", "yes", "true"})) return Node::of_bool(true);
  if (is_one_of({"off", "n", "no", "false"})) return Node::of_bool(false);
  return std::nullopt;
}

}  // namespace

std::optional<Node> typed_value(const Tree& tree, NodeId id, ValueType type, SourceMap& sources) {
  const Node& node = tree[id];
  if (node.is_container() || node.kind == NodeKind::kNull) return std::nullopt;
  switch (type) {
    case ValueType::kString:
      return as_string(tree, id, sources);
    case ValueType::kInt:
      return as_int(node, sources);
    case ValueType::kFloat:
      return as_float(node);
    case ValueType::kBool:
      return as_bool(node);
  }
  return std::nullopt;
}

}  // namespace cfgtool
