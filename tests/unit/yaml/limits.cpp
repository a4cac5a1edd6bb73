#include <doctest/doctest.h>

#include <string>

#include "config_engine/yaml_writer.hpp"
#include "recorded.hpp"

namespace cfgtool {

namespace {

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

}  // namespace

TEST_CASE("deep nesting is refused in every form, without deep recursion or long waits") {
  const size_t deep = 100000;
  std::string indented;
  for (size_t i = 0; i < 3000; ++i)
    indented += std::string(i, ' ') + "a:\n";
  for (const std::string& text :
       {repeated("[", deep) + repeated("]", deep), repeated("{a: ", deep), repeated("- ", deep), repeated("? ", deep),
        repeated("[\n", deep), repeated("[a: ", deep), indented}) {
    CAPTURE(text.substr(0, 20));
    CHECK(Reading(text).error.code == "yaml-too-deep");
  }
}

TEST_CASE("400 levels are read and written") {
  const Reading reading("a: " + repeated("[", 400) + "1" + repeated("]", 400) + "\n");
  REQUIRE(!reading.refused);
  const std::string written = write_yaml(reading.tree, reading.tree.root());
  CHECK(written == "a:\n" + repeated("- ", 400) + "1\n");
}

TEST_CASE("aliases cannot make a short text stand for millions of values") {
  std::string laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'i'; ++c)
    laughs +=
        std::string(1, c) + ": &" + c + " [" + repeated(std::string("*") + static_cast<char>(c - 1) + ", ", 9) + "]\n";
  CHECK(Reading(laughs).error.code == "yaml-alias-limit");
  std::string deeper = "a0: &a0 " + repeated("[", 90) + repeated("]", 90) + "\n";
  for (int i = 1; i < 10; ++i)
    deeper += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " " + repeated("[", 90) + "*a" +
              std::to_string(i - 1) + repeated("]", 90) + "\n";
  CHECK(Reading(deeper).error.code == "yaml-too-deep");
}

TEST_CASE("large files take time in proportion to their size") {
  std::string wide = "a:\n";
  for (int i = 0; i < 20000; ++i)
    wide += "  key" + std::to_string(i) + ": value # comment\n";
  const Reading reading(wide + "b: [" + repeated("x, ", 20000) + "]\nc: '" + repeated("word ", 20000) + "'\n");
  REQUIRE(!reading.refused);
  CHECK(reading.tree[node_at(reading.tree, {"a"})].length == 20000);
  CHECK(reading.tree[node_at(reading.tree, {"b"})].length == 20000);
  CHECK(reading.tree[node_at(reading.tree, {"c"})].length == 100000);
}

}  // namespace cfgtool
