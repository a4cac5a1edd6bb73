// Schemas that another process found good are taken from its cache, and nothing else is.
#include <doctest/doctest.h>

#include <string>

#include "config_engine/parse_cache.hpp"
#include "schemas/validation.hpp"
#include "tests/unit/files/file_folder.hpp"

namespace cfgtool::test {

namespace {

/// The codes of what is wrong with `document` by the schema, or with the schema itself.
std::string check(const FileFolder& folder, const std::string& schema, const std::string& document) {
  const SchemaOptions options{{}, folder.path("cache")};
  std::string codes;
  try {
    const auto read = Schema::read(schema, options);
    for (const Diagnostic& problem : validate_file(document, *read).problems)
      codes += problem.code + " ";
  } catch (const ConfigError& error) {
    for (const Diagnostic& problem : error.diagnostics())
      codes += "schema: " + problem.code + " ";
  }
  return codes;
}

}  // namespace

TEST_CASE("a schema from the cache finds what the schema finds, and a change in one of its files is seen") {
  const FileFolder folder;
  const std::string schema = folder.write("s.yaml", "properties: {a: {$ref: 'part.yaml#/definitions/a'}}\n");
  folder.write("part.yaml", "definitions: {a: {type: integer}}\n");
  const std::string document = folder.write("d.yaml", "a: x\n");
  CHECK(check(folder, schema, document) == "schema-type ");
  CHECK(check(folder, schema, document) == "schema-type ");
  folder.write("part.yaml", "definitions: {a: {type: string}}\n");
  CHECK(check(folder, schema, document).empty());
  folder.write("part.yaml", "definitions: {a: {type: strange}}\n");
  CHECK(check(folder, schema, document).starts_with("schema: "));
  CHECK(check(folder, schema, document).starts_with("schema: "));
}

TEST_CASE("what is no schema is refused again, also where the document around it is known") {
  const FileFolder folder;
  const std::string good = folder.write("s.yaml", "x-parts: {a: {type: strange}}\nproperties: {a: {type: string}}\n");
  const std::string document = folder.write("d.yaml", "a: x\n");
  CHECK(check(folder, good, document).empty());
  CHECK(check(folder, good, document).empty());
  for (int turn = 0; turn < 2; ++turn)
    CHECK(check(folder, good + "#/x-parts/a", document).starts_with("schema: "));
  const std::string bad = folder.write("bad.yaml", "properties: {a: {$ref: 's.yaml#/x-parts/a'}}\n");
  for (int turn = 0; turn < 2; ++turn)
    CHECK(check(folder, bad, document).starts_with("schema: "));
}

}  // namespace cfgtool::test
