#include <doctest/doctest.h>

#include "recorded.hpp"

namespace cfgtool {

namespace {

/// The places of a value and of its key: "value key".
std::string places(const Reading& reading, const nlohmann::json& path) {
  const NodeId node = node_at(reading.tree, path);
  if (node == kNoNode) return "no such node";
  return reading.place(reading.tree[node].pos) + " " + reading.place(reading.tree[node].key_pos);
}

}  // namespace

TEST_CASE("a value's place is its first byte, a key's place its key's") {
  const Reading reading(
      "# head\n"
      "a: 1   # c\n"
      "b: 'x'\n"
      "c: \"x\"\n"
      "d: |  # c\n"
      "  text\n"
      "e:     # c\n"
      "f:\n"
      "  g:\n"
      "  - 1\n"
      "  -\n"
      "  - [x, {y: z}]\n"
      "h: &n {i: 1}\n"
      "j: *n\n"
      "k: !!str 5\n"
      "l: &m !!int 6\n"
      "n:\n"
      "  <<: *n\n"
      "  o: ~\n"
      "'p': null\n"
      "q: {r, s: }\n");
  REQUIRE(!reading.refused);
  CHECK(places(reading, {"a"}) == "2:4 2:1");
  CHECK(places(reading, {"b"}) == "3:4 3:1");
  CHECK(places(reading, {"c"}) == "4:4 4:1");
  CHECK(places(reading, {"d"}) == "5:4 5:1");
  CHECK(places(reading, {"e"}) == "7:3 7:1");
  CHECK(places(reading, {"f"}) == "9:3 8:1");
  CHECK(places(reading, {"f", "g"}) == "10:3 9:3");
  CHECK(places(reading, {"f", "g", 0}) == "10:5 10:5");
  CHECK(places(reading, {"f", "g", 1}) == "11:4 11:4");
  CHECK(places(reading, {"f", "g", 2}) == "12:5 12:5");
  CHECK(places(reading, {"f", "g", 2, 0}) == "12:6 12:6");
  CHECK(places(reading, {"f", "g", 2, 1, "y"}) == "12:13 12:10");
  CHECK(places(reading, {"h"}) == "13:7 13:1");
  CHECK(places(reading, {"h", "i"}) == "13:11 13:8");
  CHECK(places(reading, {"j"}) == "13:7 14:1");
  CHECK(places(reading, {"j", "i"}) == "13:11 13:8");
  CHECK(places(reading, {"k"}) == "15:10 15:1");
  CHECK(places(reading, {"l"}) == "16:13 16:1");
  CHECK(places(reading, {"n", "i"}) == "13:11 13:8");
  CHECK(places(reading, {"n", "o"}) == "19:6 19:3");
  CHECK(places(reading, {"p"}) == "20:6 20:1");
  CHECK(places(reading, {"q", "r"}) == "21:6 21:5");
  CHECK(places(reading, {"q", "s"}) == "21:10 21:8");
}

TEST_CASE("places are those of the original behind carriage returns, a byte order mark and NEL") {
  const Reading reading(
      "\xEF\xBB\xBF"
      "a: 1\r\n# comment\r\n\r\nb:\r\n  - x\r\nc: \xC2\x85"
      "d: 2 # z\r\ne: é\r\nf:\r\n");
  REQUIRE(!reading.refused);
  CHECK(places(reading, {"a"}) == "1:7 1:4");
  CHECK(places(reading, {"b", 0}) == "5:5 5:5");
  CHECK(places(reading, {"c"}) == "6:3 6:1");
  CHECK(places(reading, {"d"}) == "6:9 6:6");  // NEL is a line break to YAML, but not to whoever shows the line
  CHECK(places(reading, {"e"}) == "7:4 7:1");
  CHECK(places(reading, {"f"}) == "8:3 8:1");
}

TEST_CASE("most texts of a tree are stretches of the source") {
  const Reading reading("a: word\nb: 'quoted'\nc: \"esc\\taped\"\n");
  const std::string_view source = reading.sources.text(reading.begin);
  const auto is_view = [&](const char* key) {
    const std::string_view text = reading.tree[node_at(reading.tree, {key})].text();
    return text.data() >= source.data() && text.data() + text.size() <= source.data() + source.size();
  };
  CHECK(is_view("a"));
  CHECK(is_view("b"));
  CHECK(!is_view("c"));
}

}  // namespace cfgtool
