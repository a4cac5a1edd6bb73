// `cfgtool run`, `rerun` and `verify`: any command in a run's folder, and what became of its inputs.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/cases/sha256.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

/// A folder with a small configuration in it.
class Project {
 public:
  Project() {
    write("conf/config.yaml",
          "defaults:\n  - db: sqlite\n  - _self_\nname: demo\nsteps: 3\nnested:\n  flag: true\n  items: [1, x]\n"
          "home: ${oc.env:PLACE,nowhere}\nboth: ${name}-${db.path}\nempty: null\nstamp: ${now:%Y-%m-%d %H:%M:%S}\n");
    write("conf/db/sqlite.yaml", "path: demo.db\ncache: 10\n");
    write("conf/db/postgres.yaml", "path: localhost\nport: 5432\n");
  }
  const fs::path& path() const { return scratch_.path(); }
  void write(const std::string& name, const std::string& content) const { write_file(path() / name, content); }

  Outcome cfgtool(const std::vector<std::string>& words,
                  const std::map<std::string, std::string>& variables = {}) const {
    return run_program_in(path(), RUN_CFGTOOL, words, variables);
  }
  /// `cfgtool run WORDS -- COMMAND`
  Outcome run(const std::vector<std::string>& words, const std::vector<std::string>& command,
              const std::map<std::string, std::string>& variables = {}) const {
    std::vector<std::string> all{"run", "-cp", "conf", "-cn", "config"};
    all.insert(all.end(), words.begin(), words.end());
    all.emplace_back("--");
    all.insert(all.end(), command.begin(), command.end());
    return cfgtool(all, variables);
  }
  /// Makes a run, and returns its folder.
  std::string made_run(const std::vector<std::string>& words = {}) const {
    const Outcome outcome = run(words, {"true"});
    CAPTURE(outcome.errors);
    REQUIRE(outcome.exit_code == 0);
    return runs_in(path()).back().string();
  }

 private:
  ScratchFolder scratch_;
};

}  // namespace

TEST_CASE("a command runs in its folder, with the configuration's values put in") {
  const Project project;
  const Outcome outcome = project.run({"db=postgres", "steps=7"}, {"sh",
                                                                   "-c",
                                                                   "pwd; printf '<%s>\\n' \"$@\"",
                                                                   "sh",
                                                                   "{config}",
                                                                   "{key:steps}",
                                                                   "{key:nested.flag}",
                                                                   "{key:nested.items}",
                                                                   "{key:nested.items.1}",
                                                                   "{key:both}",
                                                                   "{key:empty}",
                                                                   "{cwd}",
                                                                   "{dir}",
                                                                   "a{key:db.port}b",
                                                                   "{{config}}",
                                                                   "{other}",
                                                                   "{}",
                                                                   "${x}",
                                                                   "awk {print $1}",
                                                                   "{"});
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  REQUIRE(runs_in(project.path()).size() == 1);
  const std::string run = runs_in(project.path()).front();
  const std::string expected = run + "\n<" + run +
                               "/.hydra/resolved.yaml>\n<7>\n<true>\n<[1,\"x\"]>\n<x>\n<demo-localhost>\n<null>\n<" +
                               project.path().string() + ">\n<" + run +
                               ">\n<a5432b>\n<{config}>\n<{other}>\n<{}>\n<${x}>\n<awk {print $1}>\n<{>\n";
  CHECK(outcome.output == expected);
  CHECK(outcome.complains("cfgtool: running in " + run));
  // What is written is what `resolve` prints, but for the time.
  const Outcome resolved = project.cfgtool({"rerun", run});
  CHECK(read_file(fs::path(run) / ".hydra/resolved.yaml") == resolved.output);
  CHECK(read_file(fs::path(run) / ".hydra/overrides.yaml") == "- db=postgres\n- steps=7\n");
  CHECK(!fs::exists(fs::path(run) / ".hydra/resolved.json"));
}

TEST_CASE("the configuration as JSON, and in variables") {
  const Project project;
  const Outcome outcome = project.run(
      {"-q"},
      {"sh", "-c", "cat {config:json}; test \"$CFGTOOL_CONFIG\" = {config} && test \"$CFGTOOL_RUN_DIR\" = {dir}"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
  CHECK(nlohmann::json::parse(outcome.output)["nested"]["items"][1] == "x");
}

TEST_CASE("hydra.job settings of a command") {
  const Project project;
  CHECK(project.run({"hydra.job.chdir=false"}, {"pwd"}).output == project.path().string() + "\n");
  CHECK(project.run({"+hydra.job.env_set.LEVEL=${name}"}, {"sh", "-c", "echo $LEVEL"}).output == "demo\n");
  CHECK(project.run({"hydra.run.dir=here", "hydra.output_subdir=null"}, {"sh", "-c", "echo {config}; ls"}).output ==
        project.path().string() + "/here/resolved.yaml\nresolved.yaml\n");
}

TEST_CASE("a program next to the user, by its relative path") {
  const Project project;
  project.write("tool.sh", "#!/bin/sh\necho \"$0 in $(pwd)\"\n");
  fs::permissions(project.path() / "tool.sh", fs::perms::owner_all);
  const Outcome outcome = project.run({"hydra.run.dir=r"}, {"./tool.sh"});
  CHECK(outcome.prints(" in " + (project.path() / "r").string()));
}

TEST_CASE("exit codes and signals are the command's") {
  const Project project;
  CHECK(project.run({}, {"sh", "-c", "exit 7"}).exit_code == 7);
  CHECK(project.cfgtool({"run", "-cp", "conf", "-cn", "config"}).exit_code == 2);
  // 127 as shells say it, and no folder for what did not run.
  const std::string start = "'" RUN_CFGTOOL "' run -cp conf -cn config -- ";
  const Outcome missing = run_program_in(project.path(), "/bin/sh", {"-c", start + "no-such-program; echo $?"});
  CHECK(missing.output == "127\n");
  CHECK(missing.complains("error[command-not-started]: cannot run 'no-such-program': there is no such program"));
  const Outcome folder = run_program_in(project.path(), "/bin/sh", {"-c", start + "./conf; echo $?"});
  CHECK(folder.output == "126\n");
  CHECK(folder.complains("Is a directory"));
  CHECK(runs_in(project.path()).size() == 1);

  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
    CAPTURE(number);
    const fs::path ready = project.path() / "ready";
    fs::remove(ready);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (::chdir(project.path().c_str()) != 0) ::_exit(99);
      const std::string script =
          "trap 'exit 41' TERM INT HUP USR1; touch '" + ready.string() + "'; while true; do sleep 0.01; done";
      ::signal(SIGINT, SIG_DFL);
      ::execl(RUN_CFGTOOL, "cfgtool", "run", "-q", "-cp", "conf", "-cn", "config", "--", "sh", "-c", script.c_str(),
              nullptr);
      ::_exit(98);
    }
    for (int i = 0; i < 500 && !fs::exists(ready); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(fs::exists(ready));
    ::kill(child, number);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 41);
  }
}

TEST_CASE("what is wrong with a command leaves no folder") {
  const Project project;
  const Outcome key = project.run({}, {"echo", "{key:nested.flagg}"});
  CHECK(key.exit_code == 1);
  CHECK(key.complains("error[command-key]: {key:nested.flagg}: 'nested' has no key 'flagg'"));
  CHECK(key.complains("did you mean 'flag'?"));
  CHECK(project.run({"name=???"}, {"echo", "{key:name}"}).complains("the value is missing"));
  CHECK(project.run({"+x=${nokey}"}, {"echo"}).complains("Interpolation key 'nokey' not found"));
  CHECK(project.run({"hydra.mode=MULTIRUN"}, {"echo"}).exit_code == 2);
  CHECK(project.run({"steps=1,2"}, {"echo"}).exit_code == 1);
  CHECK(runs_in(project.path()).empty());
  CHECK(project.run({"+d={1: one}"}, {"echo", "{key:d.1}{key: name }"}).output == "onedemo\n");
  CHECK(project.run({}, {"echo", "{key:[}"}).complains("names no key"));
  CHECK(project.run({}, {"echo", "{confg}"}).complains("did you mean 'config'?"));
}

TEST_CASE("a run is composed again") {
  const Project project;
  const std::string run = project.made_run({"db=postgres", "+hydra.job.env_set.A=1", "steps=7"});
  const Outcome again = project.cfgtool({"rerun", run, "--no-resolve"});
  CHECK(again.output == read_file(fs::path(run) / ".hydra/config.yaml"));
  // From another folder, by the .hydra in it, with one more override.
  const Outcome elsewhere = run_program_in("/", RUN_CFGTOOL, {"rerun", run + "/.hydra", "steps=8", "--cfg", "job"});
  CHECK(elsewhere.prints("steps: 8\n"));
  CHECK(elsewhere.prints("port: 5432\n"));
  CHECK(project.cfgtool({"rerun", run, "--cfg", "hydra", "--package", "hydra.overrides"}).output ==
        "# @package hydra.overrides\nhydra:\n- +hydra.job.env_set.A=1\ntask:\n- db=postgres\n- steps=7\n");
  // The command of the run, and another one; both in folders of their own.
  CHECK(project.cfgtool({"rerun", run, "--run"}).exit_code == 0);
  CHECK(project.cfgtool({"rerun", run, "name=x", "--", "echo", "{key:name} {key:db.port}"}).output == "x 5432\n");
  CHECK(runs_in(project.path()).size() == 3);
  CHECK(project.cfgtool({"verify", runs_in(project.path()).back()}).exit_code == 0);

  // What Hydra itself left has no lock file.
  fs::remove(fs::path(run) / ".hydra/lock.json");
  CHECK(project.cfgtool({"rerun", run, "--no-resolve"}).output == read_file(fs::path(run) / ".hydra/config.yaml"));
  CHECK(project.cfgtool({"rerun", run, "--run"}).complains("no command is known"));
}

TEST_CASE("a run is never written over by one that repeats it") {
  const Project project;
  REQUIRE(project.run({"hydra.run.dir=fixed"}, {"true"}).exit_code == 0);
  const std::string before = read_file(project.path() / "fixed/.hydra/lock.json");
  CHECK(project.cfgtool({"rerun", "fixed", "steps=9", "--run"})
            .complains("running in " + project.path().string() + "/fixed-2"));
  CHECK(read_file(project.path() / "fixed/.hydra/lock.json") == before);
  // `run` uses a folder without a time in its name again, as Hydra does, and leaves nothing of the run before in it.
  REQUIRE(project.run({"hydra.run.dir=fixed"}, {"echo", "{config:json}"}).exit_code == 0);
  CHECK(fs::exists(project.path() / "fixed/.hydra/resolved.json"));
  REQUIRE(project.run({"hydra.run.dir=fixed"}, {"true"}).exit_code == 0);
  CHECK(!fs::exists(project.path() / "fixed/.hydra/resolved.json"));
}

TEST_CASE("flags of rerun and run hold or are refused") {
  const Project project;
  const std::string run = project.made_run();
  CHECK(project.cfgtool({"rerun", run, "--info", "defaults"}).prints("Defaults List"));
  CHECK(project.cfgtool({"rerun", run, "--hydra-help"}).prints("== Flags =="));
  CHECK(project.cfgtool({"rerun", run, "--job-name", "other", "--cfg", "hydra", "-p", "hydra.job.name"}).output ==
        "other\n");
  CHECK(project.cfgtool({"rerun", run, "--version-base", "1.1", "--cfg", "hydra", "-p", "hydra.runtime.version_base"})
            .output == "1.1\n");
  CHECK(project.cfgtool({"rerun", run, "+x=${f:1}", "--keep-unknown-resolvers", "-p", "x"}).output == "${f:1}\n");
  CHECK(project.cfgtool({"rerun", run, "--cfg", "job", "--", "true"}).exit_code == 2);
  CHECK(project.run({"--hydra-help"}, {"true"}).prints("== Flags =="));
  CHECK(project.run({"--package", "db"}, {"true"}).exit_code == 2);
  CHECK(project.run({"--resolve"}, {"true"}).exit_code == 2);
  for (const char* const command : {"run", "rerun", "verify", "completion"})
    CHECK(project.cfgtool({command, "--version"}).prints("cfgtool "));
  // A program that is typed now is found from here, not from where the run was.
  const ScratchFolder elsewhere;
  write_file(elsewhere.path() / "mine.sh", "echo mine\n");  // without a first line that names the shell
  fs::permissions(elsewhere.path() / "mine.sh", fs::perms::owner_all);
  CHECK(run_program_in(elsewhere.path(), RUN_CFGTOOL, {"rerun", run, "-q", "--", "./mine.sh"}).output == "mine\n");
}

TEST_CASE("what interpolations say of the run's folder stays true") {
  const Project project;
  const std::string run = project.made_run({"+here=${hydra:runtime.output_dir}"});
  CHECK(project.cfgtool({"verify", run}).exit_code == 0);
  CHECK(project.cfgtool({"rerun", run, "-p", "here"}).output == run + "\n");
}

TEST_CASE("paths that are not UTF-8") {
  const Project project;
  const std::string odd = "caf\xe9";
  fs::rename(project.path() / "conf", project.path() / odd);
  REQUIRE(project.cfgtool({"run", "-cp", odd, "-cn", "config", "-q", "--", "true"}).exit_code == 0);
  CHECK(project.cfgtool({"verify", runs_in(project.path()).front()}).exit_code == 0);
}

TEST_CASE("files beside the user that the command will not find") {
  const Project project;
  project.write("train.py", "");
  const Outcome outcome = project.run({}, {"cat", "train.py"});
  CHECK(outcome.complains("the command runs in the run's folder, where there is no 'train.py'"));
  CHECK(outcome.complains("try: {cwd}/train.py"));
  CHECK(project.run({"hydra.job.chdir=false"}, {"cat", "train.py"}).exit_code == 0);
}

TEST_CASE("problems of a command are told in JSON if asked") {
  const Project project;
  const std::string start = "'" RUN_CFGTOOL "' run --error-format json -cp conf -cn config -- no-such-program";
  const Outcome outcome = run_program_in(project.path(), "/bin/sh", {"-c", start + " || true"});
  CHECK(nlohmann::json::parse(outcome.errors)["code"] == "command-not-started");
}

TEST_CASE("verify: the same inputs") {
  const Project project;
  const std::string run = project.made_run({"steps=4"});
  const Outcome same = project.cfgtool({"verify", run});
  CHECK(same.exit_code == 0);
  CHECK(same.output == "same: " + run + " (2 files)\n");
  CHECK(run_program_in("/", RUN_CFGTOOL, {"verify", run + "/.hydra"}).exit_code == 0);
  CHECK(run_program_in(fs::path(run).parent_path(), RUN_CFGTOOL, {"verify", fs::path(run).filename()}).exit_code == 0);
  const auto lock = nlohmann::json::parse(read_file(fs::path(run) / ".hydra/lock.json"));
  const std::string text = read_file(project.path() / "conf/db/sqlite.yaml");
  CHECK(lock["files"][1]["path"] == (project.path() / "conf/db/sqlite.yaml").string());
  CHECK(lock["files"][1]["sha256"] == sha256(text));
  for (const char* const name : {"config.yaml", "hydra.yaml", "overrides.yaml"})
    CHECK(lock["saved"][name] == sha256(read_file(fs::path(run) / ".hydra" / name)));
  CHECK(lock["resolved_sha256"] == sha256(read_file(fs::path(run) / ".hydra/resolved.yaml")));
}

TEST_CASE("verify: what changed is named with its values") {
  const Project project;
  const std::string run = project.made_run();
  const std::string conf = (project.path() / "conf").string();

  project.write("conf/db/sqlite.yaml", "# a remark\npath: demo.db\ncache: 10\n");
  const Outcome remark = project.cfgtool({"verify", run});
  CHECK(remark.exit_code == 0);
  CHECK(remark.prints("changed: " + conf + "/db/sqlite.yaml, without changing a value\n"));

  project.write("conf/db/sqlite.yaml", "path: other.db\nsize: 3\n");
  const Outcome changed = project.cfgtool({"verify", run});
  CHECK(changed.exit_code == 1);
  CHECK(changed.output == "different: " + run + " (2 files)\n  changed: " + conf + "/db/sqlite.yaml\n" +
                              "    db.path = \"other.db\", was \"demo.db\"   (" + conf + "/db/sqlite.yaml:1:7)\n" +
                              "    db.size = 3, was not there   (" + conf + "/db/sqlite.yaml:2:7)\n" +
                              "    db.cache is not there, was 10\n");
  const auto json = nlohmann::json::parse(project.cfgtool({"verify", run, "--json"}).output);
  CHECK(json["same"] == false);
  CHECK(json["files"][0]["state"] == "changed");
  CHECK(json["values"][2]["is_there"] == false);
  CHECK(json["values"][2]["file"] == conf + "/db/sqlite.yaml");

  // Another option by default: one file is read no more, another one is new.
  std::string config = read_file(project.path() / "conf/config.yaml");
  config.replace(config.find("sqlite"), 6, "postgres");
  project.write("conf/config.yaml", config);
  const Outcome option = project.cfgtool({"verify", run});
  CHECK(option.exit_code == 1);
  CHECK(option.prints("changed: " + conf + "/config.yaml"));
  CHECK(option.prints("new: " + conf + "/db/postgres.yaml\n    db.path = \"localhost\", was \"demo.db\""));
  CHECK(option.prints("not read any more: " + conf + "/db/sqlite.yaml\n    db.cache is not there, was 10\n"));

  fs::remove(project.path() / "conf/db/postgres.yaml");
  const Outcome gone = project.cfgtool({"verify", run});
  CHECK(gone.exit_code == 1);
  CHECK(gone.complains("In 'config': Could not find 'db/postgres'"));
  CHECK(gone.prints("different: " + run + " (its inputs do not compose any more)"));
  CHECK(gone.prints("changed: " + conf + "/config.yaml\n"));
  const auto error = nlohmann::json::parse(project.cfgtool({"verify", run, "--json"}).output);
  CHECK(error["error"].get<std::string>().find("Could not find 'db/postgres'") != std::string::npos);
}

TEST_CASE("verify: the surroundings") {
  const Project project;
  REQUIRE(project.run({}, {"true"}, {{"PLACE", "here"}}).exit_code == 0);
  const std::string run = runs_in(project.path()).back();
  CHECK(project.cfgtool({"verify", run}, {{"PLACE", "here"}}).exit_code == 0);
  const Outcome moved = project.cfgtool({"verify", run}, {{"PLACE", "there"}});
  CHECK(moved.exit_code == 1);
  CHECK(moved.prints("home = \"there\", was \"here\""));
  CHECK(moved.prints("home: ${oc.env:PLACE,nowhere}"));
}

TEST_CASE("verify: an edited run, and what is none") {
  const Project project;
  const std::string run = project.made_run();
  const std::string config = read_file(fs::path(run) / ".hydra/config.yaml");
  write_file(fs::path(run) / ".hydra/config.yaml", config + "added: 1\n");
  const Outcome edited = project.cfgtool({"verify", run});
  CHECK(edited.exit_code == 0);
  CHECK(edited.prints("edited: config.yaml in the run's folder, after the run"));
  write_file(fs::path(run) / ".hydra/resolved.yaml", "name: other\n");
  fs::remove(fs::path(run) / ".hydra/overrides.yaml");
  const Outcome more = project.cfgtool({"verify", run});
  CHECK(more.prints("edited: overrides.yaml"));
  CHECK(more.prints("edited: resolved.yaml"));
  // A damaged record is no changed configuration.
  write_file(fs::path(run) / ".hydra/config.yaml", "[");
  CHECK(project.cfgtool({"verify", run}).exit_code == 2);
  write_file(fs::path(run) / ".hydra/config.yaml", config);

  CHECK(project.cfgtool({"verify", "conf"}).exit_code == 2);
  CHECK(project.cfgtool({"verify", "conf"}).complains("'conf' is not the folder of a run"));
  CHECK(project.cfgtool({"verify", "nowhere"}).complains("there is no folder 'nowhere'"));
  CHECK(project.cfgtool({"verify"}).exit_code == 2);
  for (const char* const broken : {"", "[]", "{}", "{\"format\": 2}", "{\"format\": 1, \"time\": 3}", "nonsense"}) {
    CAPTURE(broken);
    write_file(fs::path(run) / ".hydra/lock.json", broken);
    const Outcome outcome = project.cfgtool({"verify", run});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.complains("error[run-record]: "));
  }
  fs::remove(fs::path(run) / ".hydra/lock.json");
  write_file(fs::path(run) / ".hydra/hydra.yaml", "hydra:\n  job: {}\n");
  CHECK(project.cfgtool({"rerun", run}).complains("is no hydra.yaml of a run"));
}

}  // namespace cfgtool::test
