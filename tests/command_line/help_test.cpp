// The help of a program that embeds the engine, and of `cfgtool resolve`: what real Hydra fills into templates of ours
// (record_help.py), and what is ours alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

const std::string kProject = COMMAND_PROJECT;

std::string with_project(std::string text) {
  for (size_t at = text.find("{project}"); at != std::string::npos; at = text.find("{project}"))
    text.replace(at, std::string("{project}").size(), kProject);
  return text;
}

std::vector<std::string> in_help_tree(std::vector<std::string> words) {
  words.insert(words.begin(), {"-cp", kProject + "/tests/command_line/help_tree", "-cn", "config"});
  return words;
}

Outcome app(const std::vector<std::string>& words) {
  return run_program(COMMAND_APP, in_help_tree(words));
}

Outcome resolve(const std::vector<std::string>& words) {
  std::vector<std::string> all = in_help_tree(words);
  all.insert(all.begin(), "resolve");
  return run_program(COMMAND_CFGTOOL, all);
}

void check_answer(const Outcome& outcome, const nlohmann::json& record) {
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == record["exit"].get<int>());
  CHECK(outcome.output == with_project(record["stdout"]));
  if (outcome.exit_code != 0) CHECK(outcome.complains("error["));
}

}  // namespace

TEST_CASE("the recorded help") {
  std::filesystem::current_path(kProject);  // hydra.runtime.cwd
  std::ifstream lines(COMMAND_HELP_LINES);
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto record = nlohmann::json::parse(line);
    std::vector<std::string> words;
    for (const std::string word : record["words"])
      words.push_back(with_project(word));
    CAPTURE(record["words"].dump());
    check_answer(app(words), record);
    // cfgtool's own --help is not the application's, and it takes --resolve alone.
    const auto has = [&](const char* flag) { return std::find(words.begin(), words.end(), flag) != words.end(); };
    if (has("--hydra-help") && has("--resolve")) continue;
    std::replace(words.begin(), words.end(), std::string("--help"), std::string("--app-help"));
    std::replace(words.begin(), words.end(), std::string("-h"), std::string("--app-help"));
    check_answer(resolve(words), record);
  }
  CHECK(count >= 50);
}

TEST_CASE("a wrong template is shown with its place") {
  const Outcome unknown = app({"--help", "hydra.help.template=\"one\\ntwo $CONFI\""});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.complains("error[help-template]"));
  CHECK(unknown.complains("override 1:21"));
  CHECK(unknown.complains("did you mean 'CONFIG'?"));
  const Outcome broken = app({"--help", "hydra.help.template=\"costs $5\""});
  CHECK(broken.complains("line 1, column 7 of the template"));
  CHECK(broken.complains("a dollar sign is written as $$"));
  const Outcome not_composed = app({"--help", "no.such.key=1"});
  CHECK(not_composed.complains("--hydra-help lists the flags"));
}

TEST_CASE("the flags are in the help") {
  CHECK(app({"--help", "hydra.help.template=$FLAGS_HELP"}).prints("--config-name NAME"));
  CHECK(app({"--hydra-help"}).prints("--config-name NAME"));
  CHECK(resolve({"--app-help", "hydra.help.template=$FLAGS_HELP"}).prints("--app-help"));
  CHECK(!resolve({"--help"}).prints("Header of"));
}

TEST_CASE("versions") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--version"}, {"--version", "--cfg", "nothing"}, {"--cfg", "job", "no.such.key=1", "--version"}}) {
    const Outcome ours = app(words);
    CHECK(ours.exit_code == 0);
    CHECK(ours.output.starts_with("app 7.8\ncfgtool "));
    CHECK(ours.output.ends_with(", composes as Hydra 1.3.8\n"));
    CHECK(resolve(words).output.starts_with("cfgtool "));
  }
  CHECK(app({"--cfg", "nothing", "--version"}).exit_code == 2);
  for (const char* command : {"resolve", "overrides", "batch"})
    CHECK(run_program(COMMAND_CFGTOOL, {command, "--version"}).prints("composes as Hydra 1.3.8"));
}

TEST_CASE("what is not offered says what to use instead") {
  const auto refused = [](const std::vector<std::string>& words, const std::string& advice) {
    CAPTURE(advice);
    const Outcome outcome = app(words);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.output.empty());
    CHECK(outcome.complains(advice));
  };
  refused({"missing=1", "--multirun"}, "run the program once for each set of overrides");
  refused({"hydra.mode=MULTIRUN"}, "run the program once for each set of overrides");
  refused({"--experimental-rerun", "x.pickle"}, "cfgtool rerun DIR");
  refused({"--info", "plugins"}, "--info searchpath");
  CHECK(app({"hydra.mode=MULTIRUN", "--cfg", "job"}).exit_code == 0);
  CHECK(app({"hydra.mode=RUN"}).exit_code == 0);
}

}  // namespace cfgtool::test
