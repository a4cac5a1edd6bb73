#include <doctest/doctest.h>

#include "recorded.hpp"

namespace cfgtool {

namespace {

struct Mistake {
  const char* text;
  const char* code;
  const char* place;  ///< of the first label
};

// Every code of read_yaml, and what a person is most likely to write.
const Mistake kMistakes[] = {
    {"a: 'x\nb: 1\n", "yaml-unclosed-quote", "1:4"},
    {"a: \"x\n", "yaml-unclosed-quote", "1:4"},
    {"a: [1,\nb: 2\n", "yaml-unclosed-bracket", "1:4"},
    {"a: {x: [1}\n", "yaml-syntax", "1:10"},
    {"a: [1,,2]\n", "yaml-syntax", "1:7"},
    {"a: 1\n---\nb: 2\n", "yaml-second-document", "2:1"},
    {"a: 1\n...\nb: 2\n", "yaml-second-document", "3:1"},
    {"a:\t1\n", "yaml-tab", "1:3"},
    {"a:\n\tb: 1\n", "yaml-tab", "2:1"},
    {"a: 1\n  \t# c\n", "yaml-tab", "2:3"},
    {"a: 1\nb\nc: 2\n", "yaml-missing-colon", "2:1"},
    {"a: 1\nb:2\n", "yaml-missing-colon", "2:1"},
    {"a: b: c\n", "yaml-syntax", "1:5"},
    {"a: 1\n  b: 2\n", "yaml-syntax", "2:3"},
    {"a: - b\n", "yaml-syntax", "1:4"},
    {"a: @x\n", "yaml-syntax", "1:4"},
    {"a: %x\n", "yaml-syntax", "1:4"},
    {"a: [x?]\n", "yaml-syntax", "1:6"},
    {"a: \"C:\\d\"\n", "yaml-syntax", "1:8"},
    {"a: b\n  # c\n  d\n", "yaml-syntax", "3:3"},
    {"a: *.txt\n", "yaml-syntax", "1:5"},
    {"a: | text\n", "yaml-syntax", "1:6"},
    {"--- a: 1\n", "yaml-syntax", "1:6"},
    {"%YAML 1.1\na: 1\n", "yaml-syntax", "2:1"},
    {"a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", "3:1"},
    {"a: {{ x }}\n", "yaml-bad-key", "1:5"},
    {"? [a]\n: b\n", "yaml-bad-key", "1:3"},
    {"~: b\n", "yaml-bad-key", "1:1"},
    {"<<: 1\n", "yaml-bad-merge", "1:5"},
    {"<<: [1]\n", "yaml-bad-merge", "1:6"},
    {"a: !!int x\n", "yaml-bad-value", "1:4"},
    {"a: !!binary aGk\n", "yaml-bad-value", "1:4"},
    {"a: =\n", "yaml-bad-value", "1:4"},
    {"a: 0b_\n", "yaml-bad-value", "1:4"},
    {"a: !!strr x\n", "yaml-unknown-tag", "1:4"},
    {"a: !Foo {b: 1}\n", "yaml-unknown-tag", "1:4"},
    {"a: !!set {x}\n", "yaml-unsupported-tag", "1:4"},
    {"a: !!timestamp 2020-01-01\n", "yaml-unsupported-tag", "1:4"},
    {"a: !!python/object/apply:pathlib.Path [x]\n", "yaml-unsupported-tag", "1:4"},
    {"a: &x 1\nb: &x 2\n", "yaml-duplicate-anchor", "2:4"},
    {"a: &cache 1\nb: *cahce\n", "yaml-undefined-alias", "2:4"},
    {"a: &x [*x]\n", "yaml-recursive-alias", "1:8"},
    {"a: \x01\n", "yaml-encoding", "1:4"},
    {"a: b\n\nc: \xff\n", "yaml-encoding", "3:4"},
    {"\xff\xfe", "yaml-encoding", "1:1"},
    {"a: x\xE2\x80\xA8y\n", "yaml-encoding", "1:5"},
    {"# x\xE2\x80\xA9y\n", "yaml-encoding", "1:4"},
};

}  // namespace

TEST_CASE("mistakes are refused with their code, at their place") {
  for (const Mistake& mistake : kMistakes) {
    const std::string text = mistake.text;
    CAPTURE(text);
    const Reading reading(text);
    REQUIRE(reading.refused);
    CAPTURE(reading.error.message);
    CHECK(reading.error.code == mistake.code);
    CHECK(reading.place(reading.error.labels.at(0).pos) == mistake.place);
    CHECK(!reading.error.message.empty());
  }
}

TEST_CASE("a duplicate key names both places and the key's path") {
  const Reading reading("x:\n  - a: 1\n    b: 2\n    \"a\": 3\n");
  REQUIRE(reading.refused);
  CHECK(reading.error.message == "found duplicate key a");
  CHECK(reading.error.key_path == "x[0].a");
  REQUIRE(reading.error.labels.size() == 2);
  CHECK(reading.place(reading.error.labels[0].pos) == "4:5");
  CHECK(reading.place(reading.error.labels[1].pos) == "2:5");
}

TEST_CASE("the nearest right name is suggested") {
  CHECK(Reading("a: !!strr x\n").error.fix == "did you mean '!!str'?");
  CHECK(Reading("a: &cache 1\nb: *cahce\n").error.fix == "did you mean 'cache'?");
  CHECK(Reading("a:\t1\n").error.fix == "use spaces instead of the tab");
}

}  // namespace cfgtool
