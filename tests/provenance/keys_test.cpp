// What `cfgtool keys` and `cfgtool groups` list, and what a shell completes of their words.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/json_lines.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// `cfgtool COMMAND -cp tree -cn config WORDS`, where tree/ is.
Outcome of_tree(const std::string& command, const Words& words) {
  Words all{command, "-cp", "tree", "-cn", "config"};
  all.insert(all.end(), words.begin(), words.end());
  return run_program_in(EXPLAIN_TESTS, EXPLAIN_CFGTOOL, all);
}

std::string complete(const std::string& line) {
  const std::string tree = EXPLAIN_TESTS "/tree";
  return run_program(EXPLAIN_CFGTOOL, {"--shell-completion", "query=fish"},
                     {{"COMP_LINE", "cfgtool " + line}, {"COMP_POINT", ""}, {"TREE", tree}})
      .output;
}

}  // namespace

TEST_CASE("keys: a table of all, aligned") {
  const Outcome outcome = of_tree("keys", {"optim.lr=0.5"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output ==
        "KEY                TYPE   VALUE       ORIGIN\n"
        "db.user            str    'root'      tree/db/mysql.yaml:1:7\n"
        "db.port            int    3306        tree/db/mysql.yaml:2:7\n"
        "optim.lr           float  0.5         override 1:10\n"
        "optim.betas.first  float  0.9         tree/optim/adam.yaml:2:16\n"
        "name               str    'run-root'  tree/config.yaml:6:7\n"
        "home               str    'none'      tree/config.yaml:7:7\n"
        "steps              int    100         tree/config.yaml:8:8\n"
        "sizes.0            int    1           tree/config.yaml:11:9\n"
        "sizes.1            int    2           tree/config.yaml:11:12\n");
}

TEST_CASE("keys: words are beginnings of keys, one object a line for programs") {
  const std::vector<Json> found = lines(of_tree("keys", {"db.", "na", "--json"}));
  REQUIRE(found.size() == 3);
  CHECK(found[0].at("key") == "db.user");
  CHECK(found[1].at("type") == "int");
  CHECK(found[1].at("value") == 3306);
  CHECK(found[1].at("set_by").at("line") == 2);
  CHECK(found[2].at("value") == "run-root");
  CHECK(found[2].at("written") == "run-${db.user}");
  CHECK(!found[2].contains("description"));
  for (const Json& key : lines(of_tree("keys", {"hydra.job.name", "--json"})))
    CHECK(key.at("key") == "hydra.job.name");
  const Outcome none = of_tree("keys", {"db.prot", "name"});
  CHECK(none.exit_code == 1);
  CHECK(none.output.empty());
  CHECK(none.complains("error[key-absent]: No key begins with 'db.prot'"));
  CHECK(none.complains("did you mean 'db.port'?"));
  CHECK(of_tree("groups", {"bd"}).complains("error[group-absent]: No group begins with 'bd'"));
}

TEST_CASE("keys: what cannot be told is listed and reported") {
  const Outcome outcome = of_tree("keys", {"+more.broken=${absent}", "+more.open=???", "more", "--json"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.complains("Interpolation key 'absent' not found"));
  const std::vector<Json> found = lines(outcome);
  REQUIRE(found.size() == 2);
  CHECK(found[0].at("type").is_null());
  CHECK(found[0].at("value").is_null());
  CHECK(found[0].at("written") == "${absent}");
  CHECK(found[1].at("type") == "missing");
}

TEST_CASE("keys: descriptions of the schema, named or found") {
  const ScratchFolder folder;
  write_file(folder.path() / "s.yaml",
             "$schema: http://json-schema.org/draft-07/schema#\ntype: object\nproperties:\n"
             "  steps: {type: integer, description: How long}\n  name: {title: What it is called}\n"
             "  optim: {$ref: '#/definitions/optim'}\n"
             "  sizes: {items: {description: 'one\n\n    size'}}\n"
             "patternProperties: {'^x_': {description: for later}}\n"
             "definitions:\n  optim: {properties: {lr: {description: How fast}}, additionalProperties: {description: "
             "any other}}\n");
  write_file(folder.path() / "conf/config.yaml",
             "# yaml-language-server: $schema=../s.yaml\nsteps: 1\nname: a\noptim: {lr: 1, eps: 2}\nsizes: [3]\nx_y: "
             "4\nfree: 5\n");
  const Outcome found =
      run_program_in(folder.path(), EXPLAIN_CFGTOOL, {"keys", "-cp", "conf", "-cn", "config", "--json"});
  CAPTURE(found.errors);
  std::map<std::string, std::string> descriptions;
  for (const Json& key : lines(found))
    descriptions[key.at("key")] = key.value("description", "");
  CHECK(descriptions == std::map<std::string, std::string>{{"steps", "How long"},
                                                           {"name", "What it is called"},
                                                           {"optim.lr", "How fast"},
                                                           {"optim.eps", "any other"},
                                                           {"sizes.0", "one size"},
                                                           {"x_y", "for later"},
                                                           {"free", ""}});
  CHECK(run_program_in(folder.path(), EXPLAIN_CFGTOOL,
                       {"keys", "-cp", "conf", "-cn", "config", "steps", "--schema", "s.yaml"})
            .output ==
        "KEY    TYPE  VALUE  ORIGIN                DESCRIPTION\nsteps  int   1      conf/config.yaml:2:8  How long\n");
}

TEST_CASE("groups: what there is to choose, what is chosen, and by what") {
  const ScratchFolder folder;
  const auto groups = [&](const Words& words) {
    Words all{"groups", "-cp", "conf", "-cn", "config"};
    all.insert(all.end(), words.begin(), words.end());
    return run_program_in(folder.path(), EXPLAIN_CFGTOOL, all);
  };
  write_file(folder.path() / "conf/config.yaml",
             "defaults:\n  - db: mysql\n  - optim@inner: null\n  - model: ???\n  - site: [a, b]\n  - experiment\n");
  write_file(folder.path() / "conf/experiment.yaml", "defaults:\n  - override /site: [b]\n");
  for (const char* file : {"db/mysql", "db/postgres", "optim/adam", "model/big", "site/a", "site/b", "debug/fast"})
    write_file(folder.path() / "conf" / (std::string(file) + ".yaml"), "{}\n");
  const Outcome table = groups({"db=postgres"});
  CHECK(table.exit_code == 0);
  CHECK(table.errors.empty());
  CHECK(table.output ==
        "GROUP        CHOSEN    BY                        OPTIONS\n"
        "db           postgres  override db=postgres      mysql, postgres\n"
        "model        ???       conf/config.yaml:4:5      big\n"
        "optim@inner  null      conf/config.yaml:3:5      adam\n"
        "site         ['b']     conf/experiment.yaml:2:5  a, b\n"
        "+debug                 only +debug=…             fast\n");
  const std::vector<Json> json = lines(groups({"--json", "db", "deb"}));
  REQUIRE(json.size() == 2);
  CHECK(json[0].at("group") == "db");
  CHECK(json[0].at("options") == Json{"mysql", "postgres"});
  CHECK(json[0].at("chosen") == "mysql");
  CHECK(json[0].at("chosen_by").at("line") == 2);
  CHECK(json[0].at("only_plus") == false);
  CHECK(json[1].at("only_plus") == true);
  CHECK(json[1].at("chosen").is_null());
  CHECK(json[1].at("chosen_by").is_null());
  CHECK(groups({"hydra/job_l"}).prints("hydra/job_logging  default"));
}

TEST_CASE("keys are completed where keys are taken, overrides where those are") {
  const std::string flags = " -cp " EXPLAIN_TESTS "/tree -cn config ";
  for (const std::string command : {"explain", "keys"}) {
    CHECK(complete(command + flags + "optim.l").starts_with("optim.lr\t"));
    CHECK(complete(command + flags + "optim.lr steps=7 optim.l").starts_with("optim.lr\t"));
    CHECK(complete(command + flags + "optim.l").find("\noptim.lr=") != std::string::npos);
    CHECK(complete(command + flags + "db=p").starts_with("db=postgres"));
  }
  for (const std::string command : {"diff", "groups", "tree"}) {
    CHECK(complete(command + flags + "optim.l").starts_with("optim.lr="));
    CHECK(complete(command + flags + "db=p").starts_with("db=postgres"));
  }
  CHECK(complete("diff" + flags + "-- db=postgres -- db.").find("db.port=") != std::string::npos);
  CHECK(complete("diff" + flags + "-- db=mysql -- db=postgres db.").find("db.schema=") != std::string::npos);
  // List items are keys as well; keys go on behind their dots.
  CHECK(complete("explain" + flags + "sizes.").find("sizes.1\t") != std::string::npos);
  CHECK(complete("explain" + flags + "optim.betas.").starts_with("optim.betas.first\t"));
  // `groups` takes beginnings of groups.
  CHECK(complete("groups" + flags + "d").starts_with("db\t"));
  CHECK(complete("groups" + flags + "d").find("\ndb=") != std::string::npos);
  CHECK(complete("groups" + flags + "db hydra/job_l").find("hydra/job_logging") != std::string::npos);
  CHECK(complete("diff -cp " EXPLAIN_TESTS "/tree -- -cn co").starts_with("config"));
  CHECK(complete("diff -cp " EXPLAIN_TESTS "/tree -- -cn config -- --config-name co").starts_with("config"));
  CHECK(complete("diff " EXPLAIN_TESTS "/tr").starts_with(EXPLAIN_TESTS "/tree/"));
  CHECK(complete("diff " EXPLAIN_TESTS "/tree " EXPLAIN_TESTS "/tree/d").starts_with(EXPLAIN_TESTS "/tree/db/"));
  for (const std::string command : {"explain", "diff", "keys", "groups", "tree"}) {
    for (const std::string flag : {"--json", "--config-path", "-cn", "--error-format"})
      CHECK(complete(command + " " + flag.substr(0, flag.size() - 1)).find(flag) != std::string::npos);
  }
  CHECK(complete("explain --al").starts_with("--all"));
  CHECK(complete("diff --st").starts_with("--stat"));
  CHECK(complete("keys --sch").starts_with("--schema"));
  CHECK(complete("tree --format m").starts_with("mermaid"));
  CHECK(complete("diff --rev").starts_with("--revisions"));
}

TEST_CASE("revisions of git are completed on both sides of the dots" * doctest::skip()) {
  const ScratchFolder project;
  const auto git = [&](Words words) {
    words.insert(words.begin(), {"-c", "user.name=a", "-c", "user.email=a@b"});
    return run_program_in(project.path(), "git", words).exit_code == 0;
  };
  if (!git({"init", "-q"})) {
    MESSAGE("SKIPPED: there is no git, so that no revisions were completed");
    return;
  }
  write_file(project.path() / "conf/config.yaml", "steps: 1\n");
  REQUIRE(git({"add", "conf"}));
  REQUIRE(git({"commit", "-q", "-m", "a commit"}));
  REQUIRE(git({"tag", "v1.0"}));
  const std::string line = "diff -cp " + (project.path() / "conf").string() + " --revisions";
  CHECK(complete(line + " v").starts_with("v1.0"));
  CHECK(complete(line + "=v").starts_with("--revisions=v1.0"));
  CHECK(complete(line + " v1.0..v").starts_with("v1.0..v1.0"));
  CHECK(complete("diff -cp /nosuch --revisions v").empty());
}

TEST_CASE("keys and explain: a circle of interpolations is told once") {
  const Words circle{"+a=${b}", "+b=${c}", "+c=${a}"};
  Words all = circle;
  all.insert(all.begin(), "--all");
  for (const Outcome& outcome : {of_tree("keys", circle), of_tree("explain", all)}) {
    const std::string& said = outcome.errors;
    const size_t first = said.find("error[interpolation-cycle]");
    REQUIRE(first != std::string::npos);
    CHECK(said.find("error[", first + 1) == std::string::npos);
    CHECK(said.find("note: a -> b -> c -> a\n") != std::string::npos);
  }
}

}  // namespace cfgtool::test
