// The schemas that check-jsonschema bundles, and whether documents fit them: as check-jsonschema itself says
// (record.py).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/schemas/checks.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

const fs::path kDocuments = fs::path(SCHEMA_TESTS) / "documents";

struct Verdict {
  std::string schema;
  std::string document;
  bool fits = false;
};

std::vector<Verdict> read_recorded() {
  std::vector<Verdict> verdicts;
  std::istringstream lines(read_text(fs::path(SCHEMA_TESTS) / "recorded.jsonl"));
  std::string line;
  std::getline(lines, line);  // the versions
  while (std::getline(lines, line)) {
    const auto record = nlohmann::json::parse(line);
    verdicts.push_back({record["schema"], record["document"], record["fits"]});
  }
  return verdicts;
}

/// The package's folder of schemas; empty, and said, if it cannot be had.
fs::path find_schemas() {
  const Outcome venv = run_program("/bin/sh", {SCHEMA_TESTS "/venv"});
  const std::string python = venv.output.substr(0, venv.output.find('\n'));
  const Outcome found = venv.exit_code != 0
                            ? venv
                            : run_program(python, {"-c", "import check_jsonschema as c; print(c.__path__[0], end='')"});
  if (found.exit_code == 0) return fs::path(found.output) / "builtin_schemas";
  MESSAGE(fmt::format("SKIPPED: {} documents, since check-jsonschema cannot be had: {}", read_recorded().size(),
                      found.errors));
  return {};
}

fs::path schema_file(const fs::path& schemas, const std::string& name) {
  const fs::path vendored = schemas / "vendor" / (name + ".json");
  return fs::exists(vendored) ? vendored : schemas / "custom" / (name + ".json");
}

}  // namespace

TEST_CASE("documents fit the bundled schemas where check-jsonschema says so") {
  const fs::path schemas = find_schemas();
  if (schemas.empty()) return;
  // What Drone says of Kubernetes is not in the package.
  const std::string kubernetes = fmt::format("https://json.schemastore.org/kubernetes-definitions.json={}",
                                             (kDocuments / "drone-ci/kubernetes-definitions.json").string());
  std::map<std::string, std::map<bool, int>> counts;
  for (const Verdict& verdict : read_recorded()) {
    CAPTURE(verdict.document);
    const Check check =
        check_file(schema_file(schemas, verdict.schema), kDocuments / verdict.document, {"--schema-uri", kubernetes});
    CAPTURE(check.output);
    CHECK(check.errors == "");
    CHECK(check.exit_code == (verdict.fits ? 0 : 1));
    ++counts[verdict.schema][verdict.fits];
  }
  CHECK(counts.size() == 21);
  for (auto& [schema, count] : counts) {
    CAPTURE(schema);
    CHECK(count[true] >= 5);
    CHECK(count[false] >= 5);
  }
}

TEST_CASE("what the bundled schemas refer to and the package has not is said") {
  const fs::path schemas = find_schemas();
  if (schemas.empty()) return;
  for (const auto& entry : fs::directory_iterator(schemas / "vendor")) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().stem();
    CAPTURE(name);
    const auto schema = nlohmann::json::parse(read_text(entry.path()));
    const Check check = check_file(entry.path(), kDocuments / "github-issue-config/valid-4.json");
    if (name == "drone-ci") {
      CHECK(check.exit_code == 1);
      CHECK(check.complains("error[schema-reference]: the reference 'kubernetes-definitions.json#/definitions/"));
      CHECK(check.complains("--schema-uri PREFIX=FOLDER says where such documents lie"));
    } else if (schema.value("$schema", "").find("2020-12") != std::string::npos) {
      CHECK(check.exit_code == 1);
      CHECK(check.complains("error[schema-draft]"));
    } else {
      CHECK(check.errors == "");
    }
  }
}

}  // namespace cfgtool::test
