// Schemas and documents made to crash or to hang the check: each ends with a verdict or a clear error, within a second.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <source_location>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/schemas/checks.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

/// `item(i)` for 0 … count - 1, with commas between.
template <class Item>
std::string listed(size_t count, const Item& item) {
  std::string all;
  for (size_t i = 0; i < count; ++i)
    all += (i == 0 ? "" : ",") + item(i);
  return all;
}

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

/// Checks that it ends soon. Other programs slow this one down, but not each time.
Check check_soon(const fs::path& schema, const fs::path& document) {
  Check check = check_file(schema, document);
  for (int i = 0; i < 2 && check.seconds >= SCHEMA_SLOWEST_SECONDS; ++i)
    check = check_file(schema, document);
  CHECK(check.seconds < SCHEMA_SLOWEST_SECONDS);
  return check;
}

struct Texts {
  std::string schema = "{}";
  std::string document = "{}";
  std::string schema_name = "schema.json";
  std::string document_name = "document.json";
};

Check check(const Texts& texts) {
  const ScratchFolder scratch;
  write_text(scratch.path() / texts.schema_name, texts.schema);
  write_text(scratch.path() / texts.document_name, texts.document);
  return check_soon(scratch.path() / texts.schema_name, scratch.path() / texts.document_name);
}

Check check(const std::string& schema, const std::string& document) {
  return check(Texts{.schema = schema, .document = document});
}

/// That it is refused, with that code.
void refuses(const Check& refusal, const std::string& code,
             std::source_location where = std::source_location::current()) {
  CAPTURE(where.line());
  CAPTURE(refusal.output.substr(0, 1'000));
  CAPTURE(refusal.errors.substr(0, 1'000));
  CHECK(refusal.exit_code == 1);
  CHECK(refusal.says("error[" + code + "]"));
}

void fits(const Check& answer, std::source_location where = std::source_location::current()) {
  CAPTURE(where.line());
  CAPTURE(answer.output.substr(0, 1'000));
  CAPTURE(answer.errors.substr(0, 1'000));
  CHECK(answer.exit_code == 0);
}

/// A schema of `levels` definitions, each with `keyword` over two references to the next; `end` is the last.
std::string doubling(const std::string& keyword, size_t levels, const std::string& end) {
  const auto level = [&](size_t i) {
    const std::string next = fmt::format(R"({{"$ref":"#/definitions/d{}"}})", i + 1);
    return fmt::format(R"("d{}":{{"{}":[{},{}]}})", i, keyword, next, next);
  };
  return fmt::format(R"({{"$ref":"#/definitions/d0","definitions":{{{},"d{}":{}}}}})", listed(levels, level), levels,
                     end);
}

std::string laughs() {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'i'; ++c)
    text += fmt::format("{0}: &{0} [{1}]\n", c,
                        listed(9, [&](size_t) { return fmt::format("*{}", static_cast<char>(c - 1)); }));
  return text;
}

}  // namespace

TEST_CASE("deep recursion") {
  constexpr size_t kDeep = 100'000;
  const std::string lists = repeated("[", kDeep) + repeated("]", kDeep);
  refuses(check("{}", lists), "json-too-deep");
  refuses(check("{}", repeated("[", kDeep)), "json-too-deep");
  refuses(check({.document = lists, .document_name = "document.yaml"}), "yaml-too-deep");
  refuses(check({.document = repeated("- ", kDeep), .document_name = "document.yaml"}), "yaml-too-deep");
  const std::string schema = repeated(R"({"not": )", kDeep / 2) + "{}" + repeated("}", kDeep / 2);
  refuses(check(schema, "1"), "json-too-deep");
  refuses(check({.schema = schema, .schema_name = "schema.yaml"}), "yaml-too-deep");
  // What is not too deep to read.
  constexpr size_t kReadable = 240;
  fits(check(repeated(R"({"properties":{"a":)", kReadable) + R"({"type":"integer"})" + repeated("}}", kReadable),
             repeated(R"({"a":)", kReadable) + "1" + repeated("}", kReadable)));
  refuses(check(R"({"properties":{"a":{"$ref":"#"}},"type":"object"})",
                repeated(R"({"a":)", 450) + "1" + repeated("}", 450)),
          "schema-type");
}

TEST_CASE("long chains of references") {
  constexpr size_t kLong = 40'000;
  const auto chain = [&](const std::string& before, const std::string& behind) {
    return fmt::format(R"({{"allOf":[{{"$ref":"#/definitions/d0"}}],"definitions":{{{},"d{}":{{"type":"integer"}}}}}})",
                       listed(kLong,
                              [&](size_t i) {
                                return fmt::format(R"("d{}":{}{{"$ref":"#/definitions/d{}"}}{})", i, before, i + 1,
                                                   behind);
                              }),
                       kLong);
  };
  fits(check(chain("", ""), "1"));
  refuses(check(chain(R"({"not":)", "}"), "1"), "schema-limit");
  // Every one followed from every one.
  const std::string all = listed(20'000, [](size_t i) { return fmt::format(R"({{"$ref":"#/definitions/d{}"}})", i); });
  const std::string definitions =
      listed(20'000, [](size_t i) { return fmt::format(R"("d{}":{{"$ref":"#/definitions/d{}"}})", i, i + 1); });
  fits(check(fmt::format(R"({{"allOf":[{}],"definitions":{{{},"d20000":{{}}}}}})", all, definitions), "1"));
}

TEST_CASE("references that go round") {
  refuses(check(R"({"$ref":"#"})", "1"), "schema-reference-loop");
  refuses(
      check(
          R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})",
          "1"),
      "schema-reference-loop");
  refuses(check(R"({"properties":{"a":{"$ref":"#/properties/a"}}})", R"({"a":1})"), "schema-reference-loop");
  for (const char* const schema :
       {R"({"allOf":[{"$ref":"#"}]})", R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}]})", R"({"not":{"$ref":"#"}})",
        R"({"if":{"$ref":"#"}})", R"({"dependencies":{"a":{"$ref":"#"}}})",
        R"({"propertyNames":{"allOf":[{"$ref":"#/propertyNames"}]}})"}) {
    CAPTURE(schema);
    const Check round = check(schema, R"({"a":1})");
    CHECK(round.prints("error[schema-limit]"));
    CHECK(round.prints("  --> "));
  }
  // Each turn is about a smaller value: that ends.
  fits(check(R"({"properties":{"a":{"$ref":"#"}}})", R"({"a":{"a":{}}})"));
}

TEST_CASE("references to what is not there") {
  for (const char* const reference :
       {"nosuch.json", "../../../../../../nosuch", "schema.json/x", "file:///dev/zero", "/", "?"}) {
    CAPTURE(reference);
    refuses(check(fmt::format(R"({{"$ref":"{}"}})", reference), "1"), "schema-unreadable");
  }
  for (const char* const reference : {"http://example.com/a.json",
                                      "https://example.com",
                                      "//",
                                      "file://",
                                      "file://host/x",
                                      "urn:x:y",
                                      "%zz",
                                      "%",
                                      "#%zz",
                                      "#/%",
                                      "#/a%2",
                                      "#/a%00b",
                                      "%00.json",
                                      "a%00.json",
                                      "#/definitions/%25",
                                      "http://[",
                                      "a b",
                                      "#//",
                                      "#/~2",
                                      "#/0",
                                      "a\\u0000b",
                                      "\\\\"}) {
    CAPTURE(reference);
    refuses(check(fmt::format(R"({{"$ref":"{}","definitions":{{}}}})", reference), "1"), "schema-reference");
  }
  refuses(check(R"({"$ref":"file:///dev/null"})", "1"), "schema-invalid");
}

TEST_CASE("references to what is no schema") {
  for (const char* const value : {R"("properties":5)", R"("minimum":"a")", R"("multipleOf":0)", R"("required":7)",
                                  R"("dependencies":4)", R"("enum":5)", R"("pattern":5)", R"("type":"int")",
                                  R"("minLength":-1)", R"("maxItems":1.5)", R"("uniqueItems":4)"}) {
    CAPTURE(value);
    const std::string schema = fmt::format(R"({{"$ref":"#/elsewhere/a","elsewhere":{{"a":{{{}}}}}}})", value);
    const Check refusal = check(schema, "4");
    CAPTURE(refusal.output);
    CHECK(refusal.exit_code == 1);
    CHECK(refusal.complains("by the meta-schema of draft-07"));
  }
  refuses(check(R"({"$ref":"#/elsewhere","elsewhere":5})", "4"), "schema-invalid");
  refuses(check(R"({"allOf":[{"$ref":"#/enum/0"}],"enum":[{"type":"int"},1]})", "1"), "schema-enum");
}

TEST_CASE("patterns that go back for ever") {
  const std::string text = quoted(repeated("a", 50) + "b");
  refuses(check(R"({"pattern":"(a+)+$"})", text), "schema-limit");
  refuses(check(R"({"items":{"pattern":"(a+)+$"}})", fmt::format("[{}]", listed(1'000, [&](size_t) { return text; }))),
          "schema-limit");
  // Each is quick, all together are not.
  refuses(check(R"({"items":{"pattern":"(a+)+$"}})",
                fmt::format("[{}]", listed(2'000, [](size_t) { return quoted(repeated("a", 18) + "b"); }))),
          "schema-limit");
  const auto keys = [](size_t count, const char* value, const char* begin, const char* end) {
    return listed(count, [&](size_t i) { return fmt::format(R"("{}k{}{}":{})", begin, i, end, value); });
  };
  refuses(check(fmt::format(R"({{"patternProperties":{{{}}}}})", keys(1'000, "{}", "^", "$")),
                fmt::format("{{{}}}", keys(10'000, "1", "", ""))),
          "schema-limit");
  refuses(check(R"({"pattern":"^(?R)$"})", text), "schema-limit");
  refuses(check(fmt::format(R"({{"pattern":"{}a{}"}})", repeated("(", 10'000), repeated(")", 10'000)), text),
          "schema-pattern");
  refuses(check(R"-({"pattern":"(((a{1,1000}){1,1000}){1,1000})"})-", text), "schema-pattern");
  refuses(check(fmt::format(R"({{"pattern":"{}"}})", repeated("a", 1'000'000)), text), "schema-pattern");
}

TEST_CASE("a text of a megabyte under a pattern") {
  const std::string text = quoted(repeated("a", 1'000'000));
  fits(check(R"({"pattern":"^[a-z]+$"})", text));
  fits(check(R"({"pattern":"a(?=a*$)a"})", text));
  refuses(check(R"({"pattern":"^b"})", text), "schema-pattern-mismatch");
  refuses(check(R"({"pattern":"a*b"})", text), "schema-pattern-mismatch");
  // From every place to the end.
  refuses(check(R"({"pattern":"a*[bc]"})", text), "schema-limit");
  refuses(check(R"({"pattern":"^(.|\\n)*?x$"})", text), "schema-limit");
}

TEST_CASE("alternatives that double with each level") {
  for (const char* const keyword : {"anyOf", "oneOf", "allOf"}) {
    CAPTURE(keyword);
    refuses(check(doubling(keyword, 30, R"({"type":"string"})"), "1"), "schema-limit");
  }
  refuses(check(doubling("allOf", 30, "true"), "1"), "schema-limit");
  refuses(check(doubling("oneOf", 10, R"({"type":"string"})"), "1"), "schema-alternatives");
}

TEST_CASE("a schema of ten megabytes") {
  constexpr size_t kMegabytes = 10'000'000;
  const std::string words = repeated("x", 540);
  const auto key = [&](size_t i) { return fmt::format(R"("key{}":{{"type":"object","description":"{}"}})", i, words); };
  const std::string json = fmt::format(R"({{"properties":{{{}}}}})", listed(17'300, key));
  CHECK(json.size() > kMegabytes);
  refuses(check(json, R"({"key1":3})"), "schema-type");
  // YAML takes more time.
  std::string yaml = "properties:\n";
  for (size_t i = 0; i < 8'650; ++i)
    yaml += fmt::format("  key{}:\n    type: object\n    description: {}\n", i, words);
  CHECK(yaml.size() > kMegabytes * 95 / 200);
  refuses(check({.schema = yaml, .document = R"({"key1":3})", .schema_name = "schema.yaml"}), "schema-type");
  const auto small = [](size_t i) { return fmt::format(R"("key{}":{{"type":"object"}})", i); };
  refuses(check(fmt::format(R"({{"properties":{{{}}}}})", listed(60'000, small)), "{}"), "schema-too-large");
  const Check described =
      check(fmt::format(R"({{"description":"{}","type":"object"}})", repeated("x", kMegabytes)), "3");
  CHECK(described.exit_code == 1);
  CHECK(described.output.size() < 10'000);
}

TEST_CASE("many values") {
  const auto number = [](size_t i) { return std::to_string(i); };
  const auto value = [](size_t i) { return fmt::format(R"("value-{}")", i); };
  const std::string numbers = fmt::format("[{}]", listed(100'000, number));
  fits(check(R"({"uniqueItems":true})", numbers));
  refuses(
      check(R"({"uniqueItems":true})", fmt::format("[{}]", listed(100'000, [](size_t) { return std::string("1"); }))),
      "schema-duplicate-item");
  fits(check(R"({"uniqueItems":true})",
             fmt::format("[{}]", listed(100'000, [](size_t i) { return fmt::format(R"({{"a":{},"b":[1]}})", i); }))));
  refuses(check(fmt::format(R"({{"enum":[{}]}})", listed(200'000, value)), R"("value-x")"), "schema-enum");
  refuses(check(fmt::format(R"({{"items":{{"enum":[{}]}}}})", listed(10'000, value)),
                fmt::format("[{}]", listed(1'000, [](size_t) { return std::string(R"("value-x")"); }))),
          "schema-enum");
  refuses(check(fmt::format(R"({{"items":{{"anyOf":[{}]}}}})",
                            listed(40'000, [](size_t) { return std::string(R"({"type":"object"})"); })),
                numbers),
          "schema-limit");
}

TEST_CASE("many problems: the first thousand are said") {
  const auto count = [](const Check& check, const std::string& code) {
    size_t found = 0;
    for (size_t at = check.output.find(code); at != std::string::npos; at = check.output.find(code, at + 1))
      ++found;
    return found;
  };
  const std::string numbers = fmt::format("[{}]", listed(100'000, [](size_t i) { return std::to_string(i); }));
  const Check types = check(R"({"items":{"type":"string"}})", numbers);
  CHECK(count(types, "error[schema-type]") == 1'000);
  CHECK(types.prints("there are 1000 problems or more: no others are looked for"));
  const auto key = [](const char* name) { return [name](size_t i) { return fmt::format(R"("{}{}":{{}})", name, i); }; };
  const Check keys =
      check(fmt::format(R"({{"additionalProperties":false,"properties":{{{}}}}})", listed(20'000, key("key"))),
            fmt::format("{{{}}}", listed(20'000, key("kez"))));
  CHECK(count(keys, "error[schema-unknown-key]") == 1'000);
  const Check lacks = check(
      fmt::format(R"({{"required":[{}]}})", listed(20'000, [](size_t i) { return fmt::format(R"("k{}")", i); })), "{}");
  CHECK(count(lacks, "error[schema-required]") == 1'000);
}

TEST_CASE("numbers without measure") {
  refuses(check(R"({"minLength":1e300})", R"("a")"), "schema-length");
  refuses(check(R"({"minItems":9223372036854775808})", "[]"), "schema-count");
  refuses(check(R"({"maxLength":2.0})", R"("abc")"), "schema-length");
  fits(check(R"({"maxLength":1000000000000000000000000000000})", R"("abc")"));
  fits(check(R"({"multipleOf":1e-300})", "1"));
  fits(check(R"({"multipleOf":1e308})", "0"));
  refuses(check(R"({"multipleOf":1e308})", "1"), "schema-range");
  refuses(check(R"({"multipleOf":5e-324})", "1e308"), "schema-range");
  fits(check(R"({"multipleOf":9223372036854775807})", "0"));
  refuses(check(R"({"multipleOf":9223372036854775807})", "-9223372036854775808"), "schema-range");
  refuses(check(R"({"multipleOf":0})", "1"), "schema-range");
  const std::string large = "123456789012345678901234567890";
  fits(check(R"({"type":"integer","minimum":18446744073709551616})", large));
  refuses(check(R"({"type":"string"})", large), "schema-type");
  refuses(check(R"({"exclusiveMaximum":18446744073709551616})", large), "schema-range");
  refuses(check(R"({"multipleOf":1e309})", "1"), "json-syntax");
  refuses(check("{}", "1e400"), "json-syntax");
  refuses(check({.schema = "multipleOf: .nan\n", .schema_name = "schema.yaml"}), "schema-range");
  refuses(check({.schema = R"({"multipleOf":2})", .document = ".nan", .document_name = "document.yaml"}),
          "schema-range");
}

TEST_CASE("bytes that are no text") {
  refuses(check("{}", "\"\xff\xfe\""), "json-syntax");
  refuses(check("{\"title\":\"\xff\"}", "1"), "json-syntax");
  refuses(check("{}", R"("\ud800")"), "json-syntax");
  refuses(check({.document = "a: \"\xff\xfe\"", .document_name = "document.yaml"}), "yaml-encoding");
  refuses(check({.schema = "title: \"\xff\"", .schema_name = "schema.yaml"}), "yaml-encoding");
  const std::string nul(1, '\0');
  refuses(check("{}", "\"a" + nul + "b\""), "json-syntax");
  refuses(check({.document = "a" + nul + "b", .document_name = "document.yaml"}), "yaml-encoding");
  fits(check(R"({"pattern":"^a\\u0000b$","minLength":3,"maxLength":3})", R"("a\u0000b")"));
  refuses(check(R"({"const":"a\u0000b"})", R"("a\u0000c")"), "schema-const");
  refuses(check(R"({"pattern":"a\u0000b"})", R"("a\u0000b")"), "schema-invalid");
  refuses(check(R"({"required":["a\u0000b"]})", "{}"), "schema-invalid");
  refuses(check(R"({"properties":{"a\u0000b":{}}})", "{}"), "schema-invalid");
  refuses(check(R"({"dependencies":{"a":["a\u0000b"]}})", "{}"), "schema-invalid");
}

TEST_CASE("files that are none") {
  const ScratchFolder scratch;
  const fs::path good = scratch.path() / "good.json";
  write_text(good, "{}");
  const fs::path pipe = scratch.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  // A folder, no file, no end, nothing, a pipe into which nobody writes.
  for (const fs::path& file : {scratch.path(), scratch.path() / "nosuch", fs::path("/dev/zero")}) {
    CAPTURE(file.string());
    refuses(check_soon(file, good), "schema-unreadable");
    const Check document = check_soon(good, file);
    CHECK(document.exit_code == 2);
    CHECK(document.complains("error[file-unreadable]"));
  }
  for (const fs::path& file : {fs::path("/dev/null"), pipe}) {
    CAPTURE(file.string());
    refuses(check_soon(file, good), "schema-invalid");
    fits(check_soon(good, file));  // an empty YAML file is an empty configuration
  }
  refuses(check("", "1"), "json-syntax");
  refuses(check("{}", ""), "json-syntax");
  refuses(check({.schema = "", .schema_name = "schema.yaml"}), "schema-invalid");
  refuses(check({.schema = "# nothing yet\n", .schema_name = "schema.yaml"}), "schema-invalid");
  fits(check({.schema = "{}\n", .schema_name = "schema.yaml"}));
}

TEST_CASE("aliases that stand for millions of values") {
  refuses(check({.document = laughs(), .document_name = "document.yaml"}), "yaml-alias-limit");
  refuses(check({.schema = laughs(), .schema_name = "schema.yaml"}), "yaml-alias-limit");
}

}  // namespace cfgtool::test
