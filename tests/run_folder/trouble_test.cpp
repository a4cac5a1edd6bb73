// What goes wrong around a run's folder: many starts at once, no room, no permission, a kill at any moment.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kFiles{"config.yaml", "hydra.yaml", "overrides.yaml", "lock.json"};

/// Starts the trainer and does not wait. \param before runs in the child, before the program
template <class Function>
pid_t start_trainer(const fs::path& folder, const std::vector<std::string>& words, const Function& before) {
  std::vector<std::string> all{RUN_TRAINER};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : all)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const fs::path output = folder / "output";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child > 0) return child;
  const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (::dup2(file, 1) < 0 || ::dup2(file, 2) < 0 || ::chdir(folder.c_str()) != 0 || !before()) ::_exit(99);
  ::execv(RUN_TRAINER, argv.data());
  ::_exit(98);
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// No file in it is anything but what a whole run writes.
void check_whole_files(const fs::path& run, const fs::path& whole) {
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename();
    CAPTURE(entry.path().string());
    if (name == "trainer.log") continue;  // grows line by line
    REQUIRE(fs::exists(whole / ".hydra" / name));
    const std::string content = read_file(entry.path());
    if (name == "config.yaml" || name == "overrides.yaml") {
      CHECK(content == read_file(whole / ".hydra" / name));
    } else if (name == "lock.json") {
      CHECK(nlohmann::json::accept(content));
    } else {
      CHECK(content.ends_with("verbose: false\n"));
    }
  }
}

}  // namespace

TEST_CASE("fifty starts at once have fifty folders") {
  const ScratchFolder scratch;
  std::vector<pid_t> children;
  for (int i = 0; i < 50; ++i)
    children.push_back(start_trainer(scratch.path(), {"epochs=1", "+start=" + std::to_string(i)}, [] { return true; }));
  for (const pid_t child : children)
    CHECK(wait_for(child) == 0);
  const auto runs = runs_in(scratch.path());
  CHECK(runs.size() == 50);
  std::set<std::string> starts;
  for (const fs::path& run : runs) {
    CAPTURE(run.string());
    for (const std::string& file : kFiles)
      CHECK(fs::exists(run / ".hydra" / file));
    starts.insert(read_file(run / ".hydra" / "overrides.yaml"));
    // What a run says of its folder is where it is.
    CHECK(read_file(run / ".hydra" / "hydra.yaml").find("output_dir: " + run.string() + "\n") != std::string::npos);
    CHECK(read_file(run / "trainer.log").find("epoch 1 of demo") != std::string::npos);
  }
  CHECK(starts.size() == 50);
}

TEST_CASE("a folder whose name says no time is used again, as in Hydra") {
  const ScratchFolder scratch;
  for (const char* const seed : {"+seed=1", "+seed=2"})
    CHECK(run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=same", seed}).exit_code == 0);
  CHECK(read_file(scratch.path() / "same/.hydra/overrides.yaml") == "- +seed=2\n");
  CHECK(!fs::exists(scratch.path() / "same-2"));
}

TEST_CASE("a name that depends on the time in a roundabout way is never shared") {
  const ScratchFolder scratch;
  for (int i = 0; i < 2; ++i) {
    CHECK(run_program_in(scratch.path(), RUN_TRAINER, {"+stamp=${now:%Y}", "hydra.run.dir=runs/${stamp}"}).exit_code ==
          0);
  }
  size_t folders = 0;
  for ([[maybe_unused]] const auto& run : fs::directory_iterator(scratch.path() / "runs"))
    ++folders;
  CHECK(folders == 2);
}

TEST_CASE("a kill at any moment leaves no half-written file") {
  const ScratchFolder scratch;
  const fs::path whole = scratch.path() / "whole";
  REQUIRE(run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=whole"}).exit_code == 0);
  int killed = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "run" + std::to_string(i);
    const pid_t child = start_trainer(scratch.path(), {"hydra.run.dir=" + name}, [] { return true; });
    std::this_thread::sleep_for(std::chrono::microseconds(i * 60));
    ::kill(child, SIGKILL);
    killed += wait_for(child) == -SIGKILL ? 1 : 0;
    if (!fs::exists(scratch.path() / name)) continue;
    check_whole_files(scratch.path() / name, whole);
  }
  CHECK(killed > 20);
}

TEST_CASE("a kill while a folder is used again leaves the files of one run or the other") {
  const ScratchFolder scratch;
  REQUIRE(run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=whole"}).exit_code == 0);
  REQUIRE(run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=run"}).exit_code == 0);
  for (int i = 0; i < 150; ++i) {
    const pid_t child = start_trainer(scratch.path(), {"hydra.run.dir=run"}, [] { return true; });
    std::this_thread::sleep_for(std::chrono::microseconds(i * 60));
    ::kill(child, SIGKILL);
    wait_for(child);
    // A file that replaces another has a name of its own for a moment, and is whole then too.
    for (const std::string& name : kFiles) {
      for (const auto& entry : fs::directory_iterator(scratch.path() / "run/.hydra")) {
        const std::string file = entry.path().filename();
        if (file.starts_with(name + ".") && file.ends_with(".tmp"))
          fs::rename(entry, scratch.path() / "run/.hydra" / name);
      }
    }
    check_whole_files(scratch.path() / "run", scratch.path() / "whole");
  }
}

TEST_CASE("a reader that goes away does not end the job") {
  const ScratchFolder scratch;
  const Outcome outcome =
      run_program_in(scratch.path(), "/bin/sh",
                     {"-c", "{ '" RUN_TRAINER "' epochs=200 hydra.run.dir=run; echo \"code $?\" >&2; } | true"});
  CHECK(outcome.complains("code 0"));
  CHECK(outcome.complains("lines of the log are lost"));
  CHECK(read_file(scratch.path() / "run/trainer.log").find("epoch 200 of demo") != std::string::npos);
}

TEST_CASE("a folder that cannot be written") {
  const ScratchFolder scratch;
  const Outcome file_in_the_way = run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=/dev/null/x"});
  CHECK(file_in_the_way.exit_code == 1);
  CHECK(file_in_the_way.complains("error[run-folder]: cannot make the run folder '/dev/null/x': Not a directory"));
  CHECK(file_in_the_way.complains("--> override 1:15"));
  write_file(scratch.path() / "taken", "");
  CHECK(run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=taken"}).complains("Not a directory"));
  CHECK(read_file(scratch.path() / "taken").empty());

  const fs::path locked = scratch.path() / "locked";
  fs::create_directory(locked);
  ::chmod(locked.c_str(), 0500);
  // The superuser may write everywhere: somebody else tries then.
  const auto as_nobody = [] { return ::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0); };
  ::chmod(scratch.path().c_str(), 0711);
  if (::geteuid() == 0) REQUIRE(::chown(locked.c_str(), 65534, 65534) == 0);
  const pid_t child = start_trainer(scratch.path(), {"hydra.run.dir=locked/run"}, as_nobody);
  const int code = wait_for(child);
  const std::string said = read_file(scratch.path() / "output");
  if (code == 98) {
    MESSAGE("skipped: the program cannot be started by another user from here");
  } else {
    CHECK(code == 1);
    CHECK(said.find("error[run-folder]: cannot make the run folder '") != std::string::npos);
    CHECK(said.find("locked/run': Permission denied") != std::string::npos);
    CHECK(said.find("try: hydra.run.dir=FOLDER") != std::string::npos);
  }
  ::chmod(locked.c_str(), 0700);
}

TEST_CASE("a limit on the size of files: nothing half-written, and the new folder goes again") {
  for (const rlim_t most : {0, 100, 1000}) {
    CAPTURE(most);
    const ScratchFolder scratch;
    // The message goes to the program's output, which is a file here as well: it may have to stay short.
    const pid_t child = start_trainer(scratch.path(), {"hydra.run.dir=run", "hydra/job_logging=none"}, [&] {
      const rlimit limit{most, most};
      ::signal(SIGXFSZ, SIG_IGN);
      return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
    });
    CHECK(wait_for(child) == 1);
    CHECK(!fs::exists(scratch.path() / "run"));
  }
}

TEST_CASE("a full disk") {
  const ScratchFolder scratch;
  const fs::path disk = scratch.path() / "disk";
  fs::create_directory(disk);
  // In a mount namespace of its own, which ends with the child.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto leave = [](int code) { ::_exit(code); };
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16k") != 0) {
      leave(77);
    }
    // As long as there is no room for all files: fill it a page at a time.
    for (int free_pages = 0; free_pages < 4; ++free_pages) {
      const fs::path filler = disk / "filler";
      write_file(filler, std::string(static_cast<size_t>(4 - free_pages) * 4096, 'x'));
      const Outcome outcome = run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=" + (disk / "run").string()});
      if (outcome.exit_code != 1 || !outcome.complains("error[run-folder]: cannot ") ||
          !outcome.complains("No space left on device") || fs::exists(disk / "run")) {
        write_file(scratch.path() / "said", outcome.output + outcome.errors);
        leave(10 + free_pages);
      }
      fs::remove(filler);
    }
    // Room enough for the configuration, not for the log: its lines are lost, and the job goes on.
    const Outcome outcome = run_program_in(scratch.path(), RUN_TRAINER, {"hydra.run.dir=" + (disk / "run").string()});
    write_file(scratch.path() / "said", outcome.output + outcome.errors);
    leave(outcome.exit_code == 0 && outcome.complains("lines of the log are lost") ? 0 : 20);
  }
  const int code = wait_for(child);
  if (code == 77) {
    MESSAGE("skipped: no file system can be mounted here");
    return;
  }
  CAPTURE(read_file(scratch.path() / "said"));
  CHECK(code == 0);
}

}  // namespace cfgtool::test
