#include "tests/spec/run_program.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/cases/child_process.hpp"

extern char** environ;

namespace cfgtool::test {

namespace {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

Outcome run_program(const std::string& program, const std::vector<std::string>& words,
                    const std::map<std::string, std::string>& variables) {
  return run_program_in({}, program, words, variables);
}

Outcome run_program_in(const std::filesystem::path& folder, const std::string& program,
                       const std::vector<std::string>& words, const std::map<std::string, std::string>& variables) {
  const ScratchFolder scratch;
  ChildProcess child;
  child.working_folder = folder;
  child.argv = {program};
  child.argv.insert(child.argv.end(), words.begin(), words.end());
  child.output = scratch.path() / "output";
  child.errors = scratch.path() / "errors";
  child.limit = std::chrono::minutes(5);  // a training under the sanitizers, on a machine that does other things too
  child.environment.emplace();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = std::min(text.find('='), text.size());
    if (equals < text.size()) (*child.environment)[text.substr(0, equals)] = text.substr(equals + 1);
  }
  child.environment->erase("ATTENTION_PLUGIN_PATH");
  child.environment->erase("ATTENTION_DEVICE_PATH");
  for (const auto& [name, value] : variables)
    (*child.environment)[name] = value;
  const ChildResult result = run(child);
  return {result.exit_code, read_file(child.output), read_file(child.errors)};
}

}  // namespace cfgtool::test
