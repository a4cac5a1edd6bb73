// What a problem says: its message, its places, the steps that put the value there.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/config.hpp"
#include "config_engine/config_file.hpp"
#include "schemas/validation.hpp"
#include "tests/unit/files/file_folder.hpp"

namespace cfgtool::test {

namespace {

/// Problems, with their places in words.
struct Problems {
  std::vector<Diagnostic> all;
  std::shared_ptr<const SourceMap> sources;

  const Diagnostic& only() const {
    REQUIRE(all.size() == 1);
    return all[0];
  }
  /// "line:column", or "override 1:5".
  std::string place(const Label& label) const {
    SourceLocation location;
    if (!sources->locate(label.pos, &location)) return "nowhere";
    return location.kind == SourceKind::kFile ? fmt::format("{}:{}", location.line, location.column)
                                              : fmt::format("override {}:{}", location.index, location.column);
  }
  std::string place() const { return only().labels.empty() ? "none" : place(only().labels[0]); }
  bool notes(const std::string& note) const {
    const auto& notes = only().notes;
    return std::find(notes.begin(), notes.end(), note) != notes.end();
  }
};

Problems check(const std::string& schema, const std::string& document, bool strict = false) {
  const FileFolder folder;
  const auto read = Schema::read(folder.write("schema.yaml", schema));
  ValidateOptions options;
  options.strict = strict;
  const Validation validation = validate_file(folder.write("document.yaml", document), *read, options);
  return {validation.problems, validation.sources};
}

}  // namespace

TEST_CASE("a wrong type") {
  const Problems problems = check("properties: {a: {properties: {b: {type: [integer, 'null']}}}}", "a:\n  b: two\n");
  CHECK(problems.only().code == "schema-type");
  CHECK(problems.only().message == "'a.b' must be an integer or null, but is the text 'two'");
  CHECK(problems.only().key_path == "a.b");
  CHECK(problems.place() == "2:6");
  CHECK(problems.only().labels[0].length == 3);
  CHECK(check("type: object", "- 1\n").only().message == "the top level must be a mapping, but is a list");
  CHECK(check("items: {type: boolean}", "[true, 1.5]").only().message ==
        "'[1]' must be a boolean, but is the number 1.5");
}

TEST_CASE("a value that is not listed") {
  const Problems near = check("properties: {a: {enum: [eager, sdpa, flash, 3]}}", "a: spda\n");
  CHECK(near.only().code == "schema-enum");
  CHECK(near.only().message == "'a' is the text 'spda', allowed are eager, sdpa, flash, 3");
  CHECK(near.notes("did you mean 'sdpa'?"));
  CHECK(near.notes("did you mean 'sdpa'?"));
  const Problems far = check("properties: {a: {enum: [eager, sdpa]}}", "a: paged\n");
  CHECK(far.only().notes.empty());
  CHECK(far.only().fix.empty());
  const Problems many = check("enum: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]", "0");
  CHECK(many.only().message ==
        "the top level is the integer 0, allowed are 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, … (14 in all)");
  CHECK(check("const: {a: 1}", "a: 2\n").only().message == "the top level is a mapping, but must be {\"a\":1}");
}

TEST_CASE("a value out of range") {
  const auto message = [](const char* schema, const char* document) { return check(schema, document).only().message; };
  CHECK(message("{minimum: 1}", "0") == "the top level is the integer 0, but must be at least 1");
  CHECK(message("{maximum: 0.5}", "0.75") == "the top level is the number 0.75, but must be at most 0.5");
  CHECK(message("{exclusiveMinimum: 0}", "0") == "the top level is the integer 0, but must be more than 0");
  CHECK(message("{exclusiveMaximum: 1}", "1.0") == "the top level is the number 1.0, but must be less than 1");
  CHECK(message("{multipleOf: 8}", "12") == "the top level is the integer 12, but must be a multiple of 8");
  CHECK(message("{items: {minLength: 1}}", "['']") == "'[0]' is an empty text, but must have at least 1 character");
  CHECK(message("{maxItems: 1}", "[1, 2]") == "the top level has 2 items, but must have at most 1");
  CHECK(message("{minProperties: 2}", "{a: 1}") == "the top level has 1 key, but must have at least 2");
  CHECK(message("{uniqueItems: true}", "[1, 2, 1.0]") ==
        "'[2]' is the number 1.0, as is item 0 already: no item may be there twice");
  CHECK(message("{items: {pattern: '^a'}}", "[b]") == "'[0]' is the text 'b', which does not fit the pattern ^a");
}

TEST_CASE("an unknown key") {
  const char* const schema = "properties: {net: {properties: {heads: {}, width: {}}, additionalProperties: false}}";
  const Problems near = check(schema, "net:\n  haeds: 4\n");
  CHECK(near.only().code == "schema-unknown-key");
  CHECK(near.only().message == "'net' has no key 'haeds'");
  CHECK(near.notes("did you mean 'heads'?"));
  CHECK(near.notes("did you mean 'heads'?"));
  CHECK(near.place() == "2:3");
  CHECK(near.only().labels[0].length == 5);
  CHECK(check(schema, "net: {colour: 1}").notes("its keys are heads, width"));
  CHECK(check("additionalProperties: false", "{a: 1}").only().message == "there is no key 'a'");
  // Where other keys are let in, they may have any name.
  CHECK(check("{properties: {heads: {}}, additionalProperties: true}", "haeds: 4").all.empty());
  CHECK(check("{properties: {heads: {}}}", "haeds: 4").all.empty());
  CHECK(check("{properties: {heads: {}}}", "haeds: 4", true).notes("did you mean 'heads'?"));
}

TEST_CASE("a missing key, unless it is there misspelt") {
  const Problems missing = check("properties: {net: {required: [heads]}}", "a: 1\nnet:\n  width: 4\n");
  CHECK(missing.only().code == "schema-required");
  CHECK(missing.only().message == "'net' lacks the key 'heads'");
  CHECK(missing.only().key_path == "net.heads");
  CHECK(missing.only().fix.empty());  // in a file nothing can be typed
  CHECK(missing.place() == "2:1");
  CHECK(check("{properties: {heads: {}}, required: [heads], additionalProperties: false}", "haeds: 4").only().code ==
        "schema-unknown-key");
}

TEST_CASE("alternatives") {
  const char* const schema = "properties: {a: {anyOf: [{type: integer, minimum: 1}, {type: string, enum: [auto]}]}}";
  // Its type says which was meant.
  CHECK(check(schema, "a: 0").only().message == "'a' is the integer 0, but must be at least 1");
  CHECK(check(schema, "a: aut").notes("did you mean 'auto'?"));
  const Problems none = check(schema, "a: [1]");
  CHECK(none.only().code == "schema-alternatives");
  CHECK(none.only().message == "'a' is a list, which fits none of the 2 alternatives (anyOf)");
  CHECK(none.notes("alternative 1: 'a' must be an integer, but is a list"));
  CHECK(none.notes("alternative 2: 'a' is a list, allowed are auto"));
  // A constant says which was meant.
  CHECK(check("oneOf: [{properties: {kind: {const: a}, x: {type: integer}}}, {properties: {kind: {const: b}}}]",
              "{kind: a, x: y}")
            .only()
            .message == "'x' must be an integer, but is the text 'y'");
  CHECK(check("oneOf: [{type: integer}, {minimum: 1}]", "2").only().message ==
        "the top level is the integer 2, which fits 2 of the 2 alternatives, but must fit one (oneOf)");
  CHECK(check("not: {type: integer}", "2").only().message ==
        "the top level is the integer 2, which is what it must not be (not)");
}

TEST_CASE("all problems at once, from top to bottom") {
  const Problems problems =
      check("{required: [z], properties: {a: {type: integer}, b: {items: {type: integer}}, c: {maximum: 1}}}",
            "c: 2\nb: [x, 1, y]\na: x\n");
  std::vector<std::string> keys;
  for (const Diagnostic& problem : problems.all)
    keys.push_back(problem.key_path);
  CHECK(keys == std::vector<std::string>{"z", "c", "b[0]", "b[2]", "a"});
}

TEST_CASE("the schema's description is told") {
  const Problems problems = check("properties: {a: {type: integer, description: How many.}}", "a: x\n");
  CHECK(problems.notes("the schema says: How many."));
}

TEST_CASE("of a composed value: who put it there, and where an interpolation uses it") {
  const FileFolder folder;
  folder.write("conf/config.yaml",
               "defaults:\n  - net: small\n  - _self_\ncopy: ${net.heads}\nwhole: ${net}\nsize: 3\n");
  folder.write("conf/net/small.yaml", "heads: many\nwidth: 8\n");
  const auto schema =
      Schema::read(folder.write("schema.yaml",
                                "properties: {net: {properties: {heads: {type: integer}}}, copy: {type: integer}, "
                                "whole: {properties: {width: {maximum: 3}}}, size: {maximum: 4}}"));
  ComposeRequest request;
  request.config_dirs = {folder.path("conf")};
  request.config_name = "config";
  request.overrides = {"net.width=4", "size=5"};
  const Validation validation = validate(std::make_shared<FileStore>(), request, schema.get());
  const Problems problems{validation.problems, validation.sources};
  REQUIRE(problems.all.size() == 3);
  const auto find = [&](const std::string& key) {
    for (const Diagnostic& problem : problems.all) {
      if (problem.key_path == key) return problem;
    }
    return Diagnostic{};
  };
  const Diagnostic heads = find("net.heads");
  // `copy` has the same value, which is one mistake: both uses are shown.
  REQUIRE(heads.labels.size() == 2);
  CHECK(problems.place(heads.labels[0]) == "1:8");
  CHECK(problems.place(heads.labels[1]) == "4:7");
  CHECK(heads.labels[1].text == "used here, for 'copy'");
  CHECK(heads.notes == std::vector<std::string>{"put there by the config 'net/small' (package net)"});
  const Diagnostic width = find("whole.width");
  REQUIRE(width.labels.size() == 2);
  CHECK(problems.place(width.labels[0]) == "override 1:11");
  CHECK(problems.place(width.labels[1]) == "5:8");
  CHECK(width.labels[1].text == "used here");
  const Diagnostic size = find("size");
  REQUIRE(size.labels.size() == 1);
  CHECK(problems.place(size.labels[0]) == "override 2:6");
  CHECK(size.notes == std::vector<std::string>{"put there by the override 'size=5'"});
}

TEST_CASE("a program refuses a schema's default at the place in the schema") {
  const FileFolder folder;
  const auto schema = Schema::read(folder.write("schema.yaml", "properties:\n  batch: {type: integer, default: 33}\n"));
  folder.write("conf/config.yaml", "steps: 7\n");
  ComposeRequest request;
  request.config_dirs = {folder.path() + "/conf"};
  request.config_name = "config";
  Composition composition = compose(std::make_shared<FileStore>(), request);
  ValidateOptions options;
  options.apply.with_defaults = true;
  REQUIRE(validate(composition, schema.get(), options).empty());
  const Config config(std::move(composition));
  CHECK(config.at("batch").origin().ends_with("schema.yaml:2:35"));
  const ValueProvenance provenance = config.at("batch").provenance();
  REQUIRE(provenance.causes.size() == 1);
  CHECK(to_string(provenance.causes[0].at).ends_with("schema.yaml:2:35"));
  try {
    config.at("batch").refuse("batch must divide 64");
    FAIL("it was not refused");
  } catch (const ConfigError& error) {
    CHECK(Problems{error.diagnostics(), error.sources()}.place() == "2:35");
  }
}

}  // namespace cfgtool::test
