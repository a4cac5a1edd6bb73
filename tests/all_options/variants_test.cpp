// Which variants there are, and whether they compose: as enumerated by hand, and as real Hydra says (record.py).
#include "tests/all_options/variants.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"

namespace cfgtool::test {

namespace {

std::string text(const std::vector<ComposedLine>& lines) {
  std::string all;
  for (const ComposedLine& line : lines)
    all += (line.composes ? "composes: " : "does not: ") + line.line + "\n";
  return all;
}

std::vector<ComposedLine> recorded() {
  std::vector<ComposedLine> lines;
  std::ifstream file(std::string(ALL_OPTIONS_TESTS) + "/recorded.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto answer = nlohmann::json::parse(line);
    lines.push_back({answer["line"], answer["composes"]});
  }
  return lines;
}

/// A folder of configs, and the variants of it.
class Tree {
 public:
  Tree& add(const std::string& name, const std::string& content) {
    write_file(scratch_.path() / name, content);
    return *this;
  }
  std::string variants(ComposeRequest request = {}) const {
    request.config_dirs = {scratch_.path().string()};
    return text(all_variants(request));
  }

 private:
  ScratchFolder scratch_;
};

}  // namespace

TEST_CASE("all variants, and no others, and Hydra's verdict on each") {
  ComposeRequest request;
  request.config_dirs = {std::string(ALL_OPTIONS_TESTS) + "/trees/shop"};
  const std::vector<ComposedLine> expected = recorded();
  REQUIRE(expected.size() == 21);
  CHECK(text(all_variants(request)) == text(expected));
}

TEST_CASE("groups that the request chooses from stay as they are") {
  Tree tree;
  tree.add("config.yaml", "defaults: [db: mysql, db@spare: mysql]\n").add("db/mysql.yaml", "a: 1\n");
  tree.add("db/pg.yaml", "a: 2\n").add("extra/x.yaml", "x: 1\n").add("extra/y.yaml", "x: 2\n");
  ComposeRequest request;
  request.overrides = {"db=pg", "+extra=x"};
  CHECK(tree.variants(request) == "composes: -cn config\ncomposes: -cn config db@spare=pg\n");
  request.overrides = {"~db", "db.a=3"};
  CHECK(tree.variants(request).find(" +db=") == std::string::npos);
}

TEST_CASE("two options that bring the same mandatory group are both completed") {
  Tree tree;
  tree.add("config.yaml", "defaults:\n- a: none\n- b: ???\n").add("a/none.yaml", "{}\n");
  tree.add("a/one.yaml", "defaults:\n- /c: ???\n").add("a/two.yaml", "defaults:\n- /c: ???\n");
  tree.add("b/x.yaml", "{}\n").add("c/y.yaml", "{}\n").add("c/z.yaml", "{}\n");
  CHECK(tree.variants() ==
        "composes: -cn config b=x\n"
        "composes: -cn config b=x a=one c@a.c=y\n"
        "composes: -cn config b=x a=one c@a.c=z\n"
        "composes: -cn config b=x a=two c@a.c=y\n");
}

TEST_CASE("a mandatory group without any option hides nothing") {
  Tree tree;
  tree.add("config.yaml", "defaults:\n- a: ???\n- b: x\n").add("b/x.yaml", "{}\n").add("b/y.yaml", "{}\n");
  CHECK(tree.variants() == "composes: -cn config\ncomposes: -cn config b=y\n");
}

TEST_CASE("options are appended to primary configs that compose, unless -cn is one of several") {
  Tree tree;
  tree.add("bad.yaml", "defaults: [override /nothing: x]\n").add("good.yaml", "a: 1\n");
  tree.add("extra/x.yaml", "{}\n");
  CHECK(tree.variants() ==
        "does not: -cn bad\n"
        "composes: -cn good\n"
        "composes: -cn good +extra=x\n");
  ComposeRequest request;
  request.config_name = "good";
  CHECK(tree.variants(request) == "composes: -cn good\n");
}

TEST_CASE("cfgtool.yaml beside the configs is none; options are spelled as Hydra reads them") {
  Tree tree;
  tree.add("cfgtool.yaml", "schemas: {}\n").add("config.yaml", "defaults: [shape: 'a:b']\n");
  tree.add("shape/a:b.yaml", "{}\n").add("shape/it's, round.yaml", "{}\n");
  CHECK(tree.variants() ==
        "composes: -cn config\n"
        "composes: -cn config shape='it\\'s, round'\n");
}

}  // namespace cfgtool::test
