// What `cfgtool diff` says of two compositions of small configurations, of two runs and of two revisions.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/json_lines.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

const std::string kTree = EXPLAIN_TESTS "/tree";

Words joined(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Of tree/: `cfgtool diff -cp tree -cn config WORDS`.
Outcome diff(const Words& words) {
  return run_program_in(EXPLAIN_TESTS, EXPLAIN_CFGTOOL, joined({"diff", "-cp", "tree", "-cn", "config"}, words));
}

/// A folder with a configuration, under git if that is there.
class Project {
 public:
  Project() {
    write("conf/config.yaml", "defaults:\n  - db: mysql\n  - _self_\nname: ${db.user}-x\nall: ${db}\nsteps: 3\n");
    write("conf/db/mysql.yaml", "user: root\n");
    fs::create_directory(path() / "tmp");
  }
  fs::path path() const { return scratch_.path(); }
  void write(const std::string& name, const std::string& content) const { write_file(path() / name, content); }

  Outcome cfgtool(const Words& words) const {
    return run_program_in(path(), EXPLAIN_CFGTOOL, words, {{"TMPDIR", (path() / "tmp").string()}});
  }
  Outcome revisions(const std::string& revisions, const Words& words = {}) const {
    return cfgtool(joined({"diff", "-cp", "conf", "-cn", "config", "--revisions", revisions}, words));
  }
  bool git(const Words& words) const {
    return run_program_in(path(), "git", joined({"-c", "user.name=a", "-c", "user.email=a@b"}, words)).exit_code == 0;
  }
  void commit(const std::string& tag) const {
    REQUIRE(git({"add", "conf"}));
    REQUIRE(git({"commit", "-q", "-m", "a commit"}));
    REQUIRE(git({"tag", tag}));
  }
  /// Nothing that was written out for a while is left.
  bool is_clean() const { return fs::is_empty(path() / "tmp"); }

 private:
  ScratchFolder scratch_;
};

}  // namespace

TEST_CASE("only what differs, with its cause on both sides, in the order of the tree") {
  const Outcome outcome = diff({"--", "--", "db=postgres", "optim.lr=0.5"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.empty());
  CHECK(outcome.output ==
        "db.user: 'root' -> 'postgres'\n  - " + kTree + "/db/mysql.yaml:1:7, chosen by " + kTree +
            "/config.yaml:2:5\n  + " + kTree +
            "/db/postgres.yaml:1:7, chosen by override 1:1\ndb.port: 3306 -> absent\n  - " + kTree +
            "/db/mysql.yaml:2:7, chosen by " + kTree +
            "/config.yaml:2:5\n  + override 1:1: db=postgres\ndb.schema: absent -> 'public'\n  - " + kTree +
            "/config.yaml:2:5\n  + " + kTree +
            "/db/postgres.yaml:2:9, chosen by override 1:1\noptim.lr: 0.01 -> 0.5\n  - " + kTree +
            "/config.yaml:10:7\n  + override 2:10: optim.lr=0.5\nname: 'run-root' -> 'run-postgres'\n  - " + kTree +
            "/config.yaml:6:7, run-${db.user} reads db.user at " + kTree + "/db/mysql.yaml:1:7\n  + " + kTree +
            "/config.yaml:6:7, run-${db.user} reads db.user at " + kTree + "/db/postgres.yaml:1:7\n");
}

TEST_CASE("the same on both sides is no difference, what is common counts for both") {
  const Outcome same = diff({"steps=7", "--", "--", "+steps=7"});
  CHECK(same.exit_code == 2);  // `+` may not change what is there: refused, on one side
  CHECK(same.complains("note: this is about the side '+steps=7'"));
  const Outcome empty = diff({"--", "steps=7", "--", "steps=7"});
  CHECK(empty.exit_code == 0);
  CHECK(empty.output.empty());
  const Json line = only_line(diff({"steps=7", "--json", "--", "--", "optim.lr=1.0"}));
  CHECK(line.at("key") == "optim.lr");
  CHECK(line.at("right").at("set_by").at("index") == 2);
}

TEST_CASE("a value is its type as well, an absent one is null, a container is a value beside a scalar") {
  CHECK(only_line(diff({"--json", "--", "steps=7", "--", "steps=7.0"})).at("right").at("value") == 7.0);
  const Json added = only_line(diff({"--json", "--", "--", "+more=null"}));
  CHECK(added.at("left").is_null());
  CHECK(added.at("right").at("value").is_null());
  const Json replaced = only_line(diff({"--json", "--", "--", "sizes=3"}));
  CHECK(replaced.at("key") == "sizes");
  CHECK(replaced.at("left").at("value") == Json{1, 2});
  CHECK(replaced.at("right").at("value") == 3);
  CHECK(only_line(diff({"--json", "--", "--", "sizes=[1,2,{}]"})).at("key") == "sizes.2");
}

TEST_CASE("an interpolation is shown where it is written, with what it reads and where its value stands") {
  const Project project;
  const Outcome outcome = project.cfgtool({"diff", "-cp", "conf", "-cn", "config", "--json", "--", "--", "db.user=me"});
  const std::vector<Json> found = lines(outcome);
  REQUIRE(found.size() == 3);
  CHECK(found[1].at("key") == "name");
  CHECK(found[1].at("right").at("value") == "me-x");
  CHECK(found[1].at("right").at("written") == "${db.user}-x");
  CHECK(found[1].at("right").at("set_by").at("line") == 4);
  CHECK(found[1].at("right").at("reads")[0].at("set_by").at("kind") == "override");
  CHECK(!found[1].at("right").contains("from"));
  CHECK(found[2].at("key") == "all.user");
  CHECK(found[2].at("right").at("through") == "all");
  CHECK(found[2].at("right").at("set_by").at("line") == 5);
  CHECK(found[2].at("right").at("from") == Json{{"kind", "override"}, {"line", 1}, {"column", 9}, {"index", 1}});
  CHECK(found[2].at("left").at("from").at("file").get<std::string>().ends_with("/conf/db/mysql.yaml"));
  CHECK(only_line(project.cfgtool(
                      {"diff", "-cp", "conf", "-cn", "config", "--json", "--no-resolve", "--", "--", "db.user=me"}))
            .at("key") == "db.user");
}

TEST_CASE("sides may name other configs and folders") {
  const Project project;
  project.write("conf/other.yaml", "steps: 4\n");
  project.write("conf2/config.yaml", "steps: 5\n");
  CHECK(project.cfgtool({"diff", "-cp", "conf", "--no-resolve", "--", "-cn", "config", "--", "-cn=other"})
            .prints("steps: 3 -> 4\n"));
  CHECK(
      project.cfgtool({"diff", "-cn", "config", "--", "-cp", "conf", "--", "-cp", "conf2"}).prints("steps: 3 -> 5\n"));
}

TEST_CASE("a short summary by cause") {
  const Outcome outcome = diff({"--stat", "--", "--", "db=postgres", "optim.lr=0.5"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output ==
        "    3  " + kTree +
            "/db/postgres.yaml (2 changed, 1 added, 0 removed)\n"
            "    1  override db=postgres (0 changed, 0 added, 1 removed)\n    1  override optim.lr=0.5 (1 "
            "changed, 0 added, 0 removed)\n5 values differ: 3 changed, 1 added, 1 removed\n");
  const Json json = only_line(diff({"--stat", "--json", "--", "--", "steps=1"}));
  CHECK(json == Json::parse(R"({"changed": 1, "added": 0, "removed": 0, "causes":
    [{"source": "override steps=1", "changed": 1, "added": 0, "removed": 0}]})"));
}

TEST_CASE("the values of two runs are those that their folders hold") {
  const Project project;
  const auto run = [&](const std::string& dir, const std::string& steps,
                       const std::map<std::string, std::string>& environment = {}) {
    REQUIRE(run_program_in(project.path(), EXPLAIN_CFGTOOL,
                           {"run", "-q", "-cp", "conf", "-cn", "config", "hydra.run.dir=" + dir, "steps=" + steps,
                            "+who=${oc.env:WHO,nobody}", "--", "true"},
                           environment)
                .exit_code == 0);
  };
  run("one", "1");
  run("two", "2");
  const Outcome outcome = project.cfgtool({"diff", "one", "two"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output == "steps: 1 -> 2\n  - override 2:7: steps=1\n  + override 2:7: steps=2\n");
  CHECK(outcome.errors.empty());

  // What the files say now is not what was compared.
  project.write("conf/db/mysql.yaml", "user: admin\n");
  run("three", "2");
  const Outcome later = project.cfgtool({"diff", "two/.hydra", "three"});
  CHECK(later.exit_code == 1);
  CHECK(later.prints("db.user: 'root' -> 'admin'\n  - "));
  CHECK(later.prints("two/.hydra/resolved.yaml:"));
  CHECK(later.prints("/conf/db/mysql.yaml as it was then\n  + "));
  CHECK(later.complains("warning[run-files-changed]: the values of 'two/.hydra' are those of the run"));
  CHECK(later.complains("conf/db/mysql.yaml:1:1: changed since the run"));
  CHECK(lines(project.cfgtool({"diff", "two", "three", "--json"}))[0].at("left").contains("changed_file"));

  // Nor what the environment is now.
  run("four", "2", {{"WHO", "me"}});
  CHECK(project.cfgtool({"diff", "three", "four"}).prints("who: 'nobody' -> 'me'\n"));
  CHECK(project.cfgtool({"diff", "three", "four", "--no-resolve"}).exit_code == 0);

  // A run whose configs are gone can still be compared.
  fs::remove_all(project.path() / "conf");
  const Outcome gone = project.cfgtool({"diff", "one", "four"});
  CHECK(gone.exit_code == 1);
  CHECK(gone.prints("steps: 1 -> 2\n"));
  CHECK(gone.complains("composed again: "));
  CHECK(project.cfgtool({"diff", "one", "nosuch"}).exit_code == 2);
}

TEST_CASE("what one side lacks has the cause of that") {
  CHECK(diff({"--", "--", "~optim.lr"})
            .prints("optim.lr: 0.01 -> absent\n  - " + kTree + "/config.yaml:10:7\n  + override 1:2: ~optim.lr\n"));
  const Outcome shorter = diff({"--", "--", "sizes=[7]"});
  CHECK(shorter.prints("sizes.1: 2 -> absent\n"));
  CHECK(shorter.prints("  + override 1:7: sizes=[7]\n"));
  CHECK(
      diff({"--stat", "--", "--", "~optim.lr"}).prints("    1  override ~optim.lr (0 changed, 0 added, 1 removed)\n"));
  const Json line = only_line(diff({"--json", "--", "--", "~optim.lr"}));
  CHECK(line.at("absent_by").at("index") == 1);
  CHECK(line.at("absent_by").at("column") == 2);
}

TEST_CASE("both sides' errors are shown, and what is said of a change is its cause") {
  const Outcome both = diff({"--", "stps=1", "--", "nam=2"});
  CHECK(both.exit_code == 2);
  CHECK(both.complains("did you mean 'steps'?"));
  CHECK(both.complains("did you mean 'name'?"));
  CHECK(both.complains("note: this is about the side 'nam=2'"));
  // The file that has the interpolation did not change.
  CHECK(diff({"--stat", "--", "--", "db.user=me"}).prints("    2  override db.user=me (2 changed, 0 added"));
  const Outcome open = diff({"--", "+a=${nowhere}", "--"});
  CHECK(open.exit_code == 2);
  CHECK(open.complains("--no-resolve compares interpolations as they are written"));
}

TEST_CASE("two revisions of the folder with the configs, and one against the working tree" * doctest::skip()) {
  const Project project;
  if (!project.git({"init", "-q"})) {
    MESSAGE("SKIPPED: there is no git, so that no revisions were compared");
    return;
  }
  project.commit("one");
  project.write("conf/db/mysql.yaml", "# more\nuser: admin\n");
  project.commit("two");
  const Json changed = lines(project.revisions("one..two", {"--json"})).at(0);
  CHECK(changed.at("key") == "db.user");
  CHECK(changed.at("left").at("value") == "root");
  CHECK(changed.at("left").at("set_by").at("file") == "one:conf/db/mysql.yaml");
  CHECK(changed.at("right").at("set_by").at("file") == "two:conf/db/mysql.yaml");
  CHECK(changed.at("right").at("set_by").at("line") == 2);
  CHECK(project.revisions("one..").prints("  - one:conf/db/mysql.yaml:1:7\n  + HEAD:conf/db/mysql.yaml:2:7\n"));
  CHECK(project.revisions("two").exit_code == 0);
  project.write("conf/config.yaml", "db: {user: me}\n");
  const Outcome working = project.revisions("two", {"db.user=you"});
  CHECK(working.exit_code == 1);
  CHECK(
      working.prints("name: 'you-x' -> absent\n  - two:conf/config.yaml:4:7, ${db.user}-x reads db.user at override"));
  project.write("conf/config.yaml", "defaults:\n  - nosuch\n");
  project.commit("broken");
  const Outcome broken = project.revisions("two..broken");
  CHECK(broken.exit_code == 2);
  CHECK(broken.complains("--> broken:conf/config.yaml:2:5"));
  CHECK(broken.complains("note: this is about the revision broken"));
  CHECK(!broken.complains("/tmp/cfgtool-"));
  // The folder may be gone now, and what git keeps for the user is as it was.
  fs::remove_all(project.path() / "conf");
  CHECK(project.revisions("one..two").exit_code == 1);
  CHECK(project.git({"diff", "--cached", "--quiet"}));
  // As a hook of git is run.
  CHECK(run_program_in(project.path(), EXPLAIN_CFGTOOL,
                       {"diff", "-cp", "conf", "-cn", "config", "--revisions", "one..two"},
                       {{"GIT_DIR", "/nosuch"}, {"GIT_INDEX_FILE", "/nosuch/index"}})
            .exit_code == 1);
  CHECK(project.is_clean());
}

TEST_CASE("revisions that cannot be had" * doctest::skip()) {
  const Project project;
  if (!project.git({"--version"})) {
    MESSAGE("SKIPPED: there is no git, so that no revisions were asked for");
    return;
  }
  const Outcome no_repository = project.revisions("HEAD");
  CHECK(no_repository.exit_code == 2);
  CHECK(no_repository.complains("error[git-repository]: '" + (project.path() / "conf").string() +
                                "' is in no work tree of git"));
  REQUIRE(project.git({"init", "-q"}));
  project.commit("one");
  CHECK(project.revisions("nosuch").complains("error[git-revision]: git knows no revision 'nosuch' in '"));
  CHECK(project.revisions("one..--all").complains("error[git-revision]: git knows no revision '--all' in '"));
  CHECK(project.revisions("one...one").complains("error[flag-usage]"));
  const Outcome no_folder = project.cfgtool({"diff", "-cp", "later", "--revisions", "one"});
  CHECK(no_folder.complains("error[git-revision]: the revision 'one' has no folder 'later'"));
  CHECK(run_program_in(project.path(), EXPLAIN_CFGTOOL, {"diff", "-cp", "conf", "-cn", "config", "--revisions", "one"},
                       {{"PATH", (project.path() / "tmp").string()}})
            .complains("error[git-missing]: --revisions needs git, which is not on PATH"));
  CHECK(project.is_clean());
}

TEST_CASE("a signal while revisions are compared leaves no folder behind" * doctest::skip()) {
  const Project project;
  if (!project.git({"init", "-q"})) {
    MESSAGE("SKIPPED: there is no git, so that no revisions were compared");
    return;
  }
  project.commit("one");
  // A git in front of the other that sends the signal as a terminal does, or to us alone, when the folder is there.
  const fs::path bin = project.path() / "bin";
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  const auto with_git_that = [&](const std::string& sends) {
    project.write("bin/git", "#!/bin/sh\nls \"$TMPDIR\" >> seen\n" + sends + "\nPATH='" + path + "' exec git \"$@\"\n");
    fs::permissions(bin / "git", fs::perms::owner_all);
    fs::remove(project.path() / "seen");
    return run_program_in(project.path(), EXPLAIN_CFGTOOL,
                          {"diff", "-cp", "conf", "-cn", "config", "--revisions", "one"},
                          {{"TMPDIR", (project.path() / "tmp").string()}, {"PATH", bin.string() + ":" + path}});
  };
  for (const std::string sends : {"kill -TERM $PPID", "kill -TERM $PPID; kill -TERM $$", "kill -HUP $PPID",
                                  "kill -INT $PPID; kill -INT $$", "kill -INT $PPID"}) {
    CAPTURE(sends);
    const Outcome outcome = with_git_that(sends);
    CHECK(outcome.output.empty());
    CHECK(read_file(project.path() / "seen").starts_with("cfgtool-"));
    CHECK(project.is_clean());
    // SIGINT and SIGHUP may be ignored where the test was started: then git's end is all that there is.
    if (sends.starts_with("kill -TERM")) CHECK(outcome.exit_code == -1);
  }
}

TEST_CASE("wrong usage") {
  for (const Words& words : {Words{}, Words{"--", "steps=1"}, Words{"steps=1", "steps=2"}, Words{"a", "b"},
                             Words{"--", "--", "--"}, Words{"--revisions", "HEAD", "--", "--"}}) {
    const Outcome outcome = diff(words);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.complains("error[flag-usage]"));
  }
  CHECK(diff({"--", "--json", "--"}).complains("error[unknown-flag]: unrecognized argument: --json"));
  const Outcome fails = diff({"--", "--", "+broken=${absent}"});
  CHECK(fails.exit_code == 2);
  CHECK(fails.complains("Interpolation key 'absent' not found"));
}

}  // namespace cfgtool::test
