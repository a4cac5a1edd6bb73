// What `cfgtool explain` says of the small configuration in tree/.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/json_lines.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;

const std::string kTree = EXPLAIN_TESTS "/tree";

Outcome explain(std::vector<std::string> words, const std::map<std::string, std::string>& variables = {}) {
  words.insert(words.begin(), {"explain", "-cp", "tree", "-cn", "config"});
  return run_program_in(EXPLAIN_TESTS, EXPLAIN_CFGTOOL, words, variables);
}

bool is_at(const Json& cause, const std::string& file, int line, int column) {
  return cause.at("kind") == "file" && cause.at("file").get<std::string>().ends_with(file) &&
         cause.at("file").get<std::string>().starts_with("/") && cause.at("line") == line &&
         cause.at("column") == column;
}

}  // namespace

TEST_CASE("every place that set a value is told, oldest first") {
  const Json line = only_line(explain({"optim.lr", "steps=7", "optim.lr=0.5", "--json"}));
  CHECK(line.at("key") == "optim.lr");
  CHECK(line.at("value") == 0.5);
  CHECK(line.at("set_by") == Json{{"kind", "override"}, {"line", 1}, {"column", 10}, {"index", 2}});
  REQUIRE(line.at("history").size() == 2);
  CHECK(is_at(line.at("history")[0], "/tree/optim/adam.yaml", 1, 5));
  CHECK(line.at("history")[0].at("package") == "optim");
  CHECK(is_at(line.at("history")[0].at("chosen_by"), "/tree/config.yaml", 3, 5));
  CHECK(is_at(line.at("history")[1], "/tree/config.yaml", 10, 7));
  CHECK(line.at("history")[1].at("chosen_by").at("name") == "--config-name");
}

TEST_CASE("the text shows the lines themselves") {
  const Outcome outcome = explain({"optim.lr", "optim.lr=0.5"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("optim.lr = 0.5\n  set by  override 1:10\n          | optim.lr=0.5\n  before  " + kTree +
                       "/config.yaml:10:7 (package _global_)\n          | lr: 0.01\n"));
  CHECK(outcome.prints("chosen by " + kTree + "/config.yaml:3:5\n          | - optim: adam"));
}

TEST_CASE("interpolations are followed to what they read") {
  const Json line = only_line(explain({"name", "--json", "db=postgres"}));
  CHECK(line.at("value") == "run-postgres");
  CHECK(line.at("written") == "run-${db.user}");
  CHECK(is_at(line.at("set_by"), "/tree/config.yaml", 6, 7));
  REQUIRE(line.at("reads").size() == 1);
  CHECK(line.at("reads")[0].at("name") == "db.user");
  CHECK(is_at(line.at("reads")[0].at("set_by"), "/tree/db/postgres.yaml", 1, 7));
  CHECK(line.at("reads")[0].at("set_by").at("chosen_by").at("kind") == "override");
}

TEST_CASE("oc.select reads a key") {
  const Json line = only_line(explain({"+port=${oc.select:db.port,1}", "port", "--json"}));
  CHECK(line.at("value") == 3306);
  REQUIRE(line.at("reads").size() == 1);
  CHECK(line.at("reads")[0].at("name") == "db.port");
  CHECK(is_at(line.at("reads")[0].at("set_by"), "/tree/db/mysql.yaml", 2, 7));
}

TEST_CASE("a variable of the environment is named, set or not") {
  const Json unset = only_line(explain({"home", "--json"}));
  CHECK(unset.at("value") == "none");
  CHECK(unset.at("reads")[0] == Json{{"kind", "environment"}, {"name", "PROVENANCE_HOME"}, {"found", false}});
  const Outcome set = explain({"home"}, {{"PROVENANCE_HOME", "/home/me"}});
  CHECK(set.prints("home = '/home/me'   (written ${oc.env:PROVENANCE_HOME,none})"));
  CHECK(set.prints("reads   environment variable PROVENANCE_HOME = /home/me"));
}

TEST_CASE("a key with others below it stands for all of those, --all for all of the configuration") {
  CHECK(lines(explain({"db", "sizes", "--json"})).size() == 4);
  const Outcome all = explain({"--all", "--json"});
  std::vector<std::string> keys;
  for (const Json& line : lines(all))
    keys.push_back(line.at("key"));
  CHECK(keys == std::vector<std::string>{"db.user", "db.port", "optim.lr", "optim.betas.first", "name", "home", "steps",
                                         "sizes.0", "sizes.1"});
}

TEST_CASE("what Hydra and cfgtool set is told as such") {
  CHECK(only_line(explain({"hydra.job.name", "--json"})).at("set_by").at("kind") == "builtin");
  CHECK(explain({"hydra.job.name"}).prints("set by  cfgtool itself"));
}

TEST_CASE("a key that is not there: the nearest, and the configs that would bring it") {
  const Outcome outcome = explain({"db.schema"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK(outcome.complains("error[key-absent]: The configuration has no key 'db.schema'"));
  CHECK(outcome.complains("note: db=postgres would define it: " + kTree + "/db/postgres.yaml:2:9"));
  CHECK(outcome.complains("note: +db.schema=VALUE would add it"));
  CHECK(explain({"db.port", "~db"}).complains("note: override 1 deletes it: ~db"));
  CHECK(explain({"optm.lr"}).complains("did you mean 'optim.lr'?"));
}

TEST_CASE("an interpolation that fails does not hide the other values") {
  const Outcome outcome = explain({"+broken=${absent}", "broken", "steps"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("broken = cannot be told   (written ${absent})"));
  CHECK(outcome.prints("steps = 100"));
  CHECK(outcome.complains("Interpolation key 'absent' not found"));
}

TEST_CASE("a container that an interpolation brings is evaluated in itself, as resolve does it") {
  const std::vector<std::string> words{"+extra={a: {b: '${db.user}', c: ['${steps}', '${.0}']}}", "+other=${extra.a}",
                                       "+third=${other}"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), words.begin(), words.end());
    return more;
  };
  const Json value{{"b", "root"}, {"c", {100, 100}}};
  for (const std::string key : {"other", "third"}) {
    const Json line = only_line(explain(with({key, "--json"})));
    CHECK(line.at("value") == value);
    CHECK(line.at("written") == (key == "other" ? "${extra.a}" : "${other}"));
  }
  CHECK(explain(with({"other"})).prints("other = {'b': 'root', 'c': [100, 100]}   (written ${extra.a})"));
  CHECK(explain(with({"other"})).prints("reads   extra.a = {'b': 'root', 'c': [100, 100]}, set by override 1:12"));
  const Outcome resolved = run_program_in(EXPLAIN_TESTS, EXPLAIN_CFGTOOL, [&] {
    std::vector<std::string> all{"resolve", "-cp", "tree", "-cn", "config", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }());
  CHECK(Json::parse(resolved.output).at("third") == value);
  for (const Json& line : lines(explain(with({"--all", "--json"})))) {
    if (line.at("key") == "third") CHECK(line.at("value") == value);
  }
  // As resolve prints it, and no error.
  const Outcome missing = explain({"+m=???", "+n=${m}", "n", "--json"});
  CHECK(missing.exit_code == 0);
  CHECK(only_line(missing).at("value") == "???");
}

TEST_CASE("what cannot be evaluated within a container is reported") {
  const Outcome outcome = explain({"+x={y: '${absent}'}", "+z=${x}", "z"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("z = cannot be told   (written ${x})"));
  CHECK(outcome.prints("reads   x, set by override 1:4"));
  CHECK(outcome.complains("Interpolation key 'absent' not found"));
  CHECK(explain({"+x={y: '${z}'}", "+z=${x}", "z"}).exit_code == 1);
}

TEST_CASE("a key that leads through an interpolation") {
  const Json line = only_line(explain({"+same=${db}", "same.port", "--json"}));
  CHECK(line.at("key") == "same.port");
  CHECK(line.at("value") == 3306);
  CHECK(line.at("through") == "same");
  CHECK(line.at("written") == "${db}");
  CHECK(line.at("set_by").at("kind") == "override");
  CHECK(line.at("reads")[0].at("name") == "db.port");
  CHECK(is_at(line.at("reads")[0].at("set_by"), "/tree/db/mysql.yaml", 2, 7));
  CHECK(explain({"+same=${db}", "same.port"}).prints("same.port = 3306   (same is written ${db})"));
  CHECK(explain({"+made='${oc.create:{a: 1}}'", "made.a"}).prints("made.a = 1"));
  const Outcome absent = explain({"+same=${db}", "same.prot"});
  CHECK(absent.exit_code == 1);
  CHECK(absent.complains("The configuration has no key 'same.prot'"));
  CHECK(absent.complains("note: 'same' is ${db}: override 1:7"));
  CHECK(!absent.complains("would add it"));
}

TEST_CASE("a key of an interpolation that is made of others is followed") {
  const Json line = only_line(explain({"+which=user", "+k='${db.${which}}'", "k", "--json"}));
  REQUIRE(line.at("reads").size() == 2);
  CHECK(line.at("reads")[0].at("name") == "which");
  CHECK(line.at("reads")[1].at("name") == "db.user");
  const Json variable =
      only_line(explain({"+variable=PROVENANCE_HOME", "+k='${oc.env:${variable},none}'", "k", "--json"}));
  CHECK(variable.at("reads")[1] == Json{{"kind", "environment"}, {"name", "PROVENANCE_HOME"}, {"found", false}});
  const Json select = only_line(explain({"+which=port", "+k='${oc.select:db.${which}}'", "k", "--json"}));
  CHECK(select.at("value") == 3306);
  CHECK(is_at(select.at("reads")[1].at("set_by"), "/tree/db/mysql.yaml", 2, 7));
}

TEST_CASE("what was deleted and is added again keeps what came before, with the deletion between") {
  const Json line = only_line(explain({"~optim.lr", "+optim.lr=7", "optim.lr", "--json"}));
  CHECK(line.at("value") == 7);
  CHECK(line.at("set_by").at("index") == 2);
  REQUIRE(line.at("history").size() == 3);
  CHECK(is_at(line.at("history")[0], "/tree/optim/adam.yaml", 1, 5));
  CHECK(is_at(line.at("history")[1], "/tree/config.yaml", 10, 7));
  CHECK(line.at("history")[2] ==
        Json{{"kind", "override"}, {"line", 1}, {"column", 2}, {"index", 1}, {"deleted", true}});
  // A mapping that was deleted whole.
  for (const std::string again : {"+more.a.b=2", "+more.a={b: 2}", "+more={a: {b: 2}}", "++more.a.b=2"}) {
    const Json below = only_line(explain({"+more={a: {b: 1}}", "~more", again, "more.a.b", "--json"}));
    CAPTURE(again);
    CHECK(below.at("set_by").at("index") == 3);
    REQUIRE(below.at("history").size() == 2);
    CHECK(below.at("history")[0].at("index") == 1);
    CHECK(below.at("history")[0].at("column") == 15);
    CHECK(below.at("history")[1].at("index") == 2);
  }
  CHECK(only_line(explain({"~optim.lr", "+optim.rate=7", "optim.rate", "--json"})).at("history").empty());
}

TEST_CASE("the items of a list come in the place of the earlier list") {
  const Json line = only_line(explain({"sizes=[5]", "sizes", "--json"}));
  CHECK(line.at("key") == "sizes.0");
  REQUIRE(line.at("history").size() == 1);
  CHECK(line.at("history")[0].at("file").get<std::string>().ends_with("/tree/config.yaml"));
  CHECK(only_line(explain({"sizes.0", "--json"})).at("history").empty());
}

TEST_CASE("an alias is found beside what looks like one") {
  const ScratchFolder folder;
  write_file(
      folder.path() / "conf/config.yaml",
      "s: &s 1\nd: &d {x: 2}\nz: &z {x: 3}\nl: [\"*x\", *s, *s]\nh:\n  - 2 * 3\n  - *d\nj:\n  z: 1 # uses <<: *nope\n"
      "  <<: *d\nm:\n  inner:\n    <<: *z\n  <<: *d\n");
  const auto via = [&](const std::string& key) {
    return only_line(run_program_in(folder.path(), EXPLAIN_CFGTOOL,
                                    {"explain", "-cp", "conf", "-cn", "config", key, "--json"}))
        .at("set_by")
        .at("via");
  };
  CHECK(is_at(via("l.1"), "/conf/config.yaml", 4, 11));
  CHECK(is_at(via("l.2"), "/conf/config.yaml", 4, 15));
  CHECK(is_at(via("h.1.x"), "/conf/config.yaml", 7, 5));
  CHECK(is_at(via("j.x"), "/conf/config.yaml", 10, 7));
  CHECK(is_at(via("m.x"), "/conf/config.yaml", 14, 7));
  CHECK(is_at(via("m.inner.x"), "/conf/config.yaml", 13, 9));
}

TEST_CASE("copies of copies are told once") {
  const ScratchFolder folder;
  std::string first = "b0: {x: 1}\n", second = "defaults: [first, _self_]\n";
  for (int i = 1; i < 24; ++i) {
    first += fmt::format("b{}: ${{b{}}}\n", i, i - 1);
    second += fmt::format("b{}: {{y: {}, x: {}}}\n", i, i, i);
  }
  write_file(folder.path() / "conf/first.yaml", first);
  write_file(folder.path() / "conf/config.yaml", second);
  CHECK(run_program_in(folder.path(), EXPLAIN_CFGTOOL, {"explain", "-cp", "conf", "-cn", "config", "--all", "--json"})
            .exit_code == 0);
}

TEST_CASE("a key that is not there does not hide the others") {
  const Outcome outcome = explain({"size", "optim.lr", "nme"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("optim.lr = 0.01\n"));
  CHECK(outcome.complains("did you mean 'sizes'?"));
  CHECK(outcome.complains("did you mean 'name'?"));
}

TEST_CASE("what doubles at each step is not told to its end") {
  const ScratchFolder folder;
  std::string text = "a0: 1\n";
  for (int i = 1; i <= 14; ++i)
    text += fmt::format("a{0}: ${{a{1}}}${{a{1}}}${{a{1}}}\n", i, i - 1);
  write_file(folder.path() / "conf/config.yaml", text);
  const Outcome outcome =
      run_program_in(folder.path(), EXPLAIN_CFGTOOL, {"explain", "-cp", "conf", "-cn", "config", "a9", "--json"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.size() < 1000000);
}

TEST_CASE("what an alias or << brings names the anchor's value and the alias") {
  const ScratchFolder folder;
  write_file(folder.path() / "conf/config.yaml",
             "base: &base\n  lr: 0.1\n  mom: 0.9\nlist: [&item 7, 8]\nderived:\n  <<: *base\n  mom: 0.8\nalias: *base\n"
             "one: *item\nflow: {a: 1, b: *item}\nagain: [9, *item]\n");
  const auto told = [&](const std::string& key) {
    return only_line(run_program_in(folder.path(), EXPLAIN_CFGTOOL,
                                    {"explain", "-cp", "conf", "-cn", "config", key, "--json"}))
        .at("set_by");
  };
  CHECK(is_at(told("derived.lr"), "/conf/config.yaml", 2, 7));
  CHECK(is_at(told("derived.lr").at("via"), "/conf/config.yaml", 6, 7));
  CHECK(is_at(told("alias.mom"), "/conf/config.yaml", 3, 8));
  CHECK(is_at(told("alias.mom").at("via"), "/conf/config.yaml", 8, 8));
  CHECK(is_at(told("one"), "/conf/config.yaml", 4, 14));
  CHECK(is_at(told("one").at("via"), "/conf/config.yaml", 9, 6));
  CHECK(is_at(told("flow.b").at("via"), "/conf/config.yaml", 10, 17));
  CHECK(is_at(told("again.1").at("via"), "/conf/config.yaml", 11, 12));
  for (const std::string key : {"again.0", "base.lr", "derived.mom", "list.0", "list.1", "flow.a"})
    CHECK(!told(key).contains("via"));
  CHECK(run_program_in(folder.path(), EXPLAIN_CFGTOOL, {"explain", "-cp", "conf", "-cn", "config", "alias.lr"})
            .prints("          via " + (folder.path() / "conf/config.yaml").string() +
                    ":8:8\n          | alias: *base\n"));
}

TEST_CASE("keys with dots, and keys that go beyond what there is") {
  CHECK(explain({"+m={a.b: {c: 1}}", "m.a.b.c"}).prints("m.a.b.c = 1"));
  const Outcome beyond = explain({"sizes.7"});
  CHECK(beyond.complains("note: 'sizes' is a list of 2, counted from 0"));
  CHECK(!beyond.complains("would add it"));
  const Outcome null = explain({"+top={x: 1}", "top=null", "top.x"});
  CHECK(null.complains("note: 'top' is None: override 2:5"));
  CHECK(!explain({"optim..lr"}).complains("would add it"));
}

TEST_CASE("a group that is no key is named with its choice, a key elsewhere with its whole path") {
  const ScratchFolder folder;
  write_file(folder.path() / "conf/config.yaml", "defaults: [{exp: one}]\n");
  write_file(folder.path() / "conf/exp/one.yaml", "# @package _global_\noptim: {lr: 1}\n");
  const auto complaint = [&](const std::string& key) {
    return run_program_in(folder.path(), EXPLAIN_CFGTOOL, {"explain", "-cp", "conf", "-cn", "config", key}).errors;
  };
  const std::string place = (folder.path() / "conf/config.yaml").string() + ":1:13";
  CHECK(complaint("exp").find("note: it is a group, of which one is chosen: " + place) != std::string::npos);
  CHECK(complaint("lr").find("note: there is 'optim.lr'") != std::string::npos);
}

TEST_CASE("an error shows a mapping at a key of its own, not at a config in a package below it") {
  const ScratchFolder folder;
  const std::string conf = (folder.path() / "conf").string();
  write_file(conf + "/config.yaml",
             "defaults:\n  - optim@trainer.inner.optim: adam\n  - model\n  - _self_\nmore: ${net.nothing}\n");
  write_file(conf + "/model.yaml", "# @package net\ndefaults:\n  - /optim@optim: adam\n  - _self_\nsize: 1\n");
  write_file(conf + "/optim/adam.yaml", "lr: 0.1\n");
  const auto complaint = [&](const std::string& word) {
    return run_program(EXPLAIN_CFGTOOL, {"resolve", "-cp", conf, "-cn", "config", word}).errors;
  };
  const auto has = [](const std::string& text, const std::string& words) {
    CAPTURE(text);
    CHECK(text.find(words) != std::string::npos);
  };
  has(complaint("net.sice=2"), "::: " + conf + "/model.yaml:5:1: 'net' is defined here");
  has(complaint("net=[2]"), "::: " + conf + "/model.yaml:5:1: 'net' is defined here");
  has(complaint("+other=1"), "::: " + conf + "/model.yaml:5:1: 'net' has no 'nothing'");
  has(complaint("net.optim.rl=2"), "::: " + conf + "/optim/adam.yaml:1:1: 'net.optim' is defined here");
  // Only packages made it: there is no place that would be true.
  CHECK(complaint("trainer.lr=2").find("adam.yaml") == std::string::npos);
  has(complaint("trainer=[2]"), "/optim/adam.yaml:1:1: the package of this config makes 'trainer'");
}

TEST_CASE("wrong usage") {
  CHECK(explain({}).exit_code == 2);
  CHECK(explain({"--all", "steps"}).exit_code == 2);
}

}  // namespace cfgtool::test
