#include <doctest/doctest.h>

#include <optional>

#include "config_engine/diagnostic.hpp"
#include "config_engine/interpolation.hpp"
#include "written_down.hpp"

namespace cfgtool {

namespace {

std::optional<std::string> parsed_tree(const std::string& text, bool is_element) {
  try {
    return written_down(is_element ? parse_single_element(text) : parse_config_value(text));
  } catch (const ConfigError& error) {
    CHECK(error.diagnostics()[0].code == "interpolation-syntax");
    return std::nullopt;
  }
}

bool is_valid(const std::string& text) {
  try {
    validate_interpolation(text);
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("interpolations are parsed as OmegaConf parses them") {
  for (const nlohmann::json& record : recorded("interpolations.jsonl")) {
    const std::string text = record["text"];
    CAPTURE(text);
    const std::optional<std::string> tree = parsed_tree(text, record["rule"] == "singleElement");
    if (record["ok"] == true) {
      CHECK(tree.value_or("refused") == record["tree"].get<std::string>());
    } else {
      CHECK(tree.value_or("refused") == "refused");
    }
    if (record.contains("valid")) CHECK(is_valid(text) == record["valid"].get<bool>());
  }
}

TEST_CASE("the short way gives the path that parsing gives") {
  size_t plain = 0;
  for (const nlohmann::json& record : recorded("interpolations.jsonl")) {
    const std::string text = record["text"];
    CAPTURE(text);
    const std::optional<std::string_view> path = plain_select_path(text);
    if (!path) continue;
    ++plain;
    const Interpolation parsed = parse_config_value(text);
    REQUIRE(parsed[parsed.root()].kind == ExprKind::kSelect);
    CHECK(parsed[parsed.root()].child_count == 0);
    CHECK(parsed[parsed.root()].path() == *path);
  }
  CHECK(plain > 15);
}

}  // namespace cfgtool
