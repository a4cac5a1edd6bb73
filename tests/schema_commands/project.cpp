#include "tests/schema_commands/project.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/cases/case_file.hpp"

namespace cfgtool::test {

Project& Project::add(const std::string& name, const std::string& text) {
  const std::filesystem::path path = folder() / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
  return *this;
}

std::string Project::read(const std::string& name) const {
  return read_file(folder() / name);
}

Outcome Project::run(const std::vector<std::string>& words) const {
  return run_program_in(folder(), SCHEMA_CFGTOOL, words);
}

std::string Project::infer(const std::vector<std::string>& words) const {
  std::vector<std::string> all{"schema", "infer", "-cp", "conf", "-cn", "config"};
  all.insert(all.end(), words.begin(), words.end());
  const Outcome outcome = run(all);
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.errors);
  return outcome.output;
}

std::string Project::misfits(const std::string& schema, const std::vector<std::string>& words, bool strict) const {
  std::vector<std::string> all{"validate", "-cp", "conf", "-cn", "config", "--schema", schema};
  if (strict) all.emplace_back("--strict");
  all.insert(all.end(), words.begin(), words.end());
  const Outcome outcome = run(all);
  return outcome.exit_code == 0 ? std::string() : outcome.output + outcome.errors;
}

}  // namespace cfgtool::test
