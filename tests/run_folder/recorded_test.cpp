// What a Hydra program in Python leaves in its run's folder, the same program in C++ leaves as well: trainer.py and
// trainer.cpp, compared file by file. record.py runs the former.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The help texts are the programs' own: `help:` and `hydra_help:` in hydra.yaml, with all that is below them.
std::string without_help(const std::string& text) {
  std::istringstream lines(text);
  std::string kept;
  bool in_help = false;
  for (std::string line; std::getline(lines, line);) {
    if (in_help && (line.empty() || line.starts_with("    "))) continue;
    in_help = line == "  help:" || line == "  hydra_help:";
    if (!in_help) kept += line + "\n";
  }
  return kept;
}

/// As normalized() in record.py.
std::string normalized(std::string text, const fs::path& folder) {
  replace_all(text, folder.string(), "{cwd}");
  replace_all(text, RUN_PROJECT, "{project}");
  text = std::regex_replace(text, std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})"), "{clock}");
  text = std::regex_replace(text, std::regex(R"(\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d)"), "{now}");
  text = std::regex_replace(text, std::regex(R"(\d{4}/\d\d)"), "{month}");
  return text.ends_with('\n') ? without_help(text) : text;
}

std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = normalized(fs::relative(entry.path(), folder).string(), folder);
    // The one file that Hydra does not write.
    if (!name.ends_with("/lock.json")) files[name] = normalized(read_file(entry.path()), folder);
  }
  return files;
}

}  // namespace

TEST_CASE("the folders of the same program in Python and in C++") {
  std::ifstream lines(RUN_RECORDED);
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto record = nlohmann::json::parse(line);
    CAPTURE(record["words"].dump());
    const ScratchFolder scratch;
    const fs::path folder = fs::canonical(scratch.path());
    const Outcome outcome =
        run_program_in(folder, RUN_TRAINER, record["words"], {{"VERSION_BASE", record["version_base"]}});
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == record["exit"].get<int>());
    if (!record["stdout"].is_null()) CHECK(normalized(outcome.output, folder) == record["stdout"].get<std::string>());
    if (record["exit"] != 0) CHECK(outcome.complains("error["));
    const auto files = files_in(folder);
    std::map<std::string, std::string> expected = record["files"];
    for (const auto& [name, content] : expected) {
      CAPTURE(name);
      REQUIRE(files.count(name) == 1);
      CHECK(files.at(name) == content);
    }
    CHECK(files.size() == expected.size());
  }
  CHECK(count > 40);
}

}  // namespace cfgtool::test
