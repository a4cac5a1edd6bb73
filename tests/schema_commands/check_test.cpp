// `cfgtool schema check`: what is wrong with a schema, and what is probably a mistake in it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/schema_commands/project.hpp"

using namespace cfgtool::test;

namespace {

/// `code:line:column` of each problem, in order.
std::vector<std::string> problems(const Project& project, const std::vector<std::string>& files) {
  std::vector<std::string> words{"schema", "check", "--json"};
  words.insert(words.end(), files.begin(), files.end());
  const Outcome outcome = project.run(words);
  std::vector<std::string> found;
  std::istringstream lines(outcome.output);
  bool is_wrong = false;
  for (std::string line; std::getline(lines, line);) {
    const auto problem = nlohmann::json::parse(line);
    const bool is_error = problem["severity"] == "error";
    is_wrong |= is_error;
    const std::string place =
        problem["line"].is_null() ? "" : ":" + problem["line"].dump() + ":" + problem["column"].dump();
    found.push_back((is_error ? "error " : "") + problem["code"].get<std::string>() + place);
  }
  CHECK(outcome.exit_code == (is_wrong ? 1 : 0));
  return found;
}

using Found = std::vector<std::string>;

}  // namespace

TEST_CASE("a schema without problems") {
  Project project;
  project.add("s.yaml", R"($schema: http://json-schema.org/draft-07/schema#
x-anything: [1]
properties:
  # Properties may be named as keywords nearly are.
  requried: {type: [integer, 'null'], enum: [1, null], default: null, deprecated: true, deprecationMessage: no}
  port: {$ref: '#/definitions/port', description: of the server}
  list: {type: array, items: {type: number}, default: [1, 2.5]}
  text: {type: string, default: '???'}
required: [port, others]
definitions:
  port: {type: integer, minimum: 1, default: 80}
)");
  CHECK(problems(project, {"s.yaml"}) == Found{});
  CHECK(project.run({"schema", "check", "s.yaml"}).output == "1 schema: no problems\n");
  CHECK(project.run({"schema", "check", "s.yaml", "s.yaml"}).output == "2 schemas: no problems\n");
}

TEST_CASE("what makes it no schema, all at once") {
  Project project;
  project.add("types.yaml", "type: objct\nproperties:\n  a: {minimum: low}\n  b: {tpye: string}\n");
  CHECK(problems(project, {"types.yaml"}) ==
        Found{"error schema-enum:1:7", "error schema-type:3:16", "schema-unknown-keyword:4:7"});
  project.add("references.yaml",
              "properties:\n  a: {$ref: '#/definitions/a'}\n  b: {pattern: '('}\n  c: {$ref: no.yaml}\n");
  CHECK(problems(project, {"references.yaml"}) ==
        Found{"error schema-reference:2:13", "error schema-pattern:3:16", "error schema-unreadable:4:13"});
  project.add("draft.yaml", "$schema: https://json-schema.org/draft/2020-12/schema\n");
  CHECK(problems(project, {"draft.yaml"}) == Found{"error schema-draft:1:10"});
  project.add("syntax.json", "{\"type\": \"object\",}");
  CHECK(problems(project, {"syntax.json"}).size() == 1);
  CHECK(problems(project, {"nowhere.yaml", "types.yaml"}).size() == 4);
  CHECK(problems(project, {"nowhere.yaml"}) == Found{"error schema-unreadable"});
  project.add("list.yaml", "- 1\n");
  CHECK(problems(project, {"list.yaml"}).size() == 1);
}

TEST_CASE("what is probably a mistake") {
  Project project;
  project.add("s.yaml", R"(type: object
requried: [a]
properties:
  mode:
    type: string
    enum: [fast, 1, null]
    default: slow
  port: {type: integer, minimum: 1, default: '80'}
  limit: {$ref: '#/definitions/limit', maximum: 3, title: the limit}
  db:
    additionalProperties: false
    required: [hots, port]
    properties: {host: {}, port: {type: integer, const: x}}
  open: {required: [hots], properties: {host: {}}}
  later: {unevaluatedProperties: false}
definitions:
  limit: {type: integer, default: 1.5}
)");
  CHECK(problems(project, {"s.yaml"}) ==
        Found{"schema-unknown-keyword:2:1", "schema-enum-type:6:18", "schema-enum-type:6:21", "schema-default:7:14",
              "schema-default:8:46", "schema-beside-reference:9:40", "schema-required-forbidden:12:16",
              "schema-const-type:13:57", "schema-later-draft:15:11", "schema-default:17:35"});
  const Outcome text = project.run({"schema", "check", "s.yaml"});
  CHECK(text.prints(R"(warning[schema-unknown-keyword]: 'requried' is no keyword of JSON Schema and does nothing
  --> s.yaml:2:1
    | requried: [a]
    | ^^^^^^^^
  note: did you mean 'required'?
  try: required
)"));
  CHECK(
      text.prints("the default does not fit its own schema: '#/properties/port/default' must be an integer, but is the "
                  "text '80'"));
  CHECK(text.prints("note: did you mean 'host'?"));
  CHECK(text.prints("1 schema: no problems, 10 warnings\n"));
}

TEST_CASE("a configuration is no schema, and what a schema refers to is checked with it") {
  Project project;
  project.add("config.yaml", "db: mysql\nseed: 1\n");
  CHECK(problems(project, {"config.yaml"}) == Found{"schema-says-nothing:1:1"});
  project.add("top.yaml", "properties: {a: {$ref: parts/a.yaml}}\n");
  project.add("parts/a.yaml", "type: integer\nmimimum: 3\ndefault: x\n");
  CHECK(problems(project, {"top.yaml"}) == Found{"schema-unknown-keyword:2:1", "schema-default:3:10"});
  CHECK(project.run({"schema", "check", "top.yaml"}).prints("parts/a.yaml:3:10"));
  project.add("far.yaml", "$ref: https://example.org/a.yaml\n");
  CHECK(problems(project, {"far.yaml"}) == Found{"error schema-reference:1:7"});
  CHECK(project.run({"schema", "check", "far.yaml", "--schema-uri", "https://example.org/=parts/"}).exit_code == 0);
}

TEST_CASE("formats for machines") {
  Project project;
  project.add("s.yaml", "type: objct\nrequried: [a]\n");
  const Outcome github = project.run({"schema", "check", "s.yaml", "--format", "github"});
  CHECK(github.prints("::error file=s.yaml,line=1,col=7,title=schema-enum::"));
  CHECK(github.prints("::warning file=s.yaml,line=2,col=1,title=schema-unknown-keyword::"));
  const auto sarif =
      nlohmann::json::parse(project.run({"schema", "check", "s.yaml", "s.yaml", "--format", "sarif"}).output);
  CHECK(sarif["runs"].size() == 1);
  CHECK(sarif["runs"][0]["results"].size() == 4);
  CHECK(project.run({"schema", "check", "s.yaml", "--format", "xml"}).exit_code == 2);
  CHECK(project.run({"schema", "check"}).exit_code == 2);
}

TEST_CASE("schemas that are made to take long") {
  Project project;
  std::string deep;
  for (int i = 0; i < 3000; ++i)
    deep += "{not: ";
  project.add("deep.yaml", deep);
  CHECK(project.run({"schema", "check", "deep.yaml"}).exit_code == 1);
  project.add("loop.yaml", "allOf: [{$ref: '#'}]\ndefault: 1\n");
  const Outcome looped = project.run({"schema", "check", "loop.yaml"});
  CHECK(looped.exit_code == 1);
  CHECK(looped.prints("schema-limit"));
  CHECK(project.run({"schema", "docs", "loop.yaml"}).exit_code == 0);
}
