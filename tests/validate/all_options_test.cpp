// `cfgtool validate --all-options` on folders that are not as they should be.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/validate/project.hpp"

namespace cfgtool::test {

TEST_CASE("all options of a folder without configs are refused") {
  const Project project;
  std::filesystem::create_directory(project.path() / "empty");
  for (const std::string folder : {"nowhere", "empty"}) {
    const Outcome outcome = project.validate({"-cp", folder, "--all-options"});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output.empty());
    CHECK(outcome.complains("error[configs-missing]: there is no config in '" + folder + "'"));
  }
}

TEST_CASE("all options are counted") {
  const Project project;
  CHECK(project.validate({"-cp", "conf", "--all-options"}).complains("1 configuration composed in "));
  project.write("conf/other.yaml", "name: other\n");
  CHECK(project.validate({"-cp", "conf", "--all-options"}).output == "2 configurations: no problems\n");
}

TEST_CASE("a schema that is wrong does not hide what is wrong with other primary configs") {
  const Project project;
  project.write("conf/config.yaml", "# yaml-language-server: $schema=../nowhere.yaml\nname: demo\n");
  project.write("conf/other.yaml", "# yaml-language-server: $schema=../schema.yaml\nname: 3\n");
  const Outcome outcome =
      run_program_in(project.path(), VALIDATE_CFGTOOL, {"validate", "-cp", "conf", "--all-options"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("conf/config.yaml:1:33"));
  CHECK(outcome.prints("conf/other.yaml:2:7"));
}

TEST_CASE("links that lead back are not followed for ever") {
  const Project project;
  namespace fs = std::filesystem;
  const fs::path conf = project.path() / "conf";
  fs::create_directories(conf / "a");
  fs::create_directories(conf / "b");
  fs::create_directory_symlink("..", conf / "up");
  fs::create_directory_symlink(".", conf / "same");
  fs::create_directory_symlink("../b", conf / "a/other");
  fs::create_directory_symlink("../a", conf / "b/other");
  project.write("conf/a/one.yaml", "# @package _global_\nsteps: 1\n");
  // The config, +a=one, and the same by way of b.
  CHECK(project.validate({"-cp", "conf", "--all-options"}).output == "3 configurations: no problems\n");
}

}  // namespace cfgtool::test
