#include "tests/completion/completing.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "config_engine/completion_flags.hpp"
#include "config_engine/completion_words.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool::test {

std::vector<Candidate> CompletingProgram::candidates(const std::string& line) const {
  CLI::App app;
  HydraFlags flags;
  add_hydra_flags(app, flags);
  CompletionRequest request;
  const ShellLine typed = split_shell_line("program " + line);
  request.words.assign(typed.words.begin() + 1, typed.words.end());
  request.word = typed.word;
  request.flags = completion_flags(app);
  request.defaults.config_dirs = {std::string(COMPLETION_PROJECT) + "/" + folder};
  if (!config.empty()) request.defaults.config_name = config;
  request.known_keys = [&] { return known_keys; };
  return complete(std::make_shared<FileStore>(), request);
}

std::vector<std::string> CompletingProgram::words(const std::string& line) const {
  std::vector<std::string> words;
  for (const Candidate& candidate : candidates(line))
    words.push_back(candidate.word);
  return words;
}

Candidate CompletingProgram::candidate(const std::string& line, const std::string& word) const {
  for (const Candidate& found : candidates(line)) {
    if (found.word == word) return found;
  }
  FAIL_CHECK(fmt::format("'{}' does not offer '{}'", line, word));
  return {};
}

std::string to_text(const std::vector<std::string>& words) {
  return words.empty() ? "nothing" : fmt::format("<{}>", fmt::join(words, "> <"));
}

}  // namespace cfgtool::test
