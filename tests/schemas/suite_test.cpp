// The test suite of JSON Schema, draft-07 (Debian's json-schema-test-suite).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/schemas/checks.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

/// How many required tests Debian 12's package has.
constexpr size_t kRequiredTests = 423;
const fs::path kTests = fs::path(SCHEMA_SUITE) / "tests/draft7";
const fs::path kOptionalTests = kTests / "optional";

struct FileResult {
  size_t tests = 0;
  std::vector<std::string> too_lenient;  ///< by name: what the suite calls invalid fits
  std::vector<std::string> too_strict;
};

/// Runs the tests of one of the suite's files. Integers beyond 64 bits go through a float on the way.
FileResult run_file(const fs::path& file) {
  const ScratchFolder scratch;
  const fs::path schema = scratch.path() / "schema.json";
  const fs::path document = scratch.path() / "document.json";
  FileResult result;
  for (const auto& group : nlohmann::json::parse(read_text(file))) {
    write_text(schema, group["schema"].dump());
    for (const auto& test : group["tests"]) {
      ++result.tests;
      write_text(document, test["data"].dump());
      const Check check =
          check_file(schema, document, {"--schema-uri", "http://localhost:1234=" SCHEMA_SUITE "/remotes"});
      const std::string name =
          fmt::format("{} / {}", group["description"].get<std::string>(), test["description"].get<std::string>());
      CAPTURE(name);
      CAPTURE(check.errors);
      // What is wrong is said of the document, on stdout: no schema of the suite is.
      CHECK(check.errors.empty());
      CHECK((check.exit_code == 0 || check.exit_code == 1));
      if (check.exit_code == (test["valid"].get<bool>() ? 0 : 1)) continue;
      (test["valid"].get<bool>() ? result.too_strict : result.too_lenient).push_back(name);
    }
  }
  return result;
}

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_missing(const char* what) {
  if (fs::is_directory(kTests)) return false;
  MESSAGE(fmt::format("SKIPPED: {} of JSON Schema draft-07: there is no {} (Debian: json-schema-test-suite)", what,
                      kTests.string()));
  return true;
}

struct Row {
  size_t tests = 0;
  size_t lenient = 0;
};

/// The table of optional.md, by file.
std::map<std::string, Row> read_table() {
  std::map<std::string, Row> rows;
  const std::string text = read_text(fs::path(SCHEMA_TESTS) / "optional.md");
  for (size_t at = text.find("| `"); at != std::string::npos; at = text.find("\n| `", at)) {
    const size_t begin = text.find('`', at) + 1;
    const size_t end = text.find('`', begin);
    const size_t counts = text.find('|', end);
    Row& row = rows[text.substr(begin, end - begin)];
    row.tests = std::stoul(text.substr(counts + 1));
    row.lenient = std::stoul(text.substr(text.find('|', counts + 1) + 1));
    at = counts;
  }
  return rows;
}

}  // namespace

TEST_CASE("all required tests pass") {
  if (is_missing("423 required tests")) return;
  size_t tests = 0;
  for (const fs::path& file : json_files(kTests)) {
    if (file.parent_path() != kTests) continue;
    CAPTURE(file.string());
    const FileResult result = run_file(file);
    CHECK(result.tests > 0);
    CHECK(fmt::format("{}", fmt::join(result.too_strict, "\n")) == "");
    CHECK(fmt::format("{}", fmt::join(result.too_lenient, "\n")) == "");
    tests += result.tests;
  }
  CHECK(tests >= kRequiredTests);
}

TEST_CASE("the optional tests pass but for those of the table") {
  if (is_missing("143 optional tests")) return;
  std::map<std::string, Row> rows = read_table();
  CHECK(!rows.empty());
  for (const fs::path& file : json_files(kOptionalTests)) {
    const std::string name = file.lexically_relative(kOptionalTests).string();
    CAPTURE(name);
    REQUIRE(rows.contains(name));
    const FileResult result = run_file(file);
    CHECK(result.tests == rows[name].tests);
    CHECK(result.too_lenient.size() == rows[name].lenient);
    CHECK(fmt::format("{}", fmt::join(result.too_strict, "\n")) == "");
    rows.erase(name);
  }
  CHECK(rows.empty());
}

}  // namespace cfgtool::test
