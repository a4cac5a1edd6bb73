/// \file
/// Compares with real Hydra on the configuration trees of public projects. They are not part of this repository: they
/// are looked for in the folder that CFGTOOL_SHARED names, else beside the checkout in ../shared.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

#include "tests/cases/batch.hpp"
#include "tests/cases/case_file.hpp"
#include "tests/cases/child_process.hpp"
#include "tests/cases/compare.hpp"
#include "tests/cases/driver.hpp"

namespace cfgtool::test {
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

// How many cases there are, to be said when they cannot be run.
constexpr std::pair<std::string_view, int> kCaseCounts[] = {{"audiocraft", 42},
                                                            {"diffusion-policy", 32},
                                                            {"flash-attention-training", 34},
                                                            {"hydra-defaults-list", 190},
                                                            {"hydra-examples", 114},
                                                            {"isaacgymenvs", 40},
                                                            {"lerobot", 37},
                                                            {"lightning-hydra-template", 48},
                                                            {"open-unlearning", 39},
                                                            {"sam2", 25},
                                                            {"verl", 61}};
// Written by VERL's own scripts with `--cfg job`, below a comment.
constexpr const char* kGenerated[] = {"ppo_trainer", "ppo_megatron_trainer"};

// The projects' own resolvers that there are equivalents of (resolver_sets.cpp).
constexpr std::array<std::string_view, 2> kEquivalents{"isaacgymenvs", "sam2"};

constexpr const char* kLegend =
    "\naccepted, refused: Hydra's answer and ours are the same, with and without interpolations resolved.\n"
    "with C++ resolvers: the same, for cases that call resolvers which the project registers in Python; the test\n"
    "  registers equivalents written in C++.\n"
    "only unresolved: cases that call a resolver which is Python's eval: there is no equivalent, and only what they "
    "are\n"
    "  with their interpolations unresolved is compared (without --resolver-batch: of all that call Python's "
    "resolvers).\n";

struct CorpusCase {
  Json record;
  std::string wrong;
};

struct Question {
  size_t case_index;
  std::string resolver_set;
  Expectation expected;
};

fs::path corpus_folder(const DriverOptions& options) {
  if (const char* shared = std::getenv("CFGTOOL_SHARED")) return fs::path(shared) / "corpus";
  return options.cases.parent_path().parent_path().parent_path() / "shared" /
         "corpus";  // beside <checkout>/tests/cases
}

bool wants(const DriverOptions& options, std::string_view tree) {
  const auto& trees = options.trees;
  return trees.empty() || std::find(trees.begin(), trees.end(), tree) != trees.end();
}

int skip(const DriverOptions& options, const fs::path& missing) {
  int count = 0;
  for (const auto& [tree, cases] : kCaseCounts)
    count += wants(options, tree) ? cases : 0;
  fmt::print("SKIPPED: {} corpus cases{}{} because there is no folder {}\n", count, options.trees.empty() ? "" : " of ",
             fmt::join(options.trees, ", "), missing.string());
  return kSkipReturnCode;
}

class Run {
 public:
  Run(const DriverOptions& options, fs::path corpus)
      : options_(options),
        trees_(fs::canonical(corpus / "trees")),
        corpus_(std::move(corpus)),
        report_(options.max_shown) {}

  int run() {
    for (const std::string& tree : trees_to_run())
      add_tree(tree);
    const std::vector<BatchAnswer> answers = ask();
    for (size_t i = 0; i < questions_.size(); ++i) {
      const std::string wrong = compare(questions_[i].expected, answers[i], options_.check_places);
      if (wrong.empty()) continue;
      cases_[questions_[i].case_index].wrong +=
          fmt::format("  {}:\n{}", requests_[i]["resolve"].get<bool>() ? "resolved" : "unresolved", wrong);
    }
    for (const CorpusCase& one : cases_)
      report(one);
    if (wants(options_, "verl")) {
      for (const char* name : kGenerated)
        check_generated(name);
    }
    report_.print_table("project");
    fmt::print("{}", kLegend);
    return report_.failures() == 0 && !cases_.empty() ? 0 : 1;
  }

 private:
  std::vector<std::string> trees_to_run() const {
    std::vector<std::string> trees;
    for (const fs::directory_entry& entry : fs::directory_iterator(corpus_ / "cases")) {
      if (wants(options_, entry.path().stem().string())) trees.push_back(entry.path().stem().string());
    }
    std::sort(trees.begin(), trees.end());
    return trees;
  }

  void add_tree(const std::string& tree) {
    std::ifstream stream(corpus_ / "cases" / (tree + ".jsonl"));
    for (std::string line; std::getline(stream, line);) {
      CorpusCase one{Json::parse(line), {}};
      if (one.record["id"].get<std::string>().find(options_.only) == std::string::npos) continue;
      cases_.push_back(std::move(one));
      add_questions(cases_.back().record);
    }
  }

  void add_questions(const Json& record) {
    if (record["stage"] == "compose") {
      add_question(record, /*resolve=*/false, refused("compose", record["error"]));
      return;
    }
    add_question(record, /*resolve=*/false, {.yaml = golden(record, "unresolved"), .yaml_sha256 = {}, .refused = {}});
    if (!only_unresolved(record)) add_question(record, /*resolve=*/true, resolved_in_place(record));
  }

  /// The resolvers that the case needs and the test can register; empty if none.
  std::string resolver_set(const Json& record) const {
    const std::string set = record.value("needs_resolvers", "");
    const bool known = std::find(kEquivalents.begin(), kEquivalents.end(), set) != kEquivalents.end();
    return known && !options_.resolver_batch.empty() ? set : "";
  }

  bool only_unresolved(const Json& record) const {
    return record["stage"] != "compose" && record.contains("needs_resolvers") && resolver_set(record).empty();
  }

  Expectation resolved_in_place(const Json& record) const {
    if (record.contains("in_place")) {
      const Json& in_place = record["in_place"];
      if (in_place.contains("error")) return refused("resolve", in_place["error"]);
      return {.yaml = {}, .yaml_sha256 = in_place["sha256"].get<std::string>(), .refused = {}};
    }
    if (record["ok"].get<bool>()) return {.yaml = golden(record, "resolved"), .yaml_sha256 = {}, .refused = {}};
    return refused("resolve", record["error"]);
  }

  Expectation refused(const std::string& stage, const Json& error) const {
    Refusal refusal{stage, error["class"], error["message"], {}};
    if (refusal.message.find_first_not_of(" \n") == std::string::npos && error.contains("cause")) {
      refusal.class_name += " from " + error["cause"]["class"].get<std::string>();
      refusal.message = error["cause"]["message"];
    }
    refusal.message = fill_in(refusal.message, "trees", trees_.string());
    return {.yaml = {}, .yaml_sha256 = {}, .refused = std::move(refusal)};
  }

  std::string golden(const Json& record, const char* kind) const {
    const std::string name = fmt::format("{}.{}.yaml", record["id"].get<std::string>(), kind);
    return read_file(corpus_ / "goldens" / record["tree"].get<std::string>() / name);
  }

  /// All questions, those with the same resolvers in one process.
  std::vector<BatchAnswer> ask() const {
    std::map<std::string, std::vector<size_t>> by_set;
    for (size_t i = 0; i < questions_.size(); ++i)
      by_set[questions_[i].resolver_set].push_back(i);
    std::vector<BatchAnswer> answers(questions_.size());
    for (const auto& [set, indexes] : by_set) {
      std::vector<Json> requests;
      for (const size_t i : indexes)
        requests.push_back(requests_[i]);
      std::vector<BatchAnswer> some = ask_all(options_.batch_command(set), requests, options_.limit);
      for (size_t k = 0; k < indexes.size(); ++k)
        answers[indexes[k]] = std::move(some[k]);
    }
    return answers;
  }

  void add_question(const Json& record, bool resolve, Expectation expected) {
    Json request = {{"id", requests_.size()},
                    {"config_dir", {(trees_ / record["config_dir"].get<std::string>()).string()}},
                    {"config_name", record["config_name"]},
                    {"overrides", fill_in_json(record["overrides"], "trees", trees_.string())},
                    {"env", record["env"]},
                    {"resolve", resolve}};
    if (record.contains("now")) request["now"] = record["now"];
    requests_.push_back(std::move(request));
    questions_.push_back({cases_.size() - 1, resolver_set(record), std::move(expected)});
  }

  void report(const CorpusCase& one) {
    const Json& record = one.record;
    const Report::Kind kind = only_unresolved(record) ? Report::Kind::kPartly
                              : record["stage"] != "compose" && !resolver_set(record).empty()
                                  ? Report::Kind::kEquivalents
                              : record["ok"].get<bool>() ? Report::Kind::kAccepted
                                                         : Report::Kind::kRefused;
    std::string words;
    if (!one.wrong.empty()) words = fmt::format("  overrides: {}\n", record["overrides"].dump());
    report_.add(record["tree"], record["id"], kind, words + one.wrong);
  }

  /// VERL's own printed configuration, a golden that neither Hydra here nor we wrote.
  void check_generated(const std::string& name) {
    const fs::path folder = trees_ / "verl" / "config";
    std::string expected = read_file(folder / fmt::format("_generated_{}.yaml", name));
    while (expected.starts_with('#') || expected.starts_with('\n'))
      expected.erase(0, expected.find('\n') + 1);
    const std::string got =
        options_.other_program() ? unresolved_by_batch(folder, name) : unresolved_by_cfgtool(folder, name);
    report_.add("verl, generated", name, Report::Kind::kAccepted, got == expected ? "" : diff(expected, got));
  }

  std::string unresolved_by_batch(const fs::path& folder, const std::string& name) const {
    const Json request = {{"id", 0}, {"config_dir", {folder.string()}}, {"config_name", name}, {"resolve", false}};
    const BatchAnswer answer = ask_all(options_.batch_command(), {request}, options_.limit).at(0);
    return answer.problem.empty() ? answer.json.value("yaml", answer.json.dump()) : answer.problem;
  }

  std::string unresolved_by_cfgtool(const fs::path& folder, const std::string& name) const {
    const ScratchFolder scratch;
    ChildProcess child;
    child.argv = {options_.cfgtool.string(), "resolve", "--no-resolve", "-cp", folder.string(), "-cn", name};
    child.output = scratch.path() / "output";
    child.errors = scratch.path() / "errors";
    const ChildResult result = cfgtool::test::run(child);
    if (result.exit_code != 0) return to_string(result) + "\n" + read_file(child.errors);
    return read_file(child.output);
  }

  const DriverOptions& options_;
  fs::path trees_;
  fs::path corpus_;
  Report report_;
  std::vector<CorpusCase> cases_;
  std::vector<Json> requests_;
  std::vector<Question> questions_;
};

}  // namespace
}  // namespace cfgtool::test

int main(int argc, char** argv) {
  using namespace cfgtool::test;
  try {
    const DriverOptions options = parse_options(argc, argv);
    const std::filesystem::path corpus = corpus_folder(options);
    if (!std::filesystem::is_directory(corpus / "cases")) return skip(options, corpus);
    return Run(options, corpus).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_corpus: {}\n", error.what());
    return 2;
  }
}
