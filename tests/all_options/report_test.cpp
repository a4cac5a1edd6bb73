// What `cfgtool validate --all-options` reports of trees/shop, whose faults are planted.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

/// `cfgtool validate -cp trees/shop --all-options WORDS`
Outcome validate_shop(std::vector<std::string> words) {
  words.insert(words.begin(), {"validate", "-cp", "trees/shop", "--all-options"});
  return run_program_in(ALL_OPTIONS_TESTS, ALL_OPTIONS_CFGTOOL, words);
}

/// `code file:line note`, of a report in JSON.
std::set<std::string> findings(const Outcome& outcome) {
  std::set<std::string> found;
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) {
    const auto problem = nlohmann::json::parse(line);
    const std::string file = problem["file"];
    found.insert(problem["code"].get<std::string>() + " " + file.substr(file.find("shop/") + 5) + ":" +
                 std::to_string(problem["line"].get<int>()) + " " + problem["notes"].back().get<std::string>());
  }
  return found;
}

const std::string kBroken =
    "config-not-found model/broken.yaml:2 found with -cn evaluate model=broken, the same in 1 more configuration";
const std::string kWide =
    "schema-type model/wide.yaml:1 found with -cn evaluate model=wide, the same in 1 more configuration";
const std::string kNote =
    "interpolation-key train.yaml:6 found with -cn train data=images, the same in 8 more configurations";
const std::string kNobody = "group-not-in-defaults experiment/nobody.yaml:3 found with -cn evaluate +experiment=nobody";

}  // namespace

TEST_CASE("every problem once, with the variant and how often") {
  const Outcome all = validate_shop({"--schema", "shop.schema.yaml", "--json"});
  CHECK(all.exit_code == 1);
  // evaluate with 7, train with 8, and three experiments, each where it fits best.
  CHECK(all.complains("18 configurations composed in "));
  CHECK(all.complains(", 12 with problems\n"));
  CHECK(findings(all) == std::set<std::string>{kBroken, kWide, kNote, kNobody});
}

TEST_CASE("without a schema: what does not compose, or cannot be resolved") {
  const Outcome all = validate_shop({"--json"});
  CHECK(all.exit_code == 1);
  CHECK(findings(all) == std::set<std::string>{kBroken, kNote, kNobody});
}

TEST_CASE("--strict") {
  const Outcome all = validate_shop({"--schema", "shop.schema.yaml", "--strict", "--json"});
  // What a config that is not there would have given is no `???` of the project.
  CHECK(findings(all) ==
        std::set<std::string>{
            kBroken, kWide, kNote, kNobody,
            "schema-missing-value evaluate.yaml:5 found with -cn evaluate, the same in 7 more configurations"});
}

TEST_CASE("-cn and overrides restrict") {
  const Outcome one = validate_shop({"--schema", "shop.schema.yaml", "-cn", "evaluate", "--json"});
  CHECK(one.complains("7 configurations composed in "));
  CHECK(findings(one) ==
        std::set<std::string>{"config-not-found model/broken.yaml:2 found with -cn evaluate model=broken",
                              "schema-type model/wide.yaml:1 found with -cn evaluate model=wide"});

  const Outcome chosen = validate_shop({"-cn", "train", "data=text", "note=fine", "--json"});
  CHECK(chosen.complains("7 configurations composed in "));
  CHECK(findings(chosen) ==
        std::set<std::string>{"config-not-found model/broken.yaml:2 found with -cn train model=broken"});

  const Outcome fine = validate_shop({"-cn", "evaluate", "model=small"});
  CHECK(fine.exit_code == 0);
  CHECK(fine.complains("2 configurations composed in "));
  CHECK(fine.output == "2 configurations: no problems\n");
}

TEST_CASE("the report does not depend on the number of jobs") {
  for (const char* format : {"text", "json", "sarif", "github"}) {
    CAPTURE(format);
    const auto report = [&](const std::string& jobs) {
      return validate_shop({"--schema", "shop.schema.yaml", "--format", format, "--jobs", jobs}).output;
    };
    const std::string expected = report("1");
    CHECK(expected.find("model/broken.yaml") != std::string::npos);
    for (int i = 0; i < 3; ++i)
      CHECK(report("4") == expected);
  }
}

TEST_CASE("wrong usage") {
  const Outcome outcome = run_program_in(ALL_OPTIONS_TESTS, ALL_OPTIONS_CFGTOOL, {"validate", "--all-options"});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.complains("-cp FOLDER"));
  CHECK(validate_shop({"--jobs", "0"}).exit_code == 2);
  CHECK(validate_shop({"--schema", "nowhere.yaml"}).exit_code == 1);
}

TEST_CASE("what follows from a missing config is not said again") {
  const ScratchFolder scratch;
  write_file(scratch.path() / "conf/config.yaml", "defaults: [db: good, _self_]\nname: ${db.name}\nuser: ${db.user}\n");
  write_file(scratch.path() / "conf/db/good.yaml", "name: a\nuser: b\n");
  write_file(scratch.path() / "conf/db/gone.yaml", "defaults: [nowhere]\n");
  const Outcome outcome =
      run_program_in(scratch.path(), ALL_OPTIONS_CFGTOOL, {"validate", "-cp", "conf", "--all-options", "--strict"});
  // Not also that neither db.name nor db.user is there.
  CHECK(outcome.prints("\n1 problem\n"));
}

TEST_CASE("progress: on a terminal only") {
  CHECK(!validate_shop({}).complains("\r"));
  const std::string command = std::string(ALL_OPTIONS_CFGTOOL) + " validate -cp trees/shop --all-options";
  const Outcome terminal =
      run_program_in(ALL_OPTIONS_TESTS, "/usr/bin/env", {"script", "-qec", command, "/dev/null"}, {{"TERM", "xterm"}});
  if (!terminal.prints("config-not-found")) {
    MESSAGE("SKIPPED: `script` is not installed, or there are no terminals here");
    return;
  }
  CHECK(terminal.prints("\r\033[K["));
  CHECK(terminal.prints("\r\033[K18 configurations composed in "));
}

}  // namespace cfgtool::test
