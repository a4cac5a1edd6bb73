#include "schemas/schema_words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "config_engine/python_text.hpp"
#include "config_engine/yaml_writer.hpp"
#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

/// A scalar as YAML has it: a text that looks like a number is quoted.
std::string yaml_word(const Tree& tree, NodeId scalar) {
  const std::string text = write_yaml(tree, scalar);
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string shortened(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80)
    --bytes;
  return fmt::format("{}…", text.substr(0, bytes));
}

std::string value_in_words(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return node.boolean ? "the boolean true" : "the boolean false";
    case NodeKind::kInt:
      return fmt::format("the integer {}", node.integer);
    case NodeKind::kBigInt:
      return fmt::format("the integer {}", node.text());
    case NodeKind::kFloat:
      return fmt::format("the number {}", python_repr(node.real));
    case NodeKind::kBytes:
      return "bytes";
    case NodeKind::kMap:
      return "a mapping";
    case NodeKind::kList:
      return "a list";
    default:
      return node.length == 0 ? "an empty text" : "the text " + in_quotes(node.text());
  }
}
std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", shortened(text));
}

std::string number_text(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15) return fmt::format("{}", static_cast<int64_t>(value));
  return python_repr(value);
}

std::string counted(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string list_of_values(const Tree& tree, NodeId list) {
  std::vector<std::string> words;
  for (const NodeId child : tree.children(list)) {
    if (words.size() == kMostListed) {
      words.push_back(fmt::format("… ({} in all)", tree[list].length));
      break;
    }
    words.push_back(shortened(tree[child].is_container() ? to_json_value(tree, child).dump() : yaml_word(tree, child)));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace cfgtool
