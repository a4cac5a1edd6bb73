// The cache of `cfgtool resolve` is seen by nobody: same output with and without, changes are seen, flags turn it off.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace fs = std::filesystem;

TEST_CASE("resolve prints the same with a cold, a warm, a damaged and no cache") {
  const ScratchFolder folder;
  const std::string cache = (folder.path() / "cache").string();
  // The folders are named after the time, which goes on.
  const std::vector<std::string> words{"resolve",
                                       "-cp",
                                       SPEC_TREE,
                                       "-cn",
                                       "ppo_trainer",
                                       "--cfg",
                                       "all",
                                       "--resolve",
                                       "hydra.run.dir=run",
                                       "hydra.sweep.dir=sweep"};
  const auto output = [&](std::vector<std::string> more, const std::string& where) {
    more.insert(more.begin(), words.begin(), words.end());
    const Outcome outcome = run_program_in(folder.path(), SPEC_CFGTOOL, more, {{"CFGTOOL_CACHE_DIR", where}});
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.errors.empty());
    return outcome.output;
  };
  const std::string plain = output({"--no-cache"}, cache);
  CHECK(plain.size() > 1000);
  CHECK(!fs::exists(cache));
  CHECK(output({}, "") == plain);
  CHECK(output({}, cache) == plain);
  CHECK(!fs::is_empty(cache));
  CHECK(output({}, cache) == plain);
  for (const auto& item : fs::directory_iterator(cache))
    fs::resize_file(item, fs::file_size(item) / 2);
  CHECK(output({}, cache) == plain);
  CHECK(output({}, "/proc/cannot/be/written") == plain);
}

TEST_CASE("resolve sees a change behind its cache") {
  const ScratchFolder folder;
  const auto shown = [&](const std::string& text) {
    std::ofstream(folder.path() / "config.yaml") << text;
    return run_program(SPEC_CFGTOOL, {"resolve", "-cp", folder.path(), "-cn", "config"},
                       {{"CFGTOOL_CACHE_DIR", folder.path() / "cache"}});
  };
  CHECK(shown("a: 1\n").output == "a: 1\n");
  CHECK(shown("a: 2\n").output == "a: 2\n");
  CHECK(shown("a: 2\n").output == "a: 2\n");
  CHECK(shown("a: [2\n").exit_code == 1);
  CHECK(shown("a: 3\n").output == "a: 3\n");
}

}  // namespace cfgtool::test
