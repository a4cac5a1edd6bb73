// What a schema does beside judging: types for overrides, defaults, keys that are read-only or deprecated; and where it
// is found when nobody names it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/validate/project.hpp"

namespace cfgtool::test {

namespace {

Outcome cfgtool(const Project& project, const std::vector<std::string>& words) {
  return run_program_in(project.path(), VALIDATE_CFGTOOL, words);
}

Outcome resolve(const Project& project, const std::vector<std::string>& words) {
  std::vector<std::string> all{"resolve", "-cp", "conf", "-cn", "config", "--schema", "schema.yaml"};
  all.insert(all.end(), words.begin(), words.end());
  return cfgtool(project, all);
}

}  // namespace

TEST_CASE("--coerce does to overrides what OmegaConf's typed fields do") {
  const Project project;
  project.write("conf/config.yaml", "integer: null\nnumber: null\nboolean: null\nstring: null\n");
  project.write("schema.yaml",
                "properties:\n  integer: {type: [integer, 'null']}\n  number: {type: [number, 'null']}\n"
                "  boolean: {type: [boolean, 'null']}\n  string: {type: [string, 'null']}\n");
  std::ifstream lines(VALIDATE_COERCED);
  size_t cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const auto recorded = nlohmann::json::parse(line);
    const std::string word = recorded.at("override");
    CAPTURE(word);
    const Outcome outcome = resolve(project, {"--coerce", word});
    if (word == "integer=1e3") {  // to JSON Schema a number without a fraction is an integer
      CHECK(outcome.output.starts_with("integer: 1000\n"));
      continue;
    }
    if (recorded.at("yaml").is_null()) {
      CHECK(outcome.exit_code == 1);
      CHECK(outcome.complains("schema-type"));
    } else {
      CHECK(outcome.exit_code == 0);
      CHECK(outcome.output == recorded.at("yaml").get<std::string>());
    }
  }
  CHECK(cases == 136);
}

TEST_CASE("--coerce leaves files alone, and what may be of several types") {
  const Project project;
  project.write("conf/config.yaml", "a: '1'\nb: x\nlist: []\n");
  project.write("schema.yaml",
                "properties:\n  a: {}\n  b: {type: [integer, string]}\n  list: {items: {type: integer}}\n");
  CHECK(resolve(project, {"--coerce", "b='2'", "list=['3',4]"}).output == "a: '1'\nb: '2'\nlist:\n- 3\n- 4\n");
  // Without the flag nothing changes, and the text is refused.
  CHECK(resolve(project, {"list=['3',4]"}).complains("override 1:7"));
  project.write("schema.yaml", "properties: {a: {type: integer}}\n");
  CHECK(resolve(project, {"--coerce"}).complains("conf/config.yaml:1:4"));
}

TEST_CASE("--with-defaults adds what is absent, and defaults within defaults") {
  const Project project;
  project.write("conf/config.yaml", "name: demo\nwhole: {given: 1}\n");
  project.write("schema.yaml",
                "properties:\n  name: {default: other}\n  steps: {default: 5}\n  copy: {default: '${steps}'}\n"
                "  whole: {properties: {given: {default: 2}, added: {default: [a, {b: c}]}}}\n"
                "  made: {default: {x: 1}, properties: {z: {default: 2}}}\n  plain: {type: integer}\n"
                "allOf: [{properties: {more: {$ref: '#/definitions/more'}}}]\ndefinitions: {more: {default: null}}\n");
  CHECK(resolve(project, {"--with-defaults"}).output ==
        "name: demo\nwhole:\n  given: 1\n  added:\n  - a\n  - b: c\nsteps: 5\ncopy: 5\nmade:\n  x: 1\n  z: 2\nmore: "
        "null\n");
  CHECK(resolve(project, {}).output == "name: demo\nwhole:\n  given: 1\n");
  // A default that does not fit is shown where it stands.
  project.write("schema.yaml", "properties:\n  steps:\n    type: integer\n    default: five\n");
  CHECK(resolve(project, {"--with-defaults"}).complains("schema.yaml:4:14"));
}

TEST_CASE("files are checked as they are") {
  const Project project;
  for (const std::string flag : {"--coerce", "--with-defaults"}) {
    const Outcome outcome = project.validate({flag, "good.yaml"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.complains(flag + " is for configurations that are composed"));
  }
}

TEST_CASE("defaults without an end are refused") {
  const Project project;
  project.write("schema.yaml", "properties: {a: {$ref: '#', default: {}}}\n");
  CHECK(resolve(project, {"--with-defaults"}).exit_code == 0);  // beside $ref nothing counts
  project.write("schema.yaml", "default: {}\nproperties: {a: {$ref: '#'}, b: {$ref: '#'}}\n");
  const Outcome outcome = resolve(project, {"--with-defaults"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.complains("schema-limit"));
}

TEST_CASE("a read-only key may stand in files, but not in overrides") {
  const Project project;
  project.write("conf/config.yaml", "name: demo\nsteps: 3\n");
  project.write("schema.yaml", "properties: {name: {readOnly: true}, steps: {}}\n");
  CHECK(project.validate_config({"steps=4"}).exit_code == 0);
  const Outcome outcome = project.validate_config({"steps=4", "name=other"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("error[schema-read-only]: 'name' is read-only"));
  CHECK(outcome.prints("override 2:6"));
}

TEST_CASE("a deprecated key warns, unless it is null or as ever") {
  const Project project;
  project.write("conf/config.yaml", "old: null\nusual: 1\nsteps: 3\n");
  project.write("schema.yaml",
                "properties:\n  old: {deprecated: true, deprecationMessage: Use steps instead.}\n"
                "  usual: {deprecated: true, default: 1}\n");
  CHECK(project.validate_config({}).output == "1 configuration: no problems\n");
  const Outcome outcome = project.validate_config({"old=5", "usual=2"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("warning[schema-deprecated]: 'old' is deprecated: Use steps instead."));
  CHECK(outcome.prints("warning[schema-deprecated]: 'usual' is deprecated\n"));
  // Who resolves is told, too.
  CHECK(resolve(project, {"old=5"}).complains("warning[schema-deprecated]"));
}

TEST_CASE("resolve --schema prints nothing of a configuration that does not fit") {
  const Project project;
  CHECK(resolve(project, {}).output == "name: demo\nsteps: 3\ncount: 3\n");
  const Outcome outcome = resolve(project, {"count=0", "+x=1"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK(outcome.complains("error[schema-range]: 'steps' is the integer 0, but must be at least 1"));
  CHECK(outcome.complains("error[schema-unknown-key]: there is no key 'x'"));
  CHECK(resolve(project, {"--no-resolve"}).output == "name: demo\nsteps: ${count}\ncount: 3\n");
  CHECK(cfgtool(project, {"resolve", "-cp", "conf", "-cn", "config", "--coerce"}).exit_code == 2);
}

TEST_CASE("a schema that the file names is used") {
  const Project project;
  std::filesystem::create_directory(project.path() / "schemas");
  project.write("schemas/own.yaml", "properties: {steps: {type: string}}\n");
  project.write("conf/named.yaml",
                "# A comment first.\n# yaml-language-server: $schema=../schemas/own.yaml\nsteps: 3\n");
  const Outcome file = cfgtool(project, {"validate", "conf/named.yaml"});
  CHECK(file.exit_code == 1);
  CHECK(file.prints("conf/named.yaml:3:8"));
  const Outcome composed = cfgtool(project, {"validate", "-cp", "conf", "-cn", "named", "steps=x"});
  CHECK(composed.exit_code == 0);
  // --schema counts more; what is named below the comments is text.
  CHECK(cfgtool(project, {"validate", "--schema", "schema.yaml", "conf/named.yaml"}).exit_code == 0);
  project.write("late.yaml", "steps: 3\n# yaml-language-server: $schema=schemas/own.yaml\n");
  const Outcome late = cfgtool(project, {"validate", "late.yaml"});
  CHECK(late.exit_code == 2);
  CHECK(late.prints("no schema is known for 'late.yaml'"));
  // What can be looked at is.
  const Outcome both = cfgtool(project, {"validate", "late.yaml", "nowhere.yaml", "conf/named.yaml"});
  CHECK(both.exit_code == 2);
  CHECK(both.prints("conf/named.yaml:3:8"));
  CHECK(both.prints("no schema is known for 'nowhere.yaml'"));
  const Outcome unreadable =
      cfgtool(project, {"validate", "--schema", "schemas/own.yaml", "nowhere.yaml", "conf/named.yaml"});
  CHECK(unreadable.exit_code == 2);
  CHECK(unreadable.prints("cannot read 'nowhere.yaml'"));
  CHECK(unreadable.prints("conf/named.yaml:3:8"));
  // A schema that is not there is shown where it was named.
  project.write("lost.yaml", "# yaml-language-server: $schema=nowhere.yaml\n");
  CHECK(cfgtool(project, {"validate", "lost.yaml"}).prints("lost.yaml:1:33"));
  const Outcome others = cfgtool(project, {"validate", "lost.yaml", "conf/named.yaml"});
  CHECK(others.exit_code == 1);
  CHECK(others.prints("lost.yaml:1:33"));
  CHECK(others.prints("conf/named.yaml:3:8"));
  project.write("far.yaml", "# yaml-language-server: $schema=https://example.org/s.json\n");
  CHECK(cfgtool(project, {"validate", "far.yaml"}).prints("nothing is read from a network"));
  CHECK(cfgtool(project, {"validate", "--schema-uri", "https://example.org/s.json=schemas/own.yaml", "far.yaml"})
            .exit_code == 0);
}

TEST_CASE("a byte order mark does not hide the schema that the file names") {
  const Project project;
  project.write("marked.yaml", "\xEF\xBB\xBF# yaml-language-server: $schema=schema.yaml\nname: demo\nsteps: zero\n");
  CHECK(cfgtool(project, {"validate", "marked.yaml"}).prints("marked.yaml:3:8"));
}

TEST_CASE("a schema that is nothing but a text is refused") {
  const Project project;
  project.write("link.yaml", "../schemas/config.schema.yaml\n");
  for (const std::string command : {"validate", "schema"}) {
    const Outcome outcome = command == "schema" ? cfgtool(project, {"schema", "check", "link.yaml"})
                                                : cfgtool(project, {"validate", "--schema", "link.yaml", "good.yaml"});
    CHECK(outcome.exit_code == 1);
    CHECK((outcome.output + outcome.errors).find("error[schema-invalid]: this is no schema") != std::string::npos);
  }
  project.write("key.yaml", "title:\n");
  CHECK_FALSE(cfgtool(project, {"schema", "check", "key.yaml"}).prints("nothing but a text"));
}

TEST_CASE("cfgtool.yaml names the schemas of a repository") {
  const Project project;
  std::filesystem::create_directories(project.path() / "conf/part/deep");
  project.write("cfgtool.yaml",
                "schemas:\n  schema.yaml: conf/config.yaml\n  text.yaml: [conf/part/*.yaml, '**/x.yaml']\n");
  project.write("text.yaml", "properties: {steps: {type: string}}\n");
  project.write("conf/part/a.yaml", "steps: 1\n");
  project.write("conf/part/deep/b.yaml", "steps: 1\n");
  project.write("conf/part/deep/x.yaml", "steps: 1\n");
  CHECK(cfgtool(project, {"validate", "-cp", "conf", "-cn", "config", "count=0"}).prints("schema-range"));
  CHECK(cfgtool(project, {"validate", "conf/part/a.yaml"}).prints("conf/part/a.yaml:1:8"));
  CHECK(cfgtool(project, {"validate", "conf/part/deep/x.yaml"}).exit_code == 1);
  // `*` stays within a folder.
  CHECK(cfgtool(project, {"validate", "conf/part/deep/b.yaml"}).exit_code == 2);
  // From within, and for several files at once.
  CHECK(run_program_in(project.path() / "conf/part", VALIDATE_CFGTOOL, {"validate", "a.yaml", "../config.yaml"})
            .exit_code == 1);
  // A repository's top ends the search.
  std::filesystem::create_directories(project.path() / "other/.git");
  project.write("other/x.yaml", "steps: 1\n");
  CHECK(cfgtool(project, {"validate", "other/x.yaml"}).exit_code == 2);
}

TEST_CASE("a cfgtool.yaml that is wrong is refused at its place") {
  const Project project;
  const auto complaint = [&](const std::string& text) {
    project.write("cfgtool.yaml", text);
    const Outcome outcome = cfgtool(project, {"validate", "good.yaml"});
    CHECK(outcome.exit_code != 0);
    return outcome.output + outcome.errors;
  };
  CHECK(complaint("shemas: {}\n").find("did you mean 'schemas'?") != std::string::npos);
  CHECK(complaint("shemas: {}\n").find("cfgtool.yaml:1:1") != std::string::npos);
  CHECK(complaint("schemas: [a]\n").find("cfgtool.yaml:1:10") != std::string::npos);
  CHECK(complaint("schemas:\n  s.yaml: {a: b}\n").find("cfgtool.yaml:2:11") != std::string::npos);
  CHECK(complaint("schemas:\n  nowhere.yaml: good.yaml\n").find("cfgtool.yaml:2:3") != std::string::npos);
  CHECK(complaint("schemas: [\n").find("cfgtool.yaml") != std::string::npos);
  CHECK(complaint("").find("no schema is known") != std::string::npos);
  // Once, however many files it is for.
  project.write("cfgtool.yaml", "shemas: {}\n");
  CHECK(cfgtool(project, {"validate", "good.yaml", "bad.yaml"}).prints("\n1 problem\n"));
}

TEST_CASE("what to type instead can be typed") {
  const Project project;
  project.write("conf/config.yaml", "defaults: [_self_]\nsection: {mode: fast, width: 1}\n");
  project.write(
      "schema.yaml",
      "properties:\n  section:\n    additionalProperties: false\n    required: [depth]\n    properties:\n"
      "      mode: {enum: [fast, slow]}\n      kind: {enum: [round, square]}\n      width: {}\n      depth: {}\n");
  const auto try_of = [&](const std::vector<std::string>& words, const std::string& part) {
    const std::string output = project.validate_config(words).output;
    const size_t at = output.find("  try: ", output.find(part));
    return at == std::string::npos ? "" : output.substr(at + 7, output.find('\n', at) - at - 7);
  };
  CHECK(try_of({"section.mode=fats"}, "schema-enum") == "section.mode=fast");
  CHECK(try_of({"+section.kind=rond"}, "schema-enum") == "+section.kind=round");
  CHECK(try_of({"+section.widht=2"}, "schema-unknown-key") == "section.width=2");
  CHECK(try_of({"+section.knid=round"}, "schema-unknown-key") == "+section.kind=round");
  CHECK(try_of({}, "schema-required") == "+section.depth=…");
}

TEST_CASE("nothing is passed because nothing was checked") {
  const Project project;
  CHECK(
      cfgtool(project, {"validate", "-cp", "conf", "--schema", "schema.yaml"}).complains("no configuration was named"));
  CHECK(cfgtool(project, {"validate", "good.yaml", "conf/config.yaml"}).exit_code == 2);
  CHECK(cfgtool(project, {"validate", "--skip-unknown", "good.yaml"}).output == "0 files: no problems\n");
  CHECK(project.validate({"conf"}).prints("-cp FOLDER -cn NAME"));
  project.write("conf/whole.yaml", "defaults: [config]\n");
  CHECK(project.validate({"conf/whole.yaml"}).prints("it is composed by -cp FOLDER -cn NAME"));
  CHECK(cfgtool(project, {"validate", "--schema", "verl/ppo_traner", "good.yaml"}).complains("verl/ppo_trainer"));
}

TEST_CASE("schema check looks at the attention mapping, and --strict fails where there are warnings") {
  const Project project;
  project.write("mapped.yaml", "type: object\nx-attention: {version: 1, framwork: toy}\n");
  CHECK(cfgtool(project, {"schema", "check", "mapped.yaml"}).prints("mapped.yaml:2:27"));
  project.write("typo.yaml", "type: object\nrequried: [a]\n");
  CHECK(cfgtool(project, {"schema", "check", "typo.yaml"}).exit_code == 0);
  CHECK(cfgtool(project, {"schema", "check", "--strict", "typo.yaml"}).exit_code == 1);
}

TEST_CASE("SARIF has a file also for what an override did") {
  const Project project;
  const Outcome outcome = project.validate_config({"steps=0", "--format", "sarif"});
  const auto result = nlohmann::json::parse(outcome.output).at("runs").at(0).at("results").at(0);
  CHECK(result.at("locations").at(0).at("physicalLocation").at("artifactLocation").at("uri") == "conf/config.yaml");
}

TEST_CASE("a schema's attention mapping makes the specification") {
  const Project project;
  const std::string mapping =
      "version: 1\nframework: toy\nimplementations: {default: sdpa, known: [eager, sdpa]}\n"
      "models: {net: {section: model, implementation: model.attention}}\nroles: {learner: {model: net, passes: "
      "train}}\n"
      "examples: {heads_q: 2, heads_kv: 2, head_dim: 64, sequence_length: 16, dtype: float32}\n";
  project.write("conf/toy.yaml", "model: {attention: eager}\n");
  const std::vector<std::string> words{"resolve", "-cp", "conf", "-cn", "toy", "--spec"};
  const auto spec = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return cfgtool(project, more);
  };
  std::string indented = "x-attention:\n  " + mapping;
  for (size_t at = indented.find('\n', 13); at + 1 < indented.size(); at = indented.find('\n', at + 1))
    indented.insert(at + 1, "  ");
  project.write("inline.yaml", "properties: {model: {type: object}}\n" + indented);
  project.write("toy.attention.yaml", mapping);
  project.write("named.yaml", "x-attention: toy.attention.yaml\n");
  for (const std::string file : {"inline.yaml", "named.yaml"}) {
    CAPTURE(file);
    CHECK(spec({"--schema", file}).prints("framework: toy"));
    CHECK(spec({"--attention-mapping", file}).prints("framework: toy"));
  }
  CHECK(spec({"--attention-mapping", "toy.attention.yaml"}).prints("framework: toy"));
  // A schema without it leaves the usual mapping.
  CHECK_FALSE(spec({"--schema", "schema.yaml"}).prints("framework: toy"));
  project.write("wrong.yaml", "x-attention: {version: 1, framwork: toy}\n");
  CHECK(spec({"--attention-mapping", "wrong.yaml"}).complains("wrong.yaml:1:27"));
  project.write("lost.yaml", "x-attention: nowhere.yaml\n");
  CHECK(spec({"--schema", "lost.yaml"}).complains("lost.yaml:1:14"));
}

}  // namespace cfgtool::test
