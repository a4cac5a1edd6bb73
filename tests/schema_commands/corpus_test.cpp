// First schemas of real projects' trees accept every option that they were made from.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/schema_commands/project.hpp"

using namespace cfgtool::test;

namespace {

struct RealTree {
  const char* folder;  // in the corpus
  const char* config;
  /// Every group that has more than one option and can be chosen without `+`.
  std::vector<std::string> choices;
};

const RealTree kTrees[] = {
    {"verl/config", "ppo_trainer", {"critic=megatron_critic", "reward_model=megatron_reward_model"}},
    {"verl/config", "ppo_megatron_trainer", {}},
    {"lightning-hydra-template/configs", "train", {"logger=wandb", "debug=fdr", "experiment=example", "trainer=ddp"}},
    {"isaacgymenvs/cfg", "config", {"task=Ant", "task=Trifinger", "pbt=pbt_default"}},
    {"hydra-examples/examples/patterns/configuring_experiments/conf", "config", {"+experiment=nglite", "db=sqlite"}},
};

/// Codes of what does not fit, other than what only the training program can know.
std::string misfits(const Project& project, const std::string& folder, const RealTree& tree,
                    const std::string& choice) {
  std::vector<std::string> words{"validate", "--strict",  "--json",   "-cp",   folder,
                                 "-cn",      tree.config, "--schema", "s.yaml"};
  if (!choice.empty()) words.push_back(choice);
  std::istringstream lines(project.run(words).output);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    const std::string code = nlohmann::json::parse(line)["code"];
    if (code.starts_with("schema-") && code != "schema-missing-value") found += line + "\n";
  }
  return found;
}

}  // namespace

TEST_CASE("first schemas of real trees") {
  for (const RealTree& tree : kTrees) {
    CAPTURE(tree.folder);
    CAPTURE(tree.config);
    const std::string folder = std::string(SCHEMA_CORPUS) + "/" + tree.folder;
    if (!std::filesystem::exists(folder)) {
      MESSAGE("SKIPPED: there is no corpus at ", folder);
      continue;
    }
    Project project;
    const Outcome made =
        project.run({"schema", "infer", "-cp", folder, "-cn", tree.config, "--closed", "--out", "s.yaml"});
    REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
    CHECK(project.run({"schema", "check", "s.yaml"}).output == "1 schema: no problems\n");
    CHECK(misfits(project, folder, tree, "") == "");
    for (const std::string& choice : tree.choices) {
      CAPTURE(choice);
      CHECK(misfits(project, folder, tree, choice) == "");
    }
    CHECK(project.run({"schema", "docs", "s.yaml", "-cp", folder, "-cn", tree.config, "--out", "page.md"}).exit_code ==
          0);
    CHECK(project.read("page.md").find("## Keys") != std::string::npos);
  }
}
