#include "tests/completion/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace cfgtool::test {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(10);

void write_program(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file) << text;
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
}

std::vector<std::string> shell_command(const std::string& shell) {
  if (shell == "bash") return {"bash", "--noprofile", "--norc", "-i"};
  if (shell == "zsh") return {"zsh", "-f", "-i"};
  return {shell, "-i"};
}

/// Without colours and movements of the cursor.
std::string without_escapes(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\x1b') {
      plain += text[at];
    } else if (++at < text.size() && text[at] == '[') {
      do
        ++at;
      while (at < text.size() && !std::isalpha(static_cast<unsigned char>(text[at])));
    } else if (at < text.size() && text[at] == '(') {
      ++at;
    }
  }
  return plain;
}

}  // namespace

std::string find_program(const std::string& name) {
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');) {
    const std::string file = folder + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

Terminal::Terminal(const std::string& shell, const std::vector<std::string>& before) : shell_(shell) {
  const auto bin = work() / "bin";
  std::filesystem::create_directories(bin);
  // With this folder there, fish does not begin with reading all manual pages, for which it needs Python.
  std::filesystem::create_directories(home() / "data/fish/generated_completions");
  std::filesystem::create_symlink(COMPLETION_CFGTOOL, bin / "cfgtool");
  std::filesystem::create_symlink(COMPLETION_EMBEDDED, bin / "embedded_parser");
  std::filesystem::create_symlink(std::string(COMPLETION_PROJECT) + "/tests/cases/trees/verl_shaped", work() / "tree");
  std::filesystem::create_directory_symlink(bin, home() / "bin");
  // `show WORDS…` puts its words into a file: what a terminal shows is too much decoration to be read.
  write_program(bin / "show",
                "#!/bin/sh\n"
                "for word; do printf '%s\\n' \"$word\"; done > \"$SHOWN.part\"\n"
                "mv \"$SHOWN.part\" \"$SHOWN\"\n");
  start(before);
  if (!run("true")) throw std::runtime_error(shell + " does not start: " + screen_);
}

bool has_terminals() {
  int one = -1;
  int other = -1;
  if (::openpty(&one, &other, nullptr, nullptr, nullptr) != 0) return false;
  ::close(one);
  ::close(other);
  return true;
}

Terminal::~Terminal() {
  if (child_ < 0) return;
  ::close(terminal_);
  ::kill(-child_, SIGKILL);  // the session that forkpty made
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void Terminal::start(const std::vector<std::string>& before) {
  std::vector<std::string> words = before;
  for (const std::string& word : shell_command(shell_))
    words.push_back(word);
  const std::string folder = home().string();
  const std::vector<std::pair<std::string, std::string>> variables = {
      {"HOME", folder},
      {"XDG_CONFIG_HOME", folder + "/config"},
      {"XDG_DATA_HOME", folder + "/data"},
      {"XDG_CACHE_HOME", folder + "/cache"},
      {"PATH", (work() / "bin").string() + ":" + std::getenv("PATH")},
      {"SHOWN", (scratch_.path() / "shown").string()},
      {"TERM", "xterm"},
      {"LC_ALL", "C.UTF-8"},
      {"PS1", "$ "}};
  winsize size{};
  size.ws_row = 50;
  size.ws_col = 200;
  child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (child_ < 0) throw std::runtime_error("forkpty failed");
  if (child_ > 0) return;
  // A new program is all that the child may become.
  for (const auto& [name, value] : variables)
    ::setenv(name.c_str(), value.c_str(), 1);
  ::unsetenv("INPUTRC");
  if (::chdir(work().c_str()) != 0) ::_exit(126);
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

void Terminal::type(const std::string& keys) {
  for (size_t written = 0; written < keys.size();) {
    const ssize_t n = ::write(terminal_, keys.data() + written, keys.size() - written);
    if (n <= 0) return;
    written += static_cast<size_t>(n);
  }
}

/// Waits a moment. \return false if the shell is gone
bool Terminal::read_some() {
  pollfd ready{terminal_, POLLIN, 0};
  if (::poll(&ready, 1, 5) <= 0) return true;
  char bytes[4096];
  const ssize_t n = ::read(terminal_, bytes, sizeof bytes);
  if (n <= 0) return false;
  screen_.append(bytes, static_cast<size_t>(n));
  return true;
}

std::vector<std::string> Terminal::shown_words() {
  const auto file = scratch_.path() / "shown";
  for (const auto end = Clock::now() + kPatience; Clock::now() < end && read_some();) {
    std::ifstream stream(file);
    if (!stream) continue;
    std::vector<std::string> words;
    for (std::string word; std::getline(stream, word);)
      words.push_back(word);
    std::filesystem::remove(file);
    return words;
  }
  return {"nothing was shown"};
}

bool Terminal::run(const std::string& command) {
  screen_.clear();
  type(command + "\r");
  type("show done\r");
  return shown_words() == std::vector<std::string>{"done"};
}

std::vector<std::string> Terminal::complete(const std::string& typed, const std::string& more) {
  screen_.clear();
  // Ctrl-A goes to the line's beginning.
  type(typed + "\t" + more + "\x01show \r");
  return shown_words();
}

bool Terminal::lists(const std::string& typed, const std::vector<std::string>& words) {
  screen_.clear();
  type(typed + (shell_ == "bash" ? "\t\t" : "\t"));
  bool all = false;
  for (const auto end = Clock::now() + kPatience; !all && Clock::now() < end && read_some();) {
    const std::string shown = without_escapes(screen_);
    const std::string_view answer = std::string_view(shown).substr(std::min(typed.size(), shown.size()));
    all = true;
    for (const std::string& word : words)
      all = all && answer.find(word) != std::string_view::npos;
  }
  // To the line's end, and all of it away; the first two may be swallowed by fish's list. (Ctrl-C would throw away what
  // is typed behind it.)
  type("\x05\x15\x05\x15");
  const std::string listed = screen_;
  const bool is_alive = run("true");
  screen_ = listed;
  return is_alive && all;
}

}  // namespace cfgtool::test
