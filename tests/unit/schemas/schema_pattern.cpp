#include "schemas/schema_pattern.hpp"

#include <doctest/doctest.h>

#include <string>

namespace cfgtool {

namespace {

constexpr size_t kSteps = 1'000'000;

std::optional<bool> found(std::string_view pattern, std::string_view text, size_t steps = kSteps) {
  SchemaPattern::Fault fault;
  const auto compiled = SchemaPattern::compile(pattern, &fault);
  CAPTURE(pattern);
  REQUIRE(compiled);
  return compiled->found_in(text, steps);
}

}  // namespace

TEST_CASE("a pattern is looked for anywhere") {
  CHECK(found("b", "abc") == true);
  CHECK(found("^b", "abc") == false);
  CHECK(found("", "") == true);
}

TEST_CASE("as ECMA 262 has it, where Perl differs") {
  CHECK(found("a$", "a\n") == false);  // the very end
  CHECK(found("[]", "a") == false);
  CHECK(found("[^]", "\n") == true);
  CHECK(found("^\\u0041$", "A") == true);
  CHECK(found("^\\u{1F600}$", "\xF0\x9F\x98\x80") == true);
  CHECK(found("^.$", "é") == true);            // a code point, not a byte
  CHECK(found("^\\w$", "é") == false);         // ASCII
  CHECK(found("^\\d$", "\xD9\xA1") == false);  // an Arabic digit
  CHECK(found("^(?:(a)|b)*\\1$", "b") == true);
  CHECK(found("a\\u0000b", std::string_view("a\0b", 3)) == true);
}

TEST_CASE("a wrong pattern says where") {
  SchemaPattern::Fault fault;
  CHECK(!SchemaPattern::compile("ab(c", &fault));
  CHECK(fault.offset == 4);
  CHECK(fault.message == "missing closing parenthesis");
  CHECK(!SchemaPattern::compile("*", &fault));
  CHECK(fault.offset == 0);
}

TEST_CASE("nothing is said where it would take too long") {
  const std::string text(40, 'a');
  CHECK(found("(a+)+$", text) == true);
  CHECK(found("(a+)+$", text + "b") == std::nullopt);
  // Few items of the pattern, each over all of the text.
  CHECK(found("a*[bc]", std::string(100'000, 'a')) == std::nullopt);
  CHECK(found("(.*)*[xy]", std::string(1'000, 'a')) == std::nullopt);
}

TEST_CASE("what it takes is taken from what is left") {
  SchemaPattern::Fault fault;
  const auto pattern = SchemaPattern::compile("a.c", &fault);
  REQUIRE(pattern);
  size_t left = 1'000;
  CHECK(pattern->found_in("abc", left) == true);
  CHECK(left < 1'000);
  CHECK(left > 900);
  size_t few = 3;
  CHECK(pattern->found_in("abc", few) == std::nullopt);
  CHECK(few == 0);
  size_t before = left;
  CHECK(pattern->found_in(std::string(4'000, 'b'), left) == false);
  CHECK(before - left >= 4'000 / 8);
}

TEST_CASE("nothing is said of what is no UTF-8") {
  CHECK(found("a", "\xff") == std::nullopt);
}

}  // namespace cfgtool
