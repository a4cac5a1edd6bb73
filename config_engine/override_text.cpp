// An override written back as text: what Hydra's Override.get_key_element and get_value_element_as_str give.
#include <fmt/format.h>

#include "config_engine/override.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

/// QuotedString.with_quotes
std::string with_quotes(std::string_view text, char quote) {
  std::string result(1, quote);
  size_t backslashes = 0;
  for (char c : text) {
    if (c == '\\') {
      ++backslashes;
      result += c;
      continue;
    }
    // Backslashes count in front of a quote only: there they are doubled, and one more escapes the quote.
    if (c == quote) result.append(backslashes + 1, '\\');
    backslashes = 0;
    result += c;
  }
  result.append(backslashes, '\\');
  result += quote;
  return result;
}

/// escape_special_characters (hydra/_internal/grammar/utils.py)
std::string escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (std::string_view("\\()[]{}:=, \t").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

std::string Override::key_element() const {
  std::string text;
  if (kind == OverrideKind::kDelete) text = "~";
  if (kind == OverrideKind::kAdd) text = "+";
  if (kind == OverrideKind::kForceAdd) text = "++";
  text += key_or_group;
  if (package) text += "@" + *package;
  return text;
}

std::string Override::value_element_text(bool space_after_separator) const {
  return element_text(value.root(), space_after_separator);
}

std::string Override::element_text(NodeId id, bool space_after_separator) const {
  const Node& node = value[id];
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kMap:
    case NodeKind::kList:
      break;
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      if (id < quotes.size() && quotes[id]) return with_quotes(node.text(), quotes[id]);
      return escaped(node.text());
    default:
      return python_str(value, id);
  }
  const bool is_map = node.kind == NodeKind::kMap;
  std::string text;
  for (NodeId child : value.children(id)) {
    if (child != node.child.first) text += space_after_separator ? ", " : ",";
    if (is_map) {
      const Key key = value[child].key();
      text += key.kind == KeyKind::kNull     ? "null"
              : key.kind == KeyKind::kString ? escaped(key.text)
                                             : std::string(key.text);
      text += space_after_separator ? ": " : ":";
    }
    text += element_text(child, space_after_separator);
  }
  return is_map ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace cfgtool
