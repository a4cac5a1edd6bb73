#include "recorded.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

#include "config_engine/yaml_reader.hpp"

namespace cfgtool {

std::vector<nlohmann::json> recorded(const std::string& name, size_t at_least) {
  std::ifstream file(fmt::format("{}/recorded_{}.jsonl", YAML_DATA, name));
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(file, line);)
    rows.push_back(nlohmann::json::parse(line));
  REQUIRE(rows.size() >= at_least);
  return rows;
}

Reading::Reading(std::string text) {
  begin = sources.add(SourceKind::kFile, "test.yaml", std::move(text));
  try {
    tree = read_yaml(sources, begin);
  } catch (const ConfigError& caught) {
    refused = true;
    error = caught.diagnostics().front();
  }
}

std::string Reading::place(SourcePos pos) const {
  SourceLocation location;
  if (!sources.locate(pos, &location)) return "nowhere";
  return fmt::format("{}:{}", location.line, location.column);
}

std::vector<uint32_t> Reading::error_lines() const {
  std::vector<uint32_t> lines;
  for (const Label& label : error.labels) {
    SourceLocation location;
    if (sources.locate(label.pos, &location)) lines.push_back(location.line);
  }
  return lines;
}

NodeId node_at(const Tree& tree, const nlohmann::json& path) {
  NodeId node = tree.root();
  for (const nlohmann::json& step : path) {
    if (node == kNoNode) break;
    if (step.is_number()) {
      node = tree.item(node, step.get<size_t>());
      continue;
    }
    const std::string key = step.get<std::string>();
    NodeId found = kNoNode;
    for (const NodeId child : tree.children(node)) {
      if (tree[child].key().text == key) found = child;
    }
    node = found;
  }
  return node;
}

}  // namespace cfgtool
