#include "config_engine/node.hpp"

#include <type_traits>

namespace cfgtool {

static_assert(std::is_trivially_copyable_v<Node>);
static_assert(sizeof(Node) <= 48);

std::string_view Key::number_text() const {
  if (kind == KeyKind::kBool) return text == "True" ? "1" : "0";
  return kind == KeyKind::kFloat && text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

Node Node::of_bool(bool value) {
  Node node;
  node.kind = NodeKind::kBool;
  node.boolean = value;
  return node;
}

Node Node::of_int(int64_t value) {
  Node node;
  node.kind = NodeKind::kInt;
  node.integer = value;
  return node;
}

Node Node::of_float(double value) {
  Node node;
  node.kind = NodeKind::kFloat;
  node.real = value;
  return node;
}

Node Node::of_text(NodeKind kind, std::string_view text) {
  Node node;
  node.kind = kind;
  node.text_data = text.data();
  node.length = static_cast<uint32_t>(text.size());
  return node;
}

Node Node::of_string(std::string_view text) {
  NodeKind kind = NodeKind::kString;
  if (text == "???") {
    kind = NodeKind::kMissing;
  } else if (text.find("${") != std::string_view::npos) {
    kind = NodeKind::kInterpolation;
  }
  return of_text(kind, text);
}

Node Node::map() {
  Node node;
  node.kind = NodeKind::kMap;
  node.child = {kNoNode, kNoNode};
  return node;
}

Node Node::list() {
  Node node = map();
  node.kind = NodeKind::kList;
  return node;
}

void Node::set_key(Key key) {
  key_kind = key.kind;
  key_data = key.text.data();
  key_length = static_cast<uint32_t>(key.text.size());
}

const char* type_name(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "NoneType";
    case NodeKind::kBool:
      return "bool";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return "int";
    case NodeKind::kFloat:
      return "float";
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      return "str";
    case NodeKind::kBytes:
      return "bytes";
    case NodeKind::kMap:
      return "dict";
    case NodeKind::kList:
      return "list";
  }
  return "";
}

}  // namespace cfgtool
