// What is found in real projects: docs/all_options.md says what each finding means.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

struct RealTree {
  std::string folder;  // in the corpus
  std::string composed;
  std::set<std::string> findings;  ///< `code file:line number of variants`
};

std::vector<RealTree> real_trees() {
  RealTree isaac{"isaacgymenvs/cfg", "86 configurations composed in ", {"interpolation-key config.yaml:3 7"}};
  for (const char* task : {"AllegroHandFF", "AntSAC", "FactoryBase", "FactoryEnvGears", "FactoryEnvInsertion",
                           "FactoryEnvNutBolt", "HumanoidAMPHands", "HumanoidSAC", "IndustRealBase",
                           "IndustRealEnvGears", "IndustRealEnvPegs", "ShadowHandTest"})
    isaac.findings.insert(fmt::format("config-not-found config.yaml:63 task={}", task));
  for (const char* task :
       {"FactoryEnvGears", "FactoryEnvInsertion", "FactoryEnvNutBolt", "IndustRealEnvGears", "IndustRealEnvPegs"})
    isaac.findings.insert(fmt::format("config-not-found task/{}.yaml:6 task={}", task, task));
  return {
      isaac,
      {"lightning-hydra-template/configs",
       "40 configurations composed in ",
       {"config-not-found hparams_search/mnist_optuna.yaml:7 hparams_search=mnist_optuna"}},
      {"verl/config",
       "36 configurations composed in ",
       {"schema-required optim/megatron.yaml:1 optim=megatron", "schema-required optim/veomni.yaml:2 optim=veomni"}}};
}

/// The number of variants, or the last choice of the only one.
std::string variants_of(const std::string& note) {
  const std::string same = ", the same in ";
  const size_t at = note.find(same);
  if (at == std::string::npos) return note.substr(note.rfind(' ') + 1);
  return std::to_string(std::stoi(note.substr(at + same.size())) + 1);
}

/// VERL's own configs have no schemas: ours.
std::string verl_schemas() {
  std::string text = "schemas:\n";
  for (const char* name : {"ppo_trainer", "ppo_megatron_trainer"})
    text += fmt::format("  {0}/{1}.schema.yaml: [{1}.yaml, _generated_{1}.yaml]\n", ALL_OPTIONS_SCHEMAS, name);
  for (const char* name : {"sft_trainer", "sft_trainer_engine", "evaluation", "generation", "reward_manager"})
    text += fmt::format("  {0}/{1}.schema.yaml: {1}.yaml\n", ALL_OPTIONS_SCHEMAS, name);
  return text;
}

}  // namespace

TEST_CASE("corpus: the findings of docs/all_options.md") {
  size_t skipped = 0;
  for (const RealTree& tree : real_trees()) {
    CAPTURE(tree.folder);
    const fs::path original = fs::path(ALL_OPTIONS_CORPUS) / tree.folder;
    if (!fs::exists(original)) {
      ++skipped;
      continue;
    }
    const ScratchFolder scratch;
    const fs::path copy = fs::canonical(scratch.path()) / "conf";
    fs::copy(original, copy, fs::copy_options::recursive);
    if (tree.folder.starts_with("verl")) write_file(copy / "cfgtool.yaml", verl_schemas());
    const Outcome outcome =
        run_program(ALL_OPTIONS_CFGTOOL, {"validate", "-cp", copy.string(), "--all-options", "--json"},
                    {{"PROJECT_ROOT", "/project"}});
    CHECK(outcome.exit_code == 1);
    CHECK_MESSAGE(outcome.complains(tree.composed), outcome.errors);
    std::set<std::string> findings;
    std::istringstream lines(outcome.output);
    for (std::string line; std::getline(lines, line);) {
      const auto problem = nlohmann::json::parse(line);
      const std::string file = problem["file"];
      findings.insert(fmt::format("{} {}:{} {}", problem["code"].get<std::string>(),
                                  file.substr(copy.string().size() + 1), problem["line"].get<int>(),
                                  variants_of(problem["notes"].back())));
    }
    CHECK(findings == tree.findings);
  }
  if (skipped > 0) MESSAGE("SKIPPED: ", skipped, " real trees, which are not at ", ALL_OPTIONS_CORPUS);
}

}  // namespace cfgtool::test
