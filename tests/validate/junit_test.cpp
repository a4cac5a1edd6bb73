// `cfgtool validate --format junit`: against the XML schema of Jenkins' xUnit plugin (as pytest has it), and read back.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/validate/project.hpp"

namespace cfgtool::test {

namespace {

Outcome xmllint(const Project& project, const std::string& report, std::vector<std::string> words) {
  project.write("report.xml", report);
  words.insert(words.begin(), {"xmllint", "--nonet"});
  words.emplace_back("report.xml");
  return run_program_in(project.path(), "/usr/bin/env", words);
}

Outcome check_schema(const Project& project, const std::string& report) {
  return xmllint(project, report, {"--noout", "--schema", VALIDATE_XSD});
}

/// The text that an XPath expression gives, without xmllint's line break.
std::string read(const Project& project, const std::string& report, const std::string& xpath) {
  std::string text = xmllint(project, report, {"--xpath", fmt::format("string({})", xpath)}).output;
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

bool is_missing() {
  if (run_program("/usr/bin/env", {"xmllint", "--version"}).exit_code == 0) return false;
  MESSAGE("SKIPPED: xmllint is not installed");
  return true;
}

}  // namespace

TEST_CASE("xsd: a test for each file, a failure for each problem") {
  if (is_missing()) return;
  const Project project;
  project.write("two.yaml", "nmae: 3\nsteps: 0\n");
  const Outcome outcome = project.validate({"good.yaml", "bad.yaml", "two.yaml", "--format", "junit"});
  CHECK(outcome.exit_code == 1);
  const std::string& report = outcome.output;
  CAPTURE(report);
  const Outcome checked = check_schema(project, report);
  CAPTURE(checked.errors);
  CHECK(checked.exit_code == 0);
  CHECK(read(project, report, "/testsuite/@name") == "cfgtool validate");
  CHECK(read(project, report, "/testsuite/@tests") == "3");
  CHECK(read(project, report, "/testsuite/@failures") == "2");
  CHECK(read(project, report, "count(//testcase[@name='good.yaml']/*)") == "0");
  CHECK(read(project, report, "count(//testcase[@name='bad.yaml']/failure)") == "1");
  CHECK(read(project, report, "//testcase[@name='bad.yaml']/failure/@type") == "schema-type");
  CHECK(read(project, report, "//testcase[@name='bad.yaml']/failure").find("--> bad.yaml:2:21\n") != std::string::npos);
  CHECK(read(project, report, "count(//testcase[@name='two.yaml']/failure)") == "2");
}

TEST_CASE("xsd: what is no report is refused") {
  if (is_missing()) return;
  const Project project;
  const std::string report = project.validate({"bad.yaml", "--format", "junit"}).output;
  REQUIRE(check_schema(project, report).exit_code == 0);
  const auto without = [&](const std::string& part) {
    std::string text = report;
    REQUIRE(text.find(part) != std::string::npos);
    return text.erase(text.find(part), part.size());
  };
  CHECK(check_schema(project, without(" name=\"bad.yaml\"")).exit_code != 0);
  CHECK(check_schema(project, without(" tests=\"1\"")).exit_code != 0);
  CHECK(check_schema(project, without("</testsuite>")).exit_code != 0);
}

TEST_CASE("xsd: a composed configuration is named by its overrides; a warning is no failure") {
  if (is_missing()) return;
  const Project project;
  project.write("conf/config.yaml", "defaults:\n  - part: a\nname: demo\n");
  project.write("conf/part/a.yaml", "# @package _global_\nsteps: 3\n");
  const Outcome outcome =
      project.validate_config({"--version-base", "1.1", "name='a \"b\"'", "steps=4", "--format", "junit"});
  CHECK(outcome.exit_code == 0);
  const std::string& report = outcome.output;
  CAPTURE(report);
  CHECK(check_schema(project, report).exit_code == 0);
  CHECK(read(project, report, "//testcase/@name") == "config name='a \"b\"' steps=4");
  CHECK(read(project, report, "/testsuite/@failures") == "0");
  CHECK(read(project, report, "count(//failure)") == "0");
  CHECK(read(project, report, "//testcase/system-out").find("defaults-self-missing") != std::string::npos);
}

TEST_CASE("xsd: texts that XML cannot hold do not break the report") {
  if (is_missing()) return;
  const Project project;
  const std::string name = "a<b>&\"'\xff.yaml";
  project.write(name, "\"k\\u0001<&>]]>\\ufffe\\n\\t\": 1\n");
  project.write("latin1.yaml", "name: caf\xe9\n");
  const Outcome outcome = project.validate({name, "latin1.yaml", "--format", "junit"});
  CHECK(outcome.exit_code == 1);
  const std::string& report = outcome.output;
  CAPTURE(report);
  CHECK(check_schema(project, report).exit_code == 0);
  CHECK(read(project, report, "//testcase[1]/@name") == "a<b>&\"'\uFFFD.yaml");
  const std::string message = read(project, report, "//testcase[1]/failure/@message");
  CHECK(message.find("k\uFFFD<&>]]>\uFFFD\n\t") != std::string::npos);
  CHECK(read(project, report, "//testcase[2]/failure/@type") == "yaml-encoding");
}

}  // namespace cfgtool::test
