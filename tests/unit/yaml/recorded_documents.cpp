#include <doctest/doctest.h>

#include <algorithm>

#include "config_engine/yaml_writer.hpp"
#include "recorded.hpp"

namespace cfgtool {

namespace {

std::string text_of(const nlohmann::json& row) {
  if (row.contains("text")) return row["text"];
  const std::string hex = row["bytes"];
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

void check_refused(const Reading& reading, const nlohmann::json& row) {
  REQUIRE(reading.refused);
  CHECK(reading.error.code.starts_with("yaml-"));
  CHECK(!reading.error.message.empty());
  REQUIRE(!reading.error.labels.empty());
  CHECK(reading.place(reading.error.labels[0].pos) != "nowhere");
  const std::vector<uint32_t> lines = reading.error_lines();
  const std::vector<uint32_t> expected = row["lines"];
  const bool on_line = std::any_of(lines.begin(), lines.end(), [&](uint32_t line) {
    return std::find(expected.begin(), expected.end(), line) != expected.end();
  });
  CAPTURE(lines);
  CAPTURE(expected);
  CHECK((expected.empty() || on_line));
}

}  // namespace

TEST_CASE("documents are read as OmegaConf reads them, or refused where PyYAML refuses them") {
  for (const nlohmann::json& row : recorded("documents", 600)) {
    const std::string name = row["name"];
    const std::string text = text_of(row);
    CAPTURE(name);
    CAPTURE(text);
    const Reading reading(text);
    const Node& root = reading.tree[reading.tree.root()];
    if (row.value("error", "") == "OSError" && !reading.refused) {  // a scalar root is the caller's to refuse
      CHECK(!root.is_container());
      continue;
    }
    if (row.contains("error")) {
      check_refused(reading, row);
      continue;
    }
    CAPTURE(reading.error.message);
    REQUIRE(!reading.refused);
    CHECK(write_yaml(reading.tree, reading.tree.root()) == row["yaml"].get<std::string>());
    if (!row.contains("places")) continue;
    for (const nlohmann::json& place : row["places"]) {
      CAPTURE(place.dump());
      const NodeId node = node_at(reading.tree, place[0]);
      REQUIRE(node != kNoNode);
      CHECK(reading.place(reading.tree[node].pos) ==
            std::to_string(place[1].get<int>()) + ":" + std::to_string(place[2].get<int>()));
    }
  }
}

}  // namespace cfgtool
