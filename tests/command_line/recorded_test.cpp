// What real Hydra prints for a command line, cfgtool prints as well; where Hydra ends with an error, so does cfgtool.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

TEST_CASE("the recorded command lines") {
  std::ifstream lines(COMMAND_LINES);
  size_t count = 0;
  const std::string project = COMMAND_PROJECT;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto record = nlohmann::json::parse(line);
    CAPTURE(record["words"].dump());
    CAPTURE(record["tree"].get<std::string>());
    std::vector<std::string> words{"resolve", "-cp", project + "/" + record["tree"].get<std::string>(), "-cn",
                                   record["config"]};
    words.insert(words.end(), record["words"].begin(), record["words"].end());
    Outcome outcome = run_program(COMMAND_CFGTOOL, words);
    CAPTURE(outcome.errors);
    REQUIRE(outcome.exit_code == record["exit"].get<int>());
    if (outcome.exit_code != 0) {
      CHECK(outcome.output.empty());
      CHECK(outcome.complains("error["));
      continue;
    }
    for (size_t at = outcome.output.find(project); at != std::string::npos; at = outcome.output.find(project, at))
      outcome.output.replace(at, project.size(), "{project}");
    // A table's columns are as wide as the path that stands in them.
    std::string expected = record["stdout"];
    if (expected.find("{project}") != std::string::npos) {
      std::erase_if(expected, [](char c) { return c == ' ' || c == '-'; });
      std::erase_if(outcome.output, [](char c) { return c == ' ' || c == '-'; });
    }
    CHECK(outcome.output == expected);
  }
  CHECK(count > 30);
}

TEST_CASE("--info as JSON has the same as the text") {
  const std::vector<std::string> words{
      "resolve", "-cp", std::string(COMMAND_PROJECT) + "/examples/ppo_trainer/config", "-cn", "ppo_trainer", "--json"};
  const auto json = [&](const std::string& topic) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--info", topic});
    const Outcome outcome = run_program(COMMAND_CFGTOOL, all);
    REQUIRE(outcome.exit_code == 0);
    return nlohmann::json::parse(outcome.output);
  };
  const auto config = json("config");
  CHECK(config["searchpath"][1]["provider"] == "main");
  CHECK(config["defaults"] == json("defaults")["defaults"]);
  CHECK(config["defaults_tree"] == json("defaults-tree")["defaults_tree"]);
  CHECK(config["defaults_tree"]["config"] == "<root>");
  CHECK(config["defaults_tree"]["children"][0]["config"] == "hydra/config");
  CHECK(config["config"].contains("trainer"));
  CHECK(!json("searchpath").contains("defaults"));
}

}  // namespace cfgtool::test
