#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "config_engine/compose.hpp"
#include "config_engine/yaml_writer.hpp"
#include "file_folder.hpp"

namespace cfgtool {
namespace {

std::string composed(const std::shared_ptr<FileStore>& store, const test::FileFolder& folder,
                     std::vector<std::string> overrides = {}) {
  ComposeRequest request;
  request.config_dirs = {folder.path()};
  request.config_name = "config";
  request.overrides = std::move(overrides);
  request.with_hydra = false;
  const Composition composition = compose(store, request);
  return write_yaml(composition.tree, composition.tree.root());
}

/// A time long past, so that a file is not looked into just because it is young.
void age(const std::string& path) {
  const timespec past[2] = {{1000000000, 0}, {1000000000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), past, 0) == 0);
}

}  // namespace

TEST_CASE("a store sees what changes on the disk between two compositions") {
  const test::FileFolder folder;
  const auto store = std::make_shared<FileStore>();
  const std::string config = folder.write("config.yaml", "defaults:\n- db: mysql\n- optional extra: none\na: 1\n");
  folder.write("db/mysql.yaml", "port: 1\n");
  CHECK(composed(store, folder) == "db:\n  port: 1\na: 1\n");

  SUBCASE("another content of the same size, within one tick of the clock") {
    for (int i = 0; i < 200; ++i) {
      folder.write("db/mysql.yaml", "port: " + std::to_string(i % 10) + "\n");
      CHECK(composed(store, folder) == "db:\n  port: " + std::to_string(i % 10) + "\na: 1\n");
    }
  }
  SUBCASE("another content of the same size and with the same time of change") {
    age(folder.path("db/mysql.yaml"));
    CHECK(composed(store, folder) == "db:\n  port: 1\na: 1\n");
    folder.write("db/mysql.yaml", "port: 2\n");
    age(folder.path("db/mysql.yaml"));
    CHECK(composed(store, folder) == "db:\n  port: 2\na: 1\n");
  }
  SUBCASE("another file in its place") {
    folder.write("other.yaml", "port: 3\n");
    std::filesystem::rename(folder.path("other.yaml"), folder.path("db/mysql.yaml"));
    CHECK(composed(store, folder) == "db:\n  port: 3\na: 1\n");
  }
  SUBCASE("a file that was not there") {
    folder.write("extra/none.yaml", "b: 2\n");
    CHECK(composed(store, folder) == "db:\n  port: 1\nextra:\n  b: 2\na: 1\n");
    folder.write("db/postgres.yaml", "port: 4\n");
    CHECK(composed(store, folder, {"db=postgres"}) == "db:\n  port: 4\nextra:\n  b: 2\na: 1\n");
  }
  SUBCASE("a file that is gone") {
    std::filesystem::remove(folder.path("db/mysql.yaml"));
    CHECK_THROWS_AS(composed(store, folder), ConfigError);
  }
  SUBCASE("a file that became wrong, and right again") {
    folder.write("config.yaml", "a: [1\n");
    CHECK_THROWS_AS(composed(store, folder), ConfigError);
    folder.write("config.yaml", "a: 5\n");
    CHECK(composed(store, folder) == "a: 5\n");
  }
}

}  // namespace cfgtool
