// What `cfgtool explain` says of the small configuration in tree/.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;

const std::string kTree = EXPLAIN_TESTS "/tree";

Outcome explain(std::vector<std::string> words, const std::map<std::string, std::string>& variables = {}) {
  words.insert(words.begin(), {"explain", "-cp", "tree", "-cn", "config"});
  return run_program_in(EXPLAIN_TESTS, EXPLAIN_CFGTOOL, words, variables);
}

std::vector<Json> lines(const Outcome& outcome) {
  std::vector<Json> all;
  std::istringstream stream(outcome.output);
  for (std::string line; std::getline(stream, line);)
    all.push_back(Json::parse(line));
  return all;
}

Json only_line(const Outcome& outcome) {
  REQUIRE(lines(outcome).size() == 1);
  return lines(outcome).front();
}

bool is_at(const Json& cause, const std::string& file, int line, int column) {
  return cause.at("kind") == "file" && cause.at("file").get<std::string>().ends_with(file) &&
         cause.at("file").get<std::string>().starts_with("/") && cause.at("line") == line &&
         cause.at("column") == column;
}

}  // namespace

TEST_CASE("every place that set a value is told, oldest first") {
  const Json line = only_line(explain({"optim.lr", "steps=7", "optim.lr=0.5", "--json"}));
  CHECK(line.at("key") == "optim.lr");
  CHECK(line.at("value") == 0.5);
  CHECK(line.at("set_by") == Json{{"kind", "override"}, {"line", 1}, {"column", 10}, {"index", 2}});
  REQUIRE(line.at("history").size() == 2);
  CHECK(is_at(line.at("history")[0], "/tree/optim/adam.yaml", 1, 5));
  CHECK(line.at("history")[0].at("package") == "optim");
  CHECK(is_at(line.at("history")[0].at("chosen_by"), "/tree/config.yaml", 3, 5));
  CHECK(is_at(line.at("history")[1], "/tree/config.yaml", 10, 7));
  CHECK(line.at("history")[1].at("chosen_by").at("name") == "--config-name");
}

TEST_CASE("the text shows the lines themselves") {
  const Outcome outcome = explain({"optim.lr", "optim.lr=0.5"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("optim.lr = 0.5\n  set by  override 1:10\n          | optim.lr=0.5\n  before  " + kTree +
                       "/config.yaml:10:7 (package _global_)\n          | lr: 0.01\n"));
  CHECK(outcome.prints("chosen by " + kTree + "/config.yaml:3:5\n          | - optim: adam"));
}

TEST_CASE("interpolations are followed to what they read") {
  const Json line = only_line(explain({"name", "--json", "db=postgres"}));
  CHECK(line.at("value") == "run-postgres");
  CHECK(line.at("written") == "run-${db.user}");
  CHECK(is_at(line.at("set_by"), "/tree/config.yaml", 6, 7));
  REQUIRE(line.at("reads").size() == 1);
  CHECK(line.at("reads")[0].at("name") == "db.user");
  CHECK(is_at(line.at("reads")[0].at("set_by"), "/tree/db/postgres.yaml", 1, 7));
  CHECK(line.at("reads")[0].at("set_by").at("chosen_by").at("kind") == "override");
}

TEST_CASE("oc.select reads a key") {
  const Json line = only_line(explain({"+port=${oc.select:db.port,1}", "port", "--json"}));
  CHECK(line.at("value") == 3306);
  REQUIRE(line.at("reads").size() == 1);
  CHECK(line.at("reads")[0].at("name") == "db.port");
  CHECK(is_at(line.at("reads")[0].at("set_by"), "/tree/db/mysql.yaml", 2, 7));
}

TEST_CASE("a variable of the environment is named, set or not") {
  const Json unset = only_line(explain({"home", "--json"}));
  CHECK(unset.at("value") == "none");
  CHECK(unset.at("reads")[0] == Json{{"kind", "environment"}, {"name", "PROVENANCE_HOME"}, {"found", false}});
  const Outcome set = explain({"home"}, {{"PROVENANCE_HOME", "/home/me"}});
  CHECK(set.prints("home = '/home/me'   (written ${oc.env:PROVENANCE_HOME,none})"));
  CHECK(set.prints("reads   environment variable PROVENANCE_HOME = /home/me"));
}

TEST_CASE("a key with others below it stands for all of those, --all for all of the configuration") {
  CHECK(lines(explain({"db", "sizes", "--json"})).size() == 4);
  const Outcome all = explain({"--all", "--json"});
  std::vector<std::string> keys;
  for (const Json& line : lines(all))
    keys.push_back(line.at("key"));
  CHECK(keys == std::vector<std::string>{"db.user", "db.port", "optim.lr", "optim.betas.first", "name", "home", "steps",
                                         "sizes.0", "sizes.1"});
}

TEST_CASE("what Hydra and cfgtool set is told as such") {
  CHECK(only_line(explain({"hydra.job.name", "--json"})).at("set_by").at("kind") == "builtin");
  CHECK(explain({"hydra.job.name"}).prints("set by  cfgtool itself"));
}

TEST_CASE("a key that is not there: the nearest, and the configs that would bring it") {
  const Outcome outcome = explain({"db.schema"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK(outcome.complains("error[key-absent]: The configuration has no key 'db.schema'"));
  CHECK(outcome.complains("note: db=postgres would define it: " + kTree + "/db/postgres.yaml:2:9"));
  CHECK(outcome.complains("note: +db.schema=VALUE would add it"));
  CHECK(explain({"db.port", "~db"}).complains("note: override 1 deletes it: ~db"));
  CHECK(explain({"optm.lr"}).complains("did you mean 'optim.lr'?"));
}

TEST_CASE("an interpolation that fails does not hide the other values") {
  const Outcome outcome = explain({"+broken=${absent}", "broken", "steps"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("broken = cannot be told   (written ${absent})"));
  CHECK(outcome.prints("steps = 100"));
  CHECK(outcome.complains("Interpolation key 'absent' not found"));
}

TEST_CASE("wrong usage") {
  CHECK(explain({}).exit_code == 2);
  CHECK(explain({"--all", "steps"}).exit_code == 2);
}

}  // namespace cfgtool::test
