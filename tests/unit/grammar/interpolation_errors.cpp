#include <doctest/doctest.h>

#include <string>

#include "config_engine/diagnostic.hpp"
#include "config_engine/interpolation.hpp"

namespace cfgtool {

namespace {

Diagnostic refusal(const std::string& text, const TextOrigin& origin = {}, bool validating = false) {
  try {
    if (validating) {
      validate_interpolation(text, origin);
    } else {
      parse_config_value(text, origin);
    }
  } catch (const ConfigError& error) {
    return error.diagnostics()[0];
  }
  FAIL("accepted: ", text);
  return {};
}

/// `byte: reason`, the byte from 1.
std::string told(const std::string& text) {
  const Diagnostic found = refusal(text);
  CHECK(found.code == "interpolation-syntax");
  const std::string first_line = "Error parsing interpolation '" + text + "'\n";
  REQUIRE(found.message.substr(0, first_line.size()) == first_line);
  const std::string note = found.notes.at(0);  // "at byte N of the text"
  return note.substr(8, note.find(" of") - 8) + ": " + found.message.substr(first_line.size());
}

}  // namespace

TEST_CASE("what is wrong with an interpolation, and where") {
  CHECK(told("x ${a") == "6: expected '.', '[', ':' or '}', found the end of the text");
  CHECK(told("x ${}") == "5: expected a key or the name of a resolver, found '}'");
  CHECK(told("${a.}") == "5: expected a key, found '}'");
  CHECK(told("${a b}") == "5: expected '.', '[', ':' or '}', found 'b'");
  CHECK(told("${a[b}") == "6: expected ']', found '}'");
  CHECK(told("${a${b}}") == "5: expected '.', '[' or '}', found '{'");
  CHECK(told("${f:a=b}") == "6: expected ',' or '}', found '='");
  CHECK(told("${f:(a)}") == "5: expected a value, found '('");
  CHECK(told("${f:'a}") == "5: the quote is never closed");
  CHECK(told("${f:'a'b}") == "8: expected ',' or '}', found 'b'");
  CHECK(told("${f:[a}") == "7: expected ',' or ']', found '}'");
  CHECK(told("${f:{a}}") == "7: expected ':', found '}'");
  CHECK(told("${f:\xc3\xa9}") == "5: expected a value, found '\xc3\xa9'");
  CHECK(told("${.f:1}") ==
        "3: a resolver's name is made of names of letters, digits, '_' and '-' with dots between them");
  CHECK(told("${:a}") == "3: expected a key or the name of a resolver, found ':'");
}

TEST_CASE("the place of an error in its source") {
  SourceMap sources;
  const SourcePos file = sources.add(SourceKind::kFile, "c.yaml", "a: x ${f:(}\nb: '${f:(}'\nc: '${f:(} ''x'''\n");
  const TextOrigin plain{&sources, file + 3};
  CHECK(refusal("x ${f:(}", plain).labels[0].pos == file + 9);
  const TextOrigin quoted{&sources, file + 15};
  CHECK(refusal("${f:(}", quoted).labels[0].pos == file + 20);
  CHECK(refusal("${f:(}", quoted).notes.empty());
  // What was escaped does not stand there as it is: the value's own place, and the byte in words.
  const TextOrigin escaped{&sources, file + 27};
  CHECK(refusal("${f:(} 'x'", escaped).labels[0].pos == file + 27);
  CHECK(refusal("${f:(} 'x'", escaped).notes.at(0) == "at byte 5 of the text");
}

TEST_CASE("the stage is that of the caller") {
  CHECK(refusal("${a", {}, false).stage == Stage::kResolve);
  CHECK(refusal("${a", {}, true).stage == Stage::kCompose);
}

TEST_CASE("what OmegaConf's pattern lets pass fails later only") {
  for (const char* text : {"${:a}", "x ${ : a } y", "${f:\na}", "${f: a\n, b}"}) {
    CAPTURE(text);
    CHECK_NOTHROW(validate_interpolation(text));
    CHECK_THROWS_AS(parse_config_value(text), ConfigError);
  }
}

TEST_CASE("too much nesting is an error, not a crash") {
  std::string selects;
  std::string lists = "${f:";
  for (int i = 0; i < 10'000; ++i) {
    selects += "${";
    lists += '[';
  }
  CHECK(refusal(selects).message.find("nested deeper than 400 levels") != std::string::npos);
  CHECK(refusal(lists).message.find("nested deeper than 400 levels") != std::string::npos);
}

TEST_CASE("the parsed text keeps its own texts when it moves") {
  const std::string text = "${f:'it\\'s',a\\,b,99999999999999999999}";
  Interpolation first = parse_config_value(text);
  const Interpolation moved = std::move(first);
  const Expr& call = moved[moved.root()];
  REQUIRE(call.kind == ExprKind::kCall);
  REQUIRE(call.child_count == 3);
  const Expr& quoted = moved[call.first_child];
  CHECK(quoted.value.text() == "it's");
  CHECK(moved.source_text(call.first_child) == "'it\\'s'");
  const Expr& escaped = moved[quoted.next];
  CHECK(escaped.value.text() == "a,b");
  CHECK(moved[escaped.next].value.kind == NodeKind::kBigInt);
  CHECK(moved[escaped.next].value.text() == "99999999999999999999");
}

TEST_CASE("left-out items are marked") {
  const Interpolation call = parse_config_value("${f:1,,2}");
  CHECK(call[call.root()].has_empty_items);
  CHECK(call[call.root()].child_count == 3);
  const Interpolation plain = parse_config_value("${f:1,2}");
  CHECK(!plain[plain.root()].has_empty_items);
}

}  // namespace cfgtool
