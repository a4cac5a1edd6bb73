/// \file
/// Sends every case of compose/*.case through one `cfgtool batch` and compares with what real Hydra was recorded to do.
#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "tests/cases/batch.hpp"
#include "tests/cases/case_file.hpp"
#include "tests/cases/child_process.hpp"
#include "tests/cases/compare.hpp"
#include "tests/cases/driver.hpp"

namespace cfgtool::test {
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

/// One request, what is right for it, and where its result belongs.
struct Question {
  size_t case_index;
  Expectation expected;
};

struct NumberedCase {
  std::string group;
  Case the_case;
  fs::path tree;  // what {tree} stands for
};

std::vector<std::string> split_places(const std::string& text) {
  std::vector<std::string> places;
  constexpr std::string_view kOr = " or ";
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(kOr, begin), text.size());
    places.push_back(text.substr(begin, end - begin));
    begin = end + kOr.size();
  }
  return places;
}

Refusal refusal_of(const NumberedCase& one, const Section& section) {
  // The title is "refused at STAGE: CLASS", or of our own, whose words are nobody's, "ours refused at STAGE".
  const size_t stage = section.title.find("refused at ") + std::string_view("refused at ").size();
  const size_t colon = std::min(section.title.find(": "), section.title.size());
  return {section.title.substr(stage, colon - stage), section.title.substr(std::min(colon + 2, section.title.size())),
          fill_in(section.text, "tree", one.tree.string()), split_places(one.the_case.header("place"))};
}

Expectation expect(const NumberedCase& one, const Section& section) {
  Expectation expected;
  if (section.title.find("refused at ") != std::string::npos) {
    expected.refused = refusal_of(one, section);
  } else {
    expected.yaml = fill_in(section.text, "tree", one.tree.string());
  }
  return expected;
}

Json request_of(const NumberedCase& one) {
  const Case& c = one.the_case;
  const fs::path folder = c.headers.contains("config_dir") ? one.tree / c.header("config_dir") : one.tree;
  Json folders = {folder.string()};
  for (const Json& more : c.json_header("more_config_dirs", Json::array())) {
    folders.push_back((one.tree / more.get<std::string>()).string());
  }
  Json request = {{"config_dir", folders},
                  {"config_name", c.header("config_name", "config")},
                  {"overrides", fill_in_json(c.json_header("overrides", Json::array()), "tree", one.tree.string())},
                  {"env", fill_in_json(c.json_header("env", Json::object()), "tree", one.tree.string())}};
  if (c.headers.contains("now")) request["now"] = c.header("now");
  if (c.header("hydra") == "true") request["hydra"] = true;
  return request;
}

class Run {
 public:
  explicit Run(const DriverOptions& options) : options_(options), report_(options.max_shown) {}

  int run() {
    for (const CaseFile& file : read_case_folder(options_.cases / "compose"))
      add_file(file);
    const std::vector<BatchAnswer> answers = ask_all(options_.batch_command(), requests_, options_.limit);
    std::vector<std::string> wrong(cases_.size());
    for (size_t i = 0; i < questions_.size(); ++i) {
      const std::string one = compare(questions_[i].expected, answers[i], options_.check_places);
      if (one.empty()) continue;
      wrong[questions_[i].case_index] +=
          fmt::format("  {}:\n{}", requests_[i]["resolve"].get<bool>() ? "resolved" : "unresolved", one);
    }
    for (size_t i = 0; i < cases_.size(); ++i) {
      const bool refused = cases_[i].the_case.section_beginning("refused") != nullptr;
      report_.add(cases_[i].group, fmt::format("{} (line {})", cases_[i].the_case.name, cases_[i].the_case.line),
                  refused ? Report::Kind::kRefused : Report::Kind::kAccepted, wrong[i],
                  options_.other_program() ? "" : cases_[i].the_case.header("open"));
    }
    report_.print_table("case file");
    return report_.failures() == 0 && !cases_.empty() ? 0 : 1;
  }

 private:
  void add_file(const CaseFile& file) {
    for (const Case& c : file.cases) {
      NumberedCase one{file.path.filename().string(), c, {}};
      if (fmt::format("{}: {}", one.group, c.name).find(options_.only) == std::string::npos) continue;
      one.tree = scratch_.path() / std::to_string(cases_.size());
      if (!lay_out_files(c, one.tree)) one.tree = fs::canonical(options_.cases / "trees" / c.header("tree"));
      cases_.push_back(std::move(one));
      ask(cases_.back());
    }
  }

  void ask(const NumberedCase& one) {
    // Where we differ from Hydra on purpose.
    const Section* ours = one.the_case.section_beginning("ours");
    if (ours != nullptr && !options_.other_program()) {
      ask(one, /*resolve=*/true, *ours);
      return;
    }
    const Section* unresolved = one.the_case.section("unresolved");
    const Section* refused = one.the_case.section_beginning("refused at ");
    const Section* resolved = one.the_case.section("resolved");
    if (one.the_case.section("resolved as unresolved") != nullptr) resolved = unresolved;
    if (unresolved == nullptr && refused == nullptr) {
      throw CaseFileError(
          fmt::format("{}: case '{}' is not recorded: run tests/oracle/record.py", one.group, one.the_case.name));
    }
    ask(one, /*resolve=*/false, unresolved != nullptr ? *unresolved : *refused);
    if (unresolved != nullptr) ask(one, /*resolve=*/true, refused != nullptr ? *refused : *resolved);
  }

  void ask(const NumberedCase& one, bool resolve, const Section& section) {
    Json request = request_of(one);
    request["id"] = requests_.size();
    request["resolve"] = resolve;
    requests_.push_back(std::move(request));
    questions_.push_back({cases_.size() - 1, expect(one, section)});
  }

  const DriverOptions& options_;
  ScratchFolder scratch_;
  Report report_;
  std::vector<NumberedCase> cases_;
  std::vector<Json> requests_;
  std::vector<Question> questions_;
};

}  // namespace
}  // namespace cfgtool::test

int main(int argc, char** argv) {
  try {
    return cfgtool::test::Run(cfgtool::test::parse_options(argc, argv)).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_cases: {}\n", error.what());
    return 2;
  }
}
