#include "cfgtool/launch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "cfgtool/command.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/run_folder.hpp"
#include "config_engine/run_record.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;

const std::vector<std::string>& known_names() {
  static const std::vector<std::string> names{"config", "config:json", "dir", "cwd"};
  return names;
}

[[noreturn]] void refuse_key(std::string_view key, std::string message, std::string note) {
  Diagnostic diagnostic;
  diagnostic.code = "command-key";
  diagnostic.message = std::move(message);
  diagnostic.key_path = key;
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  throw ConfigError(std::move(diagnostic));
}

NodeId find_key(const Tree& tree, std::string_view key) {
  NodeId node = tree.root();
  for (const std::string_view part : split_key(key)) {
    NodeId next = tree.find(node, part);
    if (next == kNoNode && tree[node].kind == NodeKind::kList) {
      const auto index = list_index(part);
      if (index && *index >= 0) next = tree.item(node, static_cast<size_t>(*index));
    }
    if (next == kNoNode) {
      std::vector<std::string> known;
      for (const NodeId child : tree.children(node))
        known.emplace_back(tree[child].key().text);
      const std::string path = tree.key_path(node);
      refuse_key(key,
                 fmt::format("{{key:{}}}: {} has no key '{}'", key,
                             path.empty() ? "the configuration" : fmt::format("'{}'", path), part),
                 did_you_mean(part, known));
    }
    node = next;
  }
  if (tree[node].kind == NodeKind::kMissing) refuse_key(key, fmt::format("{{key:{}}}: the value is missing", key), {});
  return node;
}

/// A string as it is, everything else as JSON: what other programs read.
std::string value_text(const Tree& tree, std::string_view key) {
  const NodeId node = find_key(tree, key);
  return tree[node].kind == NodeKind::kString ? std::string(tree[node].text()) : write_json(tree, node);
}

std::string fill_in_word(std::string_view word, const CommandNames& names, const Tree& resolved) {
  std::string text;
  while (!word.empty()) {
    const size_t close = word.front() == '{' ? word.find('}') : std::string_view::npos;
    const bool kept = close != std::string_view::npos && word.starts_with("{{") && word.substr(close).starts_with("}}");
    const std::string_view name =
        close == std::string_view::npos ? "" : word.substr(kept ? 2 : 1, close - (kept ? 2 : 1));
    const bool is_key = name.starts_with("key:");
    std::optional<std::string> value;
    if (name == "config") value = names.config;
    if (name == "config:json") value = names.config_json;
    if (name == "dir") value = names.dir;
    if (name == "cwd") value = names.cwd;
    if (kept && (value || is_key)) {
      text += fmt::format("{{{}}}", name);
      word.remove_prefix(close + 2);
    } else if (value || is_key) {
      text += is_key ? value_text(resolved, name.substr(4)) : *value;
      word.remove_prefix(close + 1);
    } else {
      text += word.front();
      word.remove_prefix(1);
    }
  }
  return text;
}

bool mentions(const std::vector<std::string>& command, std::string_view name) {
  for (const std::string& word : command) {
    if (word.find(name) != std::string::npos) return true;
  }
  return false;
}

/// The program's file as execvp would find it, absolute: the working folder will be another one. \return empty, with
/// errno, if there is none
std::string find_program(const std::string& name) {
  const auto is_program = [](const fs::path& path) {
    std::error_code ignored;
    return !fs::is_directory(path, ignored) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    std::error_code ignored;
    if (is_program(name)) return fs::absolute(name, ignored).string();
    if (errno == 0) errno = EACCES;
    return {};
  }
  int reason = ENOENT;
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    const fs::path candidate = fs::absolute(fs::path(folder.empty() ? "." : folder)) / name;
    if (is_program(candidate)) return candidate.string();
    if (errno == EACCES) reason = EACCES;
    if (folder.size() == folders.size()) break;
    folders.remove_prefix(folder.size() + 1);
  }
  errno = reason;
  return {};
}

/// A folder that this run made and that nothing was written to.
void remove_empty(const RunFolder& folder) {
  std::error_code ignored;
  if (folder.is_new) fs::remove(folder.path, ignored);
}

int refuse_program(const std::string& name, int reason) {
  write_stderr(fmt::format("error[command-not-started]: cannot run '{}': {}\n", name,
                           reason == ENOENT ? "there is no such program" : std::strerror(reason)));
  return reason == ENOENT ? kExitNotFound : kExitNotExecutable;
}

}  // namespace

std::vector<std::string> take_command(std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes == words.end()) return {};
  std::vector<std::string> command(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return command;
}

std::vector<std::string> fill_in(const std::vector<std::string>& command, const CommandNames& names,
                                 const Tree& resolved) {
  std::vector<std::string> filled;
  for (const std::string& word : command)
    filled.push_back(fill_in_word(word, names, resolved));
  return filled;
}

std::vector<Diagnostic> doubtful_names(const std::vector<std::string>& command) {
  std::vector<Diagnostic> warnings;
  for (const std::string_view word : command) {
    for (size_t open = word.find('{'); open != std::string_view::npos; open = word.find('{', open + 1)) {
      const size_t close = word.find('}', open);
      if (close == std::string_view::npos) break;
      const std::string name(word.substr(open + 1, close - open - 1));
      const bool is_known = std::find(known_names().begin(), known_names().end(), name) != known_names().end();
      if (is_known || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz:_") != std::string::npos) continue;
      const std::string hint = did_you_mean(name, known_names());
      if (hint.empty()) continue;
      Diagnostic warning;
      warning.severity = Severity::kWarning;
      warning.code = "command-name";
      warning.message = fmt::format("'{{{}}}' in the command is left as it is", name);
      warning.notes.push_back(hint);
      warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

int launch(const FileStore& store, Composition composition, const ComposeRequest& request,
           const std::vector<std::string>& command, bool tell) {
  const RunFolder folder = make_run_folder(composition);
  RunRecord record = record_run(store, composition, request);
  record.command = command;

  std::error_code ignored;
  const std::string home = folder.hydra_folder.empty() ? folder.path : folder.hydra_folder;
  const CommandNames names{home + "/resolved.yaml", home + "/resolved.json", folder.path,
                           fs::current_path(ignored).string()};
  Tree resolved;
  std::vector<std::string> words;
  try {
    resolved = composition.resolved_tree();
    words = fill_in(command, names, resolved);
  } catch (...) {
    remove_empty(folder);
    throw;
  }
  const std::string program = find_program(words.front());
  if (program.empty()) {
    const int reason = errno;
    remove_empty(folder);
    return refuse_program(words.front(), reason);
  }
  save_run(composition, folder, record);
  save_run_file(composition, folder, names.config, write_yaml(resolved, resolved.root()));
  if (mentions(command, "{config:json}"))
    save_run_file(composition, folder, names.config_json, write_json(resolved, resolved.root(), 2) + "\n");
  enter_run(composition, folder, /*chdir_if_unsaid=*/true);
  ::setenv("CFGTOOL_RUN_DIR", folder.path.c_str(), 1);
  ::setenv("CFGTOOL_CONFIG", names.config.c_str(), 1);
  if (tell) write_stderr(fmt::format("cfgtool: running in {}\n", folder.path));

  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return refuse_program(program, errno);
}

}  // namespace cfgtool
