#include <doctest/doctest.h>

#include "config_engine/python_text.hpp"
#include "config_engine/yaml_scalar.hpp"
#include "recorded.hpp"

namespace cfgtool {

namespace {

const char* tag_name(YamlScalarTag tag) {
  switch (tag) {
    case YamlScalarTag::kNull:
      return "null";
    case YamlScalarTag::kBool:
      return "bool";
    case YamlScalarTag::kInt:
      return "int";
    case YamlScalarTag::kFloat:
      return "float";
    case YamlScalarTag::kString:
      return "str";
    case YamlScalarTag::kMerge:
      return "merge";
    case YamlScalarTag::kValue:
      return "value";
    case YamlScalarTag::kTimestamp:
      return "timestamp";
    case YamlScalarTag::kYaml:
      return "yaml";
  }
  return "";
}

const char* python_type(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull:
      return "NoneType";
    case NodeKind::kBool:
      return "bool";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return "int";
    case NodeKind::kFloat:
      return "float";
    default:
      return "str";
  }
}

}  // namespace

TEST_CASE("plain scalars have the types and values that OmegaConf gives them") {
  for (const nlohmann::json& row : recorded("scalars", 1400)) {
    const std::string text = row["text"];
    CAPTURE(text);
    CHECK(tag_name(resolve_plain_scalar(text)) == row["tag"].get<std::string>());
    CHECK(tag_name(resolve_dumped_scalar(text)) == row["dumped_tag"].get<std::string>());
    if (!row.contains("type")) continue;
    SourceMap sources;
    Tree tree;
    Node node;
    const bool made = make_plain_scalar(sources, text, &node);
    CHECK(made == (row["type"] != "error"));
    if (!made) continue;
    tree.set_value(tree.root(), node);
    CHECK(python_type(node.kind) == row["type"].get<std::string>());
    CHECK(python_str(tree, tree.root()) == row["str"].get<std::string>());
  }
}

TEST_CASE("strings that OmegaConf treats specially are marked") {
  SourceMap sources;
  const auto kind = [&](const char* text) {
    Node node;
    REQUIRE(make_plain_scalar(sources, text, &node));
    return node.kind;
  };
  CHECK(kind("???") == NodeKind::kMissing);
  CHECK(kind("????") == NodeKind::kString);
  CHECK(kind("${a}") == NodeKind::kInterpolation);
  CHECK(kind("a${b}") == NodeKind::kInterpolation);
  CHECK(kind("9223372036854775807") == NodeKind::kInt);
  CHECK(kind("9223372036854775808") == NodeKind::kBigInt);
  CHECK(kind("-9223372036854775808") == NodeKind::kInt);
}

}  // namespace cfgtool
