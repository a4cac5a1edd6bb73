// A plugin from outside of the project: chosen by its name, with options from the command line, or refused.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

constexpr const char* kCritic = "critic.model.override_config.attn_implementation=block_sparse";
constexpr const char* kPolicy = "actor_rollout_ref.model.override_config.attn_implementation=block_sparse";

Outcome resolve(Words words) {
  words.insert(words.begin(), {"resolve", "-cp", SPEC_TREE, "-cn", "ppo_trainer", "--spec"});
  return run_program(SPEC_CFGTOOL, words);
}

Outcome check(Words words) {
  words.insert(words.begin(), {"attention", "check", "--impl", "block_sparse"});
  return run_program(SPEC_CFGTOOL, words);
}

Words with_plugin(Words words) {
  words.insert(words.begin(), {"--attention-plugin-path", SPEC_BLOCK_SPARSE});
  return words;
}

Words with_plugin_flags_behind(Words words, const Words& more) {
  words.insert(words.end(), {"--attention-plugin-path", SPEC_BLOCK_SPARSE});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// `words`, for both commands that load plugins.
void check_both(const Words& words, int exit_code, const std::string& complaint) {
  for (const Outcome& outcome : {resolve(words), check(words)}) {
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == exit_code);
    CHECK(outcome.output.empty());
    CHECK(outcome.complains(complaint));
  }
}

}  // namespace

TEST_CASE("a role gets the plugin that its configuration names") {
  const Outcome outcome = resolve(with_plugin({"--json", kCritic}));
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const Json roles = Json::parse(outcome.output)["attention"]["roles"];
  CHECK(roles["critic"]["passes"] == "train");
  CHECK(roles["critic"]["plugin"]["name"] == "block_sparse");
  CHECK(roles["critic"]["plugin"]["engine"] == "block 64, local 4, stride 8");
  CHECK(roles["actor"]["plugin"]["name"] == "eager");
}

TEST_CASE("options reach the plugin of that name") {
  const Words words = with_plugin({"--attention-plugin-option", "block_sparse=block=16,local=2,stride=5"});
  const Outcome checked = check(words);
  CHECK(checked.exit_code == 0);
  CHECK(checked.prints("(block 16, local 2, stride 5)"));
  Words with_role = words;
  with_role.push_back(kPolicy);
  const Outcome resolved = resolve(with_role);
  CHECK(resolved.exit_code == 0);
  CHECK(resolved.prints("engine: block 16, local 2, stride 5"));
  const Outcome joined = check(with_plugin({"--attention-plugin-option=block_sparse=block=8"}));
  CHECK(joined.prints("(block 8, local 4, stride 8)"));
  const Outcome empty = check(with_plugin({"--attention-plugin-option", "block_sparse="}));
  CHECK(empty.prints("(block 64, local 4, stride 8)"));
}

TEST_CASE("options that the plugin refuses end with 3, and its own words") {
  const std::string words = "cannot be opened: block=0 is not a number from 1 to 256";
  check_both(with_plugin({"--attention-plugin-option", "block_sparse=block=0"}), 3, words);
  // Searching a folder, a plugin that does not open is a warning; but not if the options were for it.
  const ScratchFolder folder;
  std::filesystem::copy_file(SPEC_BLOCK_SPARSE, folder.path() / "mine.so");
  const Words in_folder = {"--attention-plugin-path", folder.path().string(), "--attention-plugin-option",
                           "block_sparse=block=0"};
  check_both(in_folder, 3, "error[plugin-options-unused]: no attention plugin 'block_sparse' is loaded");
  check_both(in_folder, 3, words);
}

TEST_CASE("options for a plugin that is not loaded end with 3") {
  const Words words = with_plugin({"--attention-plugin-option", "block_spars=block=16"});
  check_both(words, 3, "no attention plugin 'block_spars' is loaded that its options could go to");
  check_both(words, 3, "--> flag --attention-plugin-option:1");
  check_both(words, 3, "did you mean 'block_sparse'?");
  check_both({"--attention-plugin-option", "block_sparse=block=16"}, 3, "loaded are cpu_flash, ");
}

TEST_CASE("options that are not NAME=TEXT, or twice for one plugin, end with 2") {
  check_both({"--attention-plugin-option", "block_sparse"}, 2, "takes NAME=TEXT, a plugin's name first");
  check_both({"--attention-plugin-option", "=block=16"}, 2, "not '=block=16'");
  check_both({"--attention-plugin-option", "eager=a", "--attention-plugin-option", "eager=b"}, 2,
             "is given twice for 'eager'");
  const Outcome alone = run_program(SPEC_CFGTOOL, {"resolve", "--attention-plugin-option", "eager=a"});
  CHECK(alone.exit_code == 2);
  CHECK(alone.complains("--spec"));
}

TEST_CASE("a plugin with options is measured beside the others, in columns that fit its name") {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "problems.txt").string();
  std::ofstream(file) << "tiny --heads 2 --head-dim 16 --seq 40 --causal --backward\n";
  const Outcome outcome =
      run_program(SPEC_CFGTOOL, with_plugin_flags_behind({"attention", "bench", file, "--seconds", "0.001"},
                                                         {"--attention-plugin-option", "block_sparse=block=16"}));
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  const size_t header = outcome.output.find("problem  kernel");
  const size_t row = outcome.output.find("tiny     block_sparse/block_sparse  ");
  REQUIRE(header != std::string::npos);
  REQUIRE(row != std::string::npos);
  const auto line_length = [&](size_t begin) { return outcome.output.find('\n', begin) - begin; };
  CHECK(line_length(row) == line_length(header));
}

TEST_CASE("without its path the plugin is not known") {
  const Outcome resolved = resolve({kCritic});
  CHECK(resolved.exit_code == 3);
  CHECK(
      resolved.complains("error[attention-unknown-implementation]: there is no attention implementation "
                         "'block_sparse' (for critic)"));
  const Outcome checked = check({});
  CHECK(checked.exit_code == 3);
  CHECK(checked.prints("no plugin provides 'block_sparse'; known are: eager, "));
}

TEST_CASE("a problem that the plugin cannot compute is refused with its reason") {
  const Outcome outcome = check(with_plugin({"--varlen", "packed"}));
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.prints("packed sequences are not supported, only sequences of one length"));
}

TEST_CASE("the trainer's checks hold for it: forward, gradients, weights") {
  const Outcome outcome = run_program(SPEC_PPO_TRAINER, with_plugin({"--check-only", kPolicy, kCritic}));
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("block_sparse 1.0.0 on cpu"));
  CHECK(outcome.prints("all checks hold"));
}

}  // namespace cfgtool::test
