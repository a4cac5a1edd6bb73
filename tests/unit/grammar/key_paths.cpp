#include "config_engine/key_path.hpp"

#include <doctest/doctest.h>

#include "written_down.hpp"

namespace cfgtool {

TEST_CASE("key paths are split as OmegaConf splits them") {
  for (const nlohmann::json& record : recorded("key_paths.jsonl")) {
    const std::string path = record["path"];
    CAPTURE(path);
    const std::vector<std::string_view> keys = split_key(path);
    CHECK(std::vector<std::string>(keys.begin(), keys.end()) == record["keys"].get<std::vector<std::string>>());
  }
}

TEST_CASE("a list takes for an index what Python's int() reads") {
  CHECK(list_index("0") == 0);
  CHECK(list_index("-1") == -1);
  CHECK(list_index("+2") == 2);
  CHECK(list_index(" 1_0 ") == 10);
  CHECK(!list_index(""));
  CHECK(!list_index("a"));
  CHECK(!list_index("1.0"));
  CHECK(!list_index("99999999999999999999"));
}

TEST_CASE("group@package") {
  const GroupAndPackage plain = split_group("server/db");
  CHECK(plain.group == "server/db");
  CHECK(!plain.package);

  const GroupAndPackage packaged = split_group("db@a.b");
  CHECK(packaged.group == "db");
  CHECK(packaged.package == "a.b");
  CHECK(!packaged.package2);

  const GroupAndPackage renamed = split_group("db@a:b");
  CHECK(renamed.package == "a");
  CHECK(renamed.package2 == "b");
  CHECK(split_group("db@").package == "");
}

}  // namespace cfgtool
