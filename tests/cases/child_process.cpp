#include "tests/cases/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace cfgtool::test {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<char*> c_strings(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Runs in the child between fork and exec: system calls only.
void redirect(const char* path, int flags, int target) {
  const int file = open(path, flags, 0600);
  if (file < 0 || dup2(file, target) < 0) _exit(126);
  close(file);
}

pid_t start(const ChildProcess& child) {
  std::vector<std::string> arguments = child.argv;
  const std::vector<char*> argv = c_strings(&arguments);
  std::vector<std::string> variables;
  if (child.environment) {
    for (const auto& [name, value] : *child.environment)
      variables.push_back(fmt::format("{}={}", name, value));
  }
  const std::vector<char*> environment = c_strings(&variables);

  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  redirect(child.input.c_str(), O_RDONLY, 0);
  redirect(child.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 1);
  redirect(child.errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 2);
  if (!child.working_folder.empty() && chdir(child.working_folder.c_str()) != 0) _exit(126);
  if (child.environment) {
    execvpe(argv[0], argv.data(), environment.data());
  } else {
    execvp(argv[0], argv.data());
  }
  _exit(127);
}

}  // namespace

ChildResult run(const ChildProcess& child) {
  const pid_t pid = start(child);
  ChildResult result;
  Clock::time_point deadline = Clock::now() + child.limit;
  int status = 0;
  for (std::chrono::milliseconds pause{1};; pause = std::min(pause * 2, std::chrono::milliseconds(50))) {
    if (waitpid(pid, &status, WNOHANG) == pid) break;
    if (child.made_progress && child.made_progress()) deadline = Clock::now() + child.limit;
    if (Clock::now() > deadline) {
      result.timed_out = true;
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::sleep_for(pause);
  }
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (result.exit_code == 127) throw std::runtime_error("cannot start " + child.argv.at(0));
  return result;
}

std::string to_string(const ChildResult& result) {
  if (result.timed_out) return "no end within the time limit";
  if (result.signal != 0) return fmt::format("signal {} ({})", result.signal, strsignal(result.signal));
  return fmt::format("exit {}", result.exit_code);
}

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "cfgtool-cases-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder for temporary files");
  path_ = std::filesystem::canonical(name);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace cfgtool::test
