#include "config_engine/json_reader.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "config_engine/diagnostic.hpp"

namespace cfgtool {

namespace {

/// A text that has been read, or the error that it gave.
struct Reading {
  SourceMap sources;
  Tree tree;
  Diagnostic error;

  explicit Reading(std::string text) {
    sources.add(SourceKind::kFile, "other.json", "[1]");
    const SourcePos begin = sources.add(SourceKind::kFile, "text.json", std::move(text));
    try {
      tree = read_json(sources, begin);
    } catch (const ConfigError& thrown) {
      error = thrown.diagnostics().front();
    }
  }

  /// "line:column", 1-based.
  std::string place(SourcePos pos) const {
    SourceLocation location;
    if (!sources.locate(pos, &location)) return "nowhere";
    return fmt::format("{}:{}", location.line, location.column);
  }
  /// The places of a value and of its key: "value key".
  std::string places(NodeId node) const { return place(tree[node].pos) + " " + place(tree[node].key_pos); }
  NodeId at(std::string_view key) const { return tree.find(tree.root(), Key(key)); }
  /// "code line:column", of the first label.
  std::string refusal() const {
    return error.labels.empty() ? error.code : error.code + " " + place(error.labels[0].pos);
  }
};

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

}  // namespace

TEST_CASE("a value's place is its first byte, a key's place its quote") {
  const Reading reading(
      "{\n"
      "  \"a\": 1,\n"
      "  \"b\" : [true,null , \"x\\\"]{\", {\"c\":-1.5e3}],\"d\":{},\r\n"
      "\t\"\\u0065\":[ ] , \"é\": \"é\", \"f\": 2\n"
      "}");
  const Tree& tree = reading.tree;
  CHECK(reading.places(tree.root()) == "1:1 nowhere");
  CHECK(reading.places(reading.at("a")) == "2:8 2:3");
  const NodeId list = reading.at("b");
  CHECK(reading.places(list) == "3:9 3:3");
  CHECK(reading.places(tree.item(list, 0)) == "3:10 3:10");
  CHECK(reading.places(tree.item(list, 1)) == "3:15 3:15");
  CHECK(reading.places(tree.item(list, 2)) == "3:22 3:22");
  CHECK(reading.places(tree.item(list, 3)) == "3:31 3:31");
  CHECK(reading.places(tree.find(tree.item(list, 3), "c")) == "3:36 3:32");
  CHECK(reading.places(reading.at("d")) == "3:49 3:45");
  CHECK(reading.places(reading.at("e")) == "4:11 4:2");
  CHECK(reading.places(reading.at("é")) == "4:23 4:17");  // in bytes
  CHECK(reading.places(reading.at("f")) == "4:34 4:29");
}

TEST_CASE("places behind a byte order mark are those of the file") {
  const Reading reading("\xEF\xBB\xBF{\"a\": 1}");
  CHECK(reading.places(reading.at("a")) == "1:10 1:5");
}

TEST_CASE("values keep their types") {
  const Reading reading(
      R"({"int": -9223372036854775808, "big": 9223372036854775808, "float": 1.0, "exponent": 1e2, "text": "\u00e9\n",
          "missing": "???", "interpolation": "${a}", "no": null, "yes": true})");
  const Tree& tree = reading.tree;
  const auto node = [&](const char* key) { return tree[reading.at(key)]; };
  CHECK(node("int").integer == INT64_MIN);
  CHECK(node("big").kind == NodeKind::kBigInt);
  CHECK(node("big").text() == "9223372036854775808");
  CHECK(node("float").kind == NodeKind::kFloat);
  CHECK(node("exponent").kind == NodeKind::kFloat);
  CHECK(node("exponent").real == 100);
  CHECK(node("text").text() == "é\n");
  CHECK(node("missing").kind == NodeKind::kString);
  CHECK(node("interpolation").kind == NodeKind::kString);
  CHECK(node("no").kind == NodeKind::kNull);
  CHECK(node("yes").boolean);
}

TEST_CASE("a key given twice is shown twice") {
  const Reading reading("{\"a\": 1,\n \"b\": {\"a\": 2},\n \"\\u0061\": 3}");
  CHECK(reading.refusal() == "json-duplicate-key 3:2");
  REQUIRE(reading.error.labels.size() == 2);
  CHECK(reading.place(reading.error.labels[1].pos) == "1:2");
  CHECK(reading.error.message == "found duplicate key a");
}

TEST_CASE("what is no JSON is refused where it goes wrong") {
  CHECK(Reading("").refusal() == "json-syntax 1:1");
  CHECK(Reading("{\"a\": 1,\n \"b\" 2}").refusal() == "json-syntax 2:6");
  CHECK(Reading("[1, 2").refusal() == "json-syntax 1:5");
  CHECK(Reading("[1,]").refusal() == "json-syntax 1:4");
  CHECK(Reading("[1] 2").refusal() == "json-syntax 1:5");
  CHECK(Reading("[\n'a']").refusal() == "json-syntax 2:1");
  CHECK(Reading("[1e999]").refusal() == "json-syntax 1:2");
  CHECK(Reading("[1e999]").error.message == "number overflow parsing '1e999'");
  CHECK(Reading("[\"\xff\"]").refusal().starts_with("json-syntax 1:"));
}

TEST_CASE("500 collections in one another are read, not more") {
  const Reading deep(repeated("[", 500) + repeated("]", 500));
  CHECK(deep.error.code.empty());
  CHECK(deep.tree.size() == 500);
  CHECK(Reading(repeated("[", 501) + repeated("]", 501)).refusal() == "json-too-deep 1:501");
  CHECK(Reading(repeated("{\"a\":", 100'000)).refusal() == "json-too-deep 1:2501");
}

}  // namespace cfgtool
