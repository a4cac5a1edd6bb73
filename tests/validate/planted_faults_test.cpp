// Twelve mistakes in VERL's configuration, all found in one run, each at its place, in every format.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

/// `file:line:column code`, or `override N:column code`.
using Places = std::set<std::string>;

struct Line {
  size_t number = 0;  ///< from 1
  size_t indent = 0;
};

/// A copy of VERL's configs in which lines are changed.
class Verl {
 public:
  Verl() { fs::copy(VALIDATE_VERL, folder_.path(), fs::copy_options::recursive); }

  std::string path() const { return folder_.path().string(); }
  const Places& expected() const { return expected_; }

  /// The one line of `file` that begins so, spaces aside, becomes `now` (with those spaces); nothing: it is left out.
  Line change(const std::string& file, const std::string& begin, const std::string& now) const {
    const std::string text = read_file(folder_.path() / file);
    std::string out;
    Line found;
    size_t number = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      ++number;
      const size_t indent = std::min(line.find_first_not_of(' '), line.size());
      const bool matches = line.compare(indent, begin.size(), begin) == 0;
      if (matches) {
        REQUIRE_MESSAGE(found.number == 0, file, " has several lines ", begin);
        found = {number, indent};
      }
      if (!matches) out += line + "\n";
      if (matches && !now.empty()) out += std::string(indent, ' ') + now + "\n";
      at = end + 1;
    }
    REQUIRE_MESSAGE(found.number != 0, file, " has no line ", begin);
    write_file(folder_.path() / file, out);
    return found;
  }

  /// The same, and expects a problem at the place of `culprit` in the new line.
  void plant(const std::string& file, const std::string& begin, const std::string& now, const std::string& culprit,
             const std::string& code) {
    const Line line = change(file, begin, now);
    expect(file, line.number, line.indent + now.find(culprit) + 1, code);
  }

  void expect(const std::string& file, size_t line, size_t column, const std::string& code) {
    expected_.insert(fmt::format("{}:{}:{} {}", (folder_.path() / file).string(), line, column, code));
  }

  void expect_override(size_t index, size_t column, const std::string& code) {
    expected_.insert(fmt::format("override {}:{} {}", index, column, code));
  }

 private:
  ScratchFolder folder_;
  Places expected_;
};

std::vector<std::string> validate_words(const Verl& verl, const std::vector<std::string>& overrides,
                                        const std::string& format) {
  std::vector<std::string> words{"validate",         "-cp",      verl.path(), "-cn", "ppo_trainer", "--schema",
                                 "verl/ppo_trainer", "--format", format};
  words.insert(words.end(), overrides.begin(), overrides.end());
  return words;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

bool is_missing() {
  if (fs::is_directory(VALIDATE_VERL)) return false;
  MESSAGE("SKIPPED: 3 tests need the corpus, and ", VALIDATE_VERL, " is not there");
  return true;
}

/// Plants them; the overrides that plant more.
std::vector<std::string> plant_twelve(Verl& verl) {
  // In the files:
  verl.plant("actor/actor.yaml", "clip_ratio:", "clip_ratoi: 0.2", "clip_ratoi", "schema-unknown-key");
  verl.plant("ppo_trainer.yaml", "nnodes:", "nnodes: two", "two", "schema-type");
  verl.plant("rollout/rollout.yaml", "gpu_memory_utilization:", "gpu_memory_utilization: 1.5", "1.5", "schema-range");
  verl.plant("ppo_trainer.yaml", "adv_estimator:", "adv_estimator: gea", "gea", "schema-enum");
  verl.plant("ppo_trainer.yaml", "default_local_dir:", "default_local_dir: checkpoints/${trainer.project_nam}/x", "${",
             "interpolation-key");
  verl.plant("ppo_trainer.yaml", "- reward_model@reward_model:", "- reward_model@reward_model: dp_reward_lop",
             "dp_reward_lop", "config-not-found");
  // A key given twice: the second is wrong.
  const Line first = verl.change("critic/critic.yaml", "rollout_n:", "rollout_n: 1\nrollout_n: 2");
  verl.expect("critic/critic.yaml", first.number + 1, first.indent + 1, "yaml-duplicate-key");
  // A key that is missing is missing at the mapping that should have it.
  verl.change("data/legacy_data.yaml", "train_batch_size:", "");
  // On the command line:
  const std::string attention = "+actor_rollout_ref.model.override_config.attn_implementation=";
  verl.expect_override(1, attention.size() + 1, "schema-enum");
  verl.expect_override(2, std::string("actor_rollout_ref.actor.ppo_epochs=").size() + 1, "schema-type");
  verl.expect_override(3, std::string("+critic.optim.").size() + 1, "schema-unknown-key");
  verl.expect_override(4, std::string("data.").size() + 1, "override-key-missing");
  return {attention + "flash_atention_2", "actor_rollout_ref.actor.ppo_epochs=null", "+critic.optim.lrr=1e-5",
          "data.val_bach_size=5"};
}

}  // namespace

TEST_CASE("verl: twelve planted mistakes are twelve problems, each at its place") {
  if (is_missing()) return;
  Verl verl;
  const std::vector<std::string> overrides = plant_twelve(verl);
  const Outcome outcome = run_program(VALIDATE_CFGTOOL, validate_words(verl, overrides, "json"));
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.empty());
  Places places;
  size_t problems = 0;
  std::string missing;
  for (size_t at = 0; at < outcome.output.size();) {
    const size_t end = outcome.output.find('\n', at);
    const auto problem = nlohmann::json::parse(outcome.output.substr(at, end - at));
    at = end + 1;
    ++problems;
    CAPTURE(problem.dump(2));
    const std::string code = problem.at("code");
    if (code == "schema-required") {
      missing = problem.at("key");
      CHECK(problem.at("file").get<std::string>().ends_with("data/legacy_data.yaml"));
    } else if (problem.at("file").is_string()) {
      places.insert(fmt::format("{}:{}:{} {}", problem["file"].get<std::string>(), problem["line"].get<int>(),
                                problem["column"].get<int>(), code));
    } else {
      places.insert(
          fmt::format("override {}:{} {}", problem["override"].get<int>(), problem["column"].get<int>(), code));
    }
  }
  CHECK(problems == 12);
  CHECK(missing == "data.train_batch_size");
  for (const std::string& place : verl.expected())
    CHECK_MESSAGE(places.contains(place), "nothing was found at ", place);
  for (const std::string& place : places)
    CHECK_MESSAGE(verl.expected().contains(place), "found, but not planted: ", place);

  const auto report = [&](const std::string& format) {
    return run_program(VALIDATE_CFGTOOL, validate_words(verl, overrides, format)).output;
  };
  CHECK(count(report("text"), "error[") == 12);
  CHECK(count(report("github"), "::error ") == 12);
  CHECK(nlohmann::json::parse(report("sarif")).at("runs").at(0).at("results").size() == 12);
  CHECK(count(report("junit"), "<failure ") == 12);
}

TEST_CASE("verl: the clean configuration has no problem") {
  if (is_missing()) return;
  const Verl verl;
  const Outcome outcome = run_program(VALIDATE_CFGTOOL, validate_words(verl, {}, "json"));
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.empty());
}

TEST_CASE("verl: what Hydra accepts in the corpus has no problem") {
  if (is_missing()) return;
  const fs::path corpus = fs::path(VALIDATE_VERL).parent_path().parent_path().parent_path();
  const std::map<std::string, std::string> schemas{{"_generated_ppo_trainer", "verl/ppo_trainer"},
                                                   {"critic/dp_critic", "verl/groups"},
                                                   {"rollout/rollout", "verl/groups"}};
  size_t accepted = 0;
  std::ifstream lines(corpus / "cases" / "verl.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto the_case = nlohmann::json::parse(line);
    if (!the_case.at("ok").get<bool>()) continue;
    ++accepted;
    std::string config = the_case.at("config_name");
    if (config.ends_with(".yaml")) config.resize(config.size() - 5);
    const auto named = schemas.find(config);
    std::vector<std::string> words{"validate",
                                   "-cp",
                                   (corpus / "trees" / the_case.at("config_dir").get<std::string>()).string(),
                                   "-cn",
                                   config,
                                   "--schema",
                                   named == schemas.end() ? "verl/" + config : named->second,
                                   "--json"};
    for (const std::string word : the_case.at("overrides"))
      words.push_back(replaced(word, "{trees}", (corpus / "trees").string()));
    const Outcome outcome = run_program(VALIDATE_CFGTOOL, words, the_case.at("env"));
    CAPTURE(the_case.at("id").get<std::string>());
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.empty());
  }
  CHECK(accepted == 35);
}

}  // namespace cfgtool::test
