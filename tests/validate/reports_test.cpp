// The reports of `cfgtool validate`: one planted problem each, at its place, in every format but JUnit.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/validate/project.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// The only run of a SARIF document.
Json sarif_run(const Outcome& outcome) {
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  const Json document = Json::parse(outcome.output, nullptr, false);
  REQUIRE(!document.is_discarded());
  REQUIRE(document["version"] == "2.1.0");
  REQUIRE(document["runs"].size() == 1);
  return document["runs"][0];
}

Json region(int line, int column, int end_column) {
  return {{"startLine", line}, {"startColumn", column}, {"endColumn", end_column}};
}

}  // namespace

TEST_CASE("text: each problem at its place, and a count") {
  const Project project;
  const Outcome one = project.validate({"good.yaml", "bad.yaml"});
  CHECK(one.exit_code == 1);
  CHECK(one.prints("error[schema-type]: "));
  CHECK(one.prints("\n  --> bad.yaml:2:21\n"));
  CHECK(one.prints("\n    | {name: \"é\", steps: zero}\n    |                    ^^^^\n"));
  CHECK(lines_of(one.output).back() == "1 problem");
  CHECK(project.validate({"bad.yaml", "good.yaml", "bad.yaml"}).prints("\n2 problems\n"));
  CHECK(project.validate({"good.yaml"}).output == "1 file: no problems\n");
  CHECK(project.validate({"good.yaml", "good.yaml"}).output == "2 files: no problems\n");
  CHECK(project.validate_config({"name=other", "count=4"}).output == "1 configuration: no problems\n");
}

TEST_CASE("a required key that is misspelt is named where other keys are allowed") {
  const Project project;
  project.write("schema.yaml", "required: [steps]\nproperties: {steps: {}, stepsize: {}}\n");
  project.write("misspelt.yaml", "stpes: 3\nstepsize: 1\n");
  CHECK(project.validate({"misspelt.yaml"}).prints("note: it has 'stpes': did you mean 'steps'?"));
  project.write("lacking.yaml", "other: 3\nstepsize: 1\n");
  CHECK_FALSE(project.validate({"lacking.yaml"}).prints("did you mean"));
}

TEST_CASE("text: the mark is as wide as what it marks") {
  const Project project;
  project.write("wide.yaml", "name: demo\nsteps: höhe # of what\n");
  CHECK(project.validate({"wide.yaml"}).prints("\n    | steps: höhe # of what\n    |        ^^^^\n"));
}

TEST_CASE("text: a warning is no problem, and is counted beside them") {
  const Project project;
  project.write("conf/config.yaml", "defaults:\n  - part: a\nname: demo\n");
  project.write("conf/part/a.yaml", "# @package _global_\nsteps: 3\n");
  const Outcome fine = project.validate_config({"--version-base", "1.1"});
  CHECK(fine.exit_code == 0);
  CHECK(fine.prints("warning[defaults-self-missing]: "));
  CHECK(lines_of(fine.output).back() == "1 configuration: no problems, 1 warning");
  const Outcome wrong = project.validate_config({"--version-base", "1.1", "steps=0"});
  CHECK(wrong.exit_code == 1);
  CHECK(lines_of(wrong.output).back() == "1 problem, 1 warning");
}

TEST_CASE("json: an object on a line for each problem") {
  const Project project;
  const Outcome outcome = project.validate({"bad.yaml", "good.yaml", "bad.yaml", "--json"});
  CHECK(outcome.exit_code == 1);
  const std::vector<std::string> lines = lines_of(outcome.output);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == lines[1]);
  const Json problem = Json::parse(lines[0]);
  CHECK(problem["code"] == "schema-type");
  CHECK(problem["severity"] == "error");
  CHECK(problem["message"].get<std::string>().find("steps") != std::string::npos);
  CHECK(problem["file"] == "bad.yaml");
  CHECK(problem["line"] == 2);
  CHECK(problem["column"] == 21);
  CHECK(problem["key"] == "steps");
  CHECK(problem["notes"] == Json{"the schema says: How long"});
  CHECK(project.validate({"good.yaml", "--format", "json"}).output.empty());
}

TEST_CASE("github: an annotation on a line for each problem") {
  const Project project;
  project.write("a,b%.yaml", "name: 3\n");
  const Outcome outcome = project.validate({"bad.yaml", "a,b%.yaml", "--format", "github"});
  CHECK(outcome.exit_code == 1);
  const std::vector<std::string> lines = lines_of(outcome.output);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("::error file=bad.yaml,line=2,col=21,title=schema-type::"));
  CHECK(lines[0].ends_with("%0Athe schema says: How long"));
  CHECK(lines[1].starts_with("::error file=a%2Cb%25.yaml,line=1,col=7,title=schema-type::"));
  CHECK(project.validate({"good.yaml", "--format", "github"}).output.empty());
}

TEST_CASE("sarif: one document with one run for all files") {
  const Project project;
  project.write("a b%.yaml", "nmae: 3\n");
  const Outcome outcome = project.validate({"bad.yaml", "good.yaml", "a b%.yaml", "--format", "sarif"});
  CHECK(outcome.exit_code == 1);
  const Json run = sarif_run(outcome);
  CHECK(run["columnKind"] == "unicodeCodePoints");
  const Json& driver = run["tool"]["driver"];
  CHECK(driver["name"] == "cfgtool");
  CHECK(!driver["version"].get<std::string>().empty());
  REQUIRE(driver["rules"].size() == 2);
  CHECK(driver["rules"][0]["id"] == "schema-type");
  CHECK(driver["rules"][1]["id"] == "schema-unknown-key");
  CHECK(driver["rules"][1]["shortDescription"]["text"] == "schema: unknown key");

  REQUIRE(run["results"].size() == 2);
  const Json& type = run["results"][0];
  CHECK(type["ruleId"] == "schema-type");
  CHECK(type["level"] == "error");
  CHECK(type["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.yaml");
  CHECK(type["locations"][0]["physicalLocation"]["region"] == region(2, 20, 24));
  CHECK(type["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "steps");
  const Json& key = run["results"][1];
  CHECK(key["ruleId"] == "schema-unknown-key");
  CHECK(key["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b%25.yaml");
  CHECK(key["locations"][0]["physicalLocation"]["region"] == region(1, 1, 5));
}

TEST_CASE("sarif: a document without results when all is well") {
  const Project project;
  const Outcome outcome = project.validate({"good.yaml", "--format", "sarif"});
  CHECK(outcome.exit_code == 0);
  const Json run = sarif_run(outcome);
  CHECK(run["results"] == Json::array());
  CHECK(run["tool"]["driver"]["rules"] == Json::array());
}

TEST_CASE("a value that came through an interpolation is shown where it is used, too") {
  const Project project;
  project.write("conf/config.yaml", "name: demo\nsteps: ${count}\ncount: many\n");
  const std::string file = (project.path() / "conf/config.yaml").string();

  const Json line = Json::parse(project.validate_config({"--json"}).output);
  CHECK(line["file"] == file);
  CHECK(line["line"] == 3);
  CHECK(line["column"] == 8);
  REQUIRE(line["related"].size() == 1);
  CHECK(line["related"][0]["line"] == 2);

  const Outcome github = project.validate_config({"--format", "github"});
  CHECK(github.prints("::error file=" + file + ",line=3,col=8,"));
  CHECK(github.prints("%0Aat " + file + ":2:8: used here%0A"));

  const Json result = sarif_run(project.validate_config({"--format", "sarif"}))["results"][0];
  const Json& place = result["locations"][0]["physicalLocation"];
  CHECK(place["artifactLocation"]["uri"] == "file://" + file);
  CHECK(place["region"] == region(3, 8, 12));
  REQUIRE(result["relatedLocations"].size() == 1);
  const Json& use = result["relatedLocations"][0];
  CHECK(use["message"]["text"] == "used here");
  CHECK(use["physicalLocation"]["artifactLocation"]["uri"] == "file://" + file);
  CHECK(use["physicalLocation"]["region"]["startLine"] == 2);
  CHECK(use["physicalLocation"]["region"]["startColumn"] == 8);
}

TEST_CASE("a value of the command line has no file: its place is said in words") {
  const Project project;
  const Json result = sarif_run(project.validate_config({"name=other", "count=0", "--format", "sarif"}))["results"][0];
  CHECK(result["message"]["text"].get<std::string>().find("\nat override 2:7\n") != std::string::npos);
  // Who shows results in files shows it at the primary config.
  CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "conf/config.yaml");
  CHECK(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "steps");
  const Outcome github = project.validate_config({"name=other", "count=0", "--format", "github"});
  CHECK(github.output.starts_with("::error title=schema-range::"));
  CHECK(github.prints("%0Aat override 2:7%0A"));
}

TEST_CASE("wrong usage and a wrong schema are no report") {
  const Project project;
  project.write("broken.schema.yaml", "type: 3\n");
  struct Row {
    int exit_code;
    std::vector<std::string> words;
    std::string complaint;
  };
  const std::vector<Row> rows = {
      {2, {"--schema", "schema.yaml", "--format", "xml", "good.yaml"}, "flag-"},
      {2, {"--schema", "schema.yaml", "--format", "junit"}, "flag-usage"},
      {1, {"--schema", "broken.schema.yaml", "--format", "sarif", "good.yaml"}, "schema-enum"},
  };
  for (const Row& row : rows) {
    std::vector<std::string> words{"validate"};
    words.insert(words.end(), row.words.begin(), row.words.end());
    const Outcome outcome = run_program_in(project.path(), VALIDATE_CFGTOOL, words);
    CAPTURE(row.complaint);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == row.exit_code);
    CHECK(outcome.output.empty());
    CHECK(outcome.complains("[" + row.complaint));
  }
}

TEST_CASE("what would print the configuration is no flag here") {
  const Project project;
  project.write("schema.yaml", "properties: {name: {type: string}}\n");
  const std::vector<std::vector<std::string>> flags = {{"--cfg", "job"}, {"--info"}, {"-p", "name"}, {"--hydra-help"}};
  for (const std::vector<std::string>& words : flags) {
    CAPTURE(words[0]);
    const Outcome outcome = project.validate_config(words);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.complains("unrecognized argument: " + words[0]));
    std::vector<std::string> infer{"schema", "infer", "-cp", "conf", "-cn", "config"};
    infer.insert(infer.end(), words.begin(), words.end());
    CHECK(run_program_in(project.path(), VALIDATE_CFGTOOL, infer).exit_code == 2);
  }
}

TEST_CASE("--error-format counts for the schema commands") {
  const Project project;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"schema", "infer", "-cp", "conf", "-cn", "config", "nmae=x", "--error-format", "json"},
        {"schema", "docs", "schema.yaml", "-cp", "conf", "-cn", "config", "nmae=x", "--error-format", "json"}}) {
    const Outcome outcome = run_program_in(project.path(), VALIDATE_CFGTOOL, words);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.starts_with("{\"code\":\"override-key-missing\""));
  }
}

TEST_CASE("colour: on a terminal, and never with NO_COLOR") {
  const Project project;
  const std::string command = std::string(VALIDATE_CFGTOOL) + " validate --schema schema.yaml bad.yaml";
  const auto in_terminal = [&](const std::map<std::string, std::string>& variables) {
    return run_program_in(project.path(), "/usr/bin/env", {"script", "-qec", command, "/dev/null"}, variables);
  };
  const Outcome coloured = in_terminal({{"TERM", "xterm"}, {"NO_COLOR", ""}});
  if (!coloured.prints("schema-type")) {
    MESSAGE("SKIPPED: `script` is not installed, or there are no terminals here");
    return;
  }
  CHECK(coloured.exit_code == 1);
  CHECK(coloured.prints("\033[1;31merror"));
  const Outcome plain = in_terminal({{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  CHECK(plain.exit_code == 1);
  CHECK(plain.prints("error[schema-type]"));
  CHECK(!plain.prints("\033"));
}

}  // namespace cfgtool::test
