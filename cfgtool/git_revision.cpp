#include "cfgtool/git_revision.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <sstream>

#include "config_engine/command_line.hpp"
#include "config_engine/write_file.hpp"

extern char** environ;

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const char* code, std::string message, const std::string& note = {}) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  if (!note.empty()) diagnostic.notes.push_back(note);
  throw UsageError(std::move(diagnostic), "--revisions");
}

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

struct GitAnswer {
  bool ok = false;
  std::string output;
  std::string errors;
};

/// Runs git in one folder; what it says goes through files beside the ones that it writes out.
class Git {
 public:
  Git(std::string folder, std::string scratch) : folder_(std::move(folder)), scratch_(std::move(scratch)) {}

  GitAnswer run(std::initializer_list<std::string> words) const;

 private:
  std::vector<std::string> environment() const;

  std::string folder_;
  std::string scratch_;
};

/// This process's, but for an index of our own, so that the user's stays as it is, and without what a hook's variables
/// say: the folder decides which repository it is.
std::vector<std::string> Git::environment() const {
  constexpr std::string_view kOther[] = {"GIT_INDEX_FILE=", "GIT_DIR=", "GIT_WORK_TREE=", "GIT_PREFIX=", "LC_ALL="};
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (std::ranges::none_of(kOther, [&](std::string_view other) { return text.starts_with(other); }))
      variables.emplace_back(text);
  }
  variables.push_back("GIT_INDEX_FILE=" + scratch_ + "/index");
  variables.emplace_back("LC_ALL=C");
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

GitAnswer Git::run(std::initializer_list<std::string> words) const {
  // Hooks are programs of the repository; nothing here is their business.
  std::vector<std::string> command{"git", "-c", "core.hooksPath=/dev/null", "-C", folder_};
  command.insert(command.end(), words);
  std::vector<std::string> variables = environment();
  const std::string output = scratch_ + "/output";
  const std::string errors = scratch_ + "/errors";
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), kWrite, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, errors.c_str(), kWrite, 0600);
  pid_t child = 0;
  // The signals that wait here end git at once.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int failed =
      posix_spawnp(&child, "git", &files, &attributes, pointers_to(command).data(), pointers_to(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (failed == ENOENT) refuse("git-missing", "--revisions needs git, which is not on PATH");
  if (failed != 0) refuse("git-failed", fmt::format("git cannot be started: {}", std::strerror(failed)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) && WEXITSTATUS(status) == 0, without_line_end(read_whole_file(output).value_or("")),
          without_line_end(read_whole_file(errors).value_or(""))};
}

/// The nearest folder above that is there.
fs::path existing_folder(fs::path path) {
  std::error_code ignored;
  while (!fs::is_directory(path, ignored) && path.has_relative_path())
    path = path.parent_path();
  return path;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

PrivateFolder::PrivateFolder() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaddset(&ends, signal);
  sigprocmask(SIG_BLOCK, &ends, &mask_before_);
  std::error_code failed;
  const fs::path place = fs::absolute(fs::temp_directory_path(failed), failed).lexically_normal();
  path_ = ((place.empty() ? fs::path("/tmp") : place) / "cfgtool-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) {
    const int error = errno;
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    refuse("temporary-folder", fmt::format("cannot make a folder '{}': {}", path_, std::strerror(error)));
  }
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);  // what has waited comes now
}

RevisionFolder check_out(const std::string& folder, const std::string& revision, const std::string& into) {
  const fs::path here = existing_folder(folder);
  const GitAnswer top = Git(here.string(), into).run({"rev-parse", "--show-toplevel"});
  if (!top.ok || top.output.empty())
    refuse("git-repository", fmt::format("'{}' is in no work tree of git", folder), top.errors);
  const Git git(top.output, into);
  // git would take it for a flag.
  const bool is_flag = revision.starts_with('-');
  const GitAnswer tree = is_flag ? GitAnswer{} : git.run({"rev-parse", "--verify", revision + "^{tree}"});
  if (!tree.ok)
    refuse("git-revision", fmt::format("git knows no revision '{}' in '{}'", revision, top.output), tree.errors);
  const std::string above = Git(here.string(), into).run({"rev-parse", "--show-prefix"}).output;
  std::string path = (fs::path(above) / fs::path(folder).lexically_relative(here)).lexically_normal().string();
  while (path.ends_with('/') || path == ".")
    path.pop_back();
  const GitAnswer read = path.empty() ? git.run({"read-tree", tree.output})
                                      : git.run({"read-tree", "--prefix=" + path + "/", tree.output + ":" + path});
  if (!read.ok)
    refuse("git-revision", fmt::format("the revision '{}' has no folder '{}'", revision, path), read.errors);
  const std::string root = into + "/files";
  const GitAnswer written = git.run({"checkout-index", "--all", "--quiet", "--prefix=" + root + "/"});
  if (!written.ok)
    refuse("git-failed", fmt::format("git cannot write out '{}' of '{}'", path, revision), written.errors);
  return {path.empty() ? root : root + "/" + path, root, revision};
}

std::vector<std::string> revision_names(const std::string& folder) {
  std::vector<std::string> names;
  try {
    const PrivateFolder scratch;
    const Git git(existing_folder(folder).string(), scratch.path());
    for (const char* kind : {"branch", "tag"}) {
      std::istringstream lines(git.run({kind, "--list", "--format=%(refname:short)"}).output);
      for (std::string name; std::getline(lines, name);) {
        if (!name.starts_with('(')) names.push_back(name);  // "(HEAD detached at …)"
      }
    }
  } catch (const ConfigError&) {
    // Without git there is nothing to name.
  }
  return names;
}

std::string with_revision_paths(std::string text, const std::vector<RevisionFolder>& folders) {
  for (const RevisionFolder& folder : folders) {
    replace_all(text, folder.root + "/", folder.revision + ":");
    replace_all(text, folder.root, folder.revision + ":");
  }
  return text;
}

}  // namespace cfgtool
