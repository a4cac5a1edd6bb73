// What real Hydra offers, we offer: recorded.jsonl, which record.py makes. What we leave out is left out for one of
// the reasons below, and each of them is met.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"
#include "tests/completion/completing.hpp"

namespace cfgtool::test {

namespace {

struct Line {
  std::string folder, line;
  std::string word;  // the one at the cursor
  std::vector<std::string> ours;
};

bool offers(const Line& line, const std::string& word) {
  return std::find(line.ours.begin(), line.ours.end(), word) != line.ours.end();
}

/// Whether Hydra's own grammar reads `word`, and reads the text behind its `=` as just that text or value.
bool reads_back(const std::string& word) {
  SourceMap sources;
  try {
    const Override read = parse_override(sources, sources.add(SourceKind::kOverride, word, word, 1));
    return !read.is_sweep();
  } catch (const ConfigError&) {
    return false;
  }
}

/// Why we do not offer what Hydra offers; empty: no reason.
std::string reason_to_leave_out(const Line& line, const std::string& answer) {
  const std::string name = answer.substr(0, answer.find('='));
  if (answer == line.word) return "it repeats the word: Hydra's way to say that a value is missing";
  const bool begins_keys = line.word.ends_with('=') && answer.find_last_of(".=") == answer.size() - 1;
  if (begins_keys) return "a value that begins with the names of a container's keys";
  const std::string group = name.substr(name.find_first_not_of("+~"));
  const bool is_folder = group == "hydra" || std::filesystem::is_directory(line.folder + "/" + group);
  if ((is_folder && answer == name && !answer.starts_with('~')) || offers(line, answer + "/"))
    return "a folder's name and nothing behind it";
  if (answer.starts_with('~') && answer != name) return "with ~ an option that is not chosen";
  const bool is_group = answer.ends_with('=') || (answer.starts_with('~') && !answer.ends_with('='));
  const bool with_package = std::any_of(line.ours.begin(), line.ours.end(),
                                        [&](const std::string& word) { return word.starts_with(name + "@"); });
  if (is_group && with_package) return "a group that the defaults list has with a package only";
  if (is_folder && answer == "+" + group + "=") return "with + a group that the defaults list has already";
  if (is_folder && (answer == group + "=" || answer == "~" + group))
    return "without + a group that the defaults list does not have";
  if (!reads_back(answer)) return "a value that Hydra's grammar does not read back";
  if (offers(line, name + "='" + answer.substr(name.size() + 1) + "'")) return "a text that reads as another type";
  return {};
}

}  // namespace

TEST_CASE("what Hydra offers") {
  std::filesystem::current_path(COMPLETION_PROJECT);
  std::ifstream lines(COMPLETION_RECORDED);
  std::map<std::string, int> reasons;
  size_t count = 0, offered = 0;
  for (std::string text; std::getline(lines, text); ++count) {
    const auto record = nlohmann::json::parse(text);
    REQUIRE(record.contains("answer"));
    CompletingProgram program{record["tree"], record["config"].is_null() ? "" : record["config"], {}};
    Line line{program.folder, record["line"], {}, {}};
    line.word = line.line.substr(line.line.rfind(' ') + 1);
    line.ours = program.words(line.line);
    CAPTURE(program.folder);
    CAPTURE(program.config);
    CAPTURE(line.line);
    CAPTURE(to_text(line.ours));
    for (const std::string answer : record["answer"]) {
      ++offered;
      if (offers(line, answer)) continue;
      CAPTURE(answer);
      const std::string reason = reason_to_leave_out(line, answer);
      CHECK(!reason.empty());
      ++reasons[reason];
    }
  }
  CHECK(count > 100);
  CHECK(offered > 400);
  int left_out = 0;
  for (const auto& [reason, times] : reasons) {
    MESSAGE(fmt::format("{:4} {}", times, reason));
    left_out += times;
  }
  CHECK(reasons.size() == 9);
  CHECK(left_out * 4 < static_cast<int>(offered));
}

}  // namespace cfgtool::test
