#include "schemas/mapping_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

const char* describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "empty";
    case NodeKind::kBool:
      return "a boolean";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return "an integer";
    case NodeKind::kFloat:
      return "a floating-point number";
    case NodeKind::kBytes:
      return "bytes";
    case NodeKind::kInterpolation:
      return "an interpolation";
    case NodeKind::kMissing:
      return "missing (?\?\?)";
    case NodeKind::kMap:
      return "a mapping";
    case NodeKind::kList:
      return "a list";
    case NodeKind::kString:
      return "a text";
  }
  return "";
}

/// What is wrong with a key path; empty if nothing is.
std::string key_fault(std::string_view key) {
  if (key.empty()) return "it is empty";
  if (key.front() == '.' || key.back() == '.' || key.find("..") != std::string_view::npos)
    return "between two dots, before the first and behind the last one, there must be a name";
  const auto is_key_character = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  };
  const auto* const odd = std::find_if_not(key.begin(), key.end(), is_key_character);
  if (odd == key.end()) return {};
  if (*odd == '[') return "items of lists cannot be named";
  return fmt::format("'{}' cannot be part of it", std::string(1, *odd));
}

}  // namespace

void MappingReader::refuse(SourcePos pos, size_t length, std::string code, std::string message, std::string note) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  if (pos) diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(length, 1)), {}});
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  problems_.push_back(std::move(diagnostic));
}

bool MappingReader::check_fields(NodeId map, const std::string& owner, const std::vector<std::string>& known) {
  if (tree_[map].kind != NodeKind::kMap) {
    refuse(tree_[map].pos, 1, "mapping-type", fmt::format("{} is {}, expected a mapping", owner, describe(tree_[map])));
    return false;
  }
  for (const NodeId child : tree_.children(map)) {
    const std::string name(tree_[child].key().text);
    if (tree_[child].key_kind == KeyKind::kString && std::find(known.begin(), known.end(), name) != known.end())
      continue;
    const std::string hint = did_you_mean(name, known);
    refuse(tree_[child].key_pos, name.size(), "mapping-unknown-field", fmt::format("{} has no field '{}'", owner, name),
           hint.empty() ? fmt::format("its fields are {}", fmt::join(known, ", ")) : hint);
  }
  return true;
}

NodeId MappingReader::field(NodeId map, const std::string& owner, std::string_view name, bool required) {
  const NodeId found = tree_.find(map, Key(name));
  if (found == kNoNode && required) {
    const Node& at = tree_[map];
    // A map's own place is its first key; an empty one has none but that of the key that holds it.
    refuse(at.key_pos ? at.key_pos : at.pos, std::max<size_t>(at.key().text.size(), 1), "mapping-field-missing",
           fmt::format("{} lacks the field '{}'", owner, name));
  }
  return found;
}

std::string MappingReader::text_at(NodeId node, const std::string& what) {
  const Node& value = tree_[node];
  if (value.kind != NodeKind::kString) {
    refuse(value.pos, 1, "mapping-type", fmt::format("{} is {}, expected a text", what, describe(value)),
           value.kind == NodeKind::kInterpolation ? "a mapping file has no interpolations" : "");
    return {};
  }
  if (value.text().empty()) refuse(value.pos, 1, "mapping-type", fmt::format("{} is an empty text", what));
  return std::string(value.text());
}

std::string MappingReader::key_at(NodeId node, const std::string& what) {
  const size_t before = problems_.size();
  std::string key = text_at(node, what);
  if (problems_.size() != before) return {};
  const std::string fault = key_fault(key);
  if (fault.empty()) return key;
  refuse(tree_[node].pos, key.size(), "mapping-key-path", fmt::format("{}: '{}' is no key path: {}", what, key, fault),
         "a key path is names with dots between them, such as critic.model.path");
  return {};
}

std::vector<std::string> MappingReader::list_at(NodeId node, const std::string& what, bool of_keys) {
  std::vector<std::string> items;
  const Node& list = tree_[node];
  if (list.kind != NodeKind::kList) {
    refuse(list.pos, 1, "mapping-type", fmt::format("{} is {}, expected a list", what, describe(list)));
    return items;
  }
  if (list.length == 0) refuse(list.pos, 1, "mapping-type", fmt::format("{} is an empty list", what));
  for (const NodeId child : tree_.children(node)) {
    const std::string name = fmt::format("item {} of {}", items.size() + 1, what);
    std::string item = of_keys ? key_at(child, name) : text_at(child, name);
    if (!item.empty() && std::find(items.begin(), items.end(), item) != items.end())
      refuse(tree_[child].pos, item.size(), "mapping-repeated", fmt::format("{} names '{}' twice", what, item));
    items.push_back(std::move(item));
  }
  return items;
}

std::string MappingReader::text(NodeId map, const std::string& owner, std::string_view name, bool required) {
  const NodeId node = field(map, owner, name, required);
  return node == kNoNode ? std::string() : text_at(node, fmt::format("'{}' of {}", name, owner));
}

std::string MappingReader::key(NodeId map, const std::string& owner, std::string_view name, bool required) {
  const NodeId node = field(map, owner, name, required);
  return node == kNoNode ? std::string() : key_at(node, fmt::format("'{}' of {}", name, owner));
}

int64_t MappingReader::positive(NodeId map, const std::string& owner, std::string_view name) {
  const NodeId node = field(map, owner, name, true);
  if (node == kNoNode) return 0;
  const Node& value = tree_[node];
  if (value.kind == NodeKind::kInt && value.integer >= 1 && value.integer <= INT32_MAX) return value.integer;
  refuse(value.pos, 1, "mapping-type",
         value.kind == NodeKind::kInt
             ? fmt::format("'{}' of {} is {}, expected an integer from 1 to {}", name, owner, value.integer, INT32_MAX)
             : fmt::format("'{}' of {} is {}, expected a positive integer", name, owner, describe(value)));
  return 0;
}

std::vector<std::string> MappingReader::texts(NodeId map, const std::string& owner, std::string_view name,
                                              bool required) {
  const NodeId node = field(map, owner, name, required);
  if (node == kNoNode) return {};
  return list_at(node, fmt::format("'{}' of {}", name, owner), false);
}

std::vector<NodeId> MappingReader::members(NodeId map, const std::string& owner, std::string_view name) {
  std::vector<NodeId> nodes;
  const NodeId node = field(map, owner, name, true);
  if (node == kNoNode) return nodes;
  const Node& value = tree_[node];
  if (value.kind != NodeKind::kMap || value.length == 0) {
    refuse(value.pos, 1, "mapping-type",
           fmt::format("'{}' of {} is {}, expected a mapping with at least one member", name, owner,
                       value.kind == NodeKind::kMap ? "empty" : describe(value)));
    return nodes;
  }
  for (const NodeId child : tree_.children(node))
    nodes.push_back(child);
  return nodes;
}

}  // namespace cfgtool
