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
#include "config_engine/hydra_settings.hpp"
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

// As the name of a flag: where words of the command are.
constexpr const char* kCommand = "COMMAND";

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
  throw error_at(std::move(diagnostic), SourceKind::kFlag, kCommand, fmt::format("{{key:{}}}", key));
}

/// Keys that are numbers or booleans go by their texts.
NodeId child_of(const Tree& tree, NodeId map, std::string_view text) {
  if (tree[map].kind != NodeKind::kMap) return kNoNode;
  for (const NodeId child : tree.children(map)) {
    if (tree[child].key().text == text) return child;
  }
  return kNoNode;
}

NodeId find_key(const Tree& tree, std::string_view key) {
  NodeId node = tree.root();
  if (key.empty() || std::count(key.begin(), key.end(), '[') != std::count(key.begin(), key.end(), ']'))
    refuse_key(key, fmt::format("{{key:{}}} names no key", key), {});
  for (const std::string_view part : split_key(key)) {
    NodeId next = child_of(tree, node, part);
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
                 key.starts_with("hydra.")
                     ? "it is the job's configuration, without Hydra's own; {dir} is the run's folder"
                     : did_you_mean(part, known));
    }
    node = next;
  }
  if (tree[node].kind == NodeKind::kMissing) refuse_key(key, fmt::format("{{key:{}}}: the value is missing", key), {});
  return node;
}

/// A string as it is, everything else as JSON: what other programs read.
std::string value_text(const Tree& tree, std::string_view key) {
  while (key.starts_with(' '))
    key.remove_prefix(1);
  while (key.ends_with(' '))
    key.remove_suffix(1);
  const NodeId node = find_key(tree, key);
  if (tree[node].kind != NodeKind::kString) return write_json(tree, node);
  if (tree[node].text().find('\0') != std::string_view::npos)
    refuse_key(key, fmt::format("{{key:{}}}: a word of a command cannot hold a NUL", key), {});
  return std::string(tree[node].text());
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
  return std::any_of(command.begin(), command.end(),
                     [&](const std::string& word) { return word.find(name) != std::string::npos; });
}

/// A program's file, or why it is none.
struct Program {
  std::string path;  ///< absolute, for the working folder will be another one; empty if there is none
  int reason = ENOENT;
};

/// \return 0, or the error that running it would give
int why_no_program(const fs::path& path) {
  std::error_code ignored;
  if (::access(path.c_str(), F_OK) != 0) return errno;
  if (fs::is_directory(path, ignored)) return EISDIR;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

/// As execvp finds it.
Program find_program(const std::string& name) {
  std::error_code ignored;
  if (name.find('/') != std::string::npos) {
    const int reason = why_no_program(name);
    if (reason != 0) return {{}, reason};
    return {fs::absolute(name, ignored).lexically_normal().string(), 0};
  }
  Program program;
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    const fs::path candidate = fs::absolute(fs::path(folder.empty() ? "." : folder)) / name;
    const int reason = why_no_program(candidate);
    if (reason == 0) return {candidate.string(), 0};
    // Seen, but no program: that is worth more than that it is nowhere.
    if (fs::exists(candidate, ignored) && reason != EISDIR) program.reason = reason;
    if (folder.size() == folders.size()) return program;
    folders.remove_prefix(folder.size() + 1);
  }
}

/// Becomes the program; comes back with errno if that cannot be. A script that does not say by what it is run is run by
/// the shell, as execvp does.
void become(const std::string& program, std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  if (errno != ENOEXEC) return;
  std::string shell = "sh";
  std::string script = program;
  argv[0] = script.data();
  argv.insert(argv.begin(), shell.data());
  ::execv("/bin/sh", argv.data());
}

/// A folder that this run made and that nothing was written to.
void remove_empty(const RunFolder& folder) {
  std::error_code ignored;
  if (folder.is_new) fs::remove(folder.path, ignored);
}

int refuse_program(const std::string& name, int reason, const LaunchOptions& options) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "command-not-started";
  diagnostic.message =
      fmt::format("cannot run '{}': {}", name, reason == ENOENT ? "there is no such program" : std::strerror(reason));
  const ConfigError error = error_at(std::move(diagnostic), SourceKind::kFlag, kCommand, name);
  options.show(error.diagnostics(), error.sources().get());
  return reason == ENOENT ? kExitNotFound : kExitNotExecutable;
}

Diagnostic command_warning(std::string code, std::string message, SourcePos pos, size_t length) {
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.stage = Stage::kRequest;
  warning.code = std::move(code);
  warning.message = std::move(message);
  warning.labels.push_back({pos, static_cast<uint32_t>(length), {}});
  return warning;
}

void warn_of_names(std::string_view word, SourcePos pos, std::vector<Diagnostic>& warnings) {
  for (size_t open = word.find('{'); open != std::string_view::npos; open = word.find('{', open + 1)) {
    const size_t close = word.find('}', open);
    if (close == std::string_view::npos) return;
    const std::string name(word.substr(open + 1, close - open - 1));
    const bool is_known = std::find(known_names().begin(), known_names().end(), name) != known_names().end();
    if (is_known || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz:_") != std::string::npos) continue;
    const std::string hint = did_you_mean(name, known_names());
    if (hint.empty()) continue;
    warnings.push_back(command_warning("command-name", fmt::format("'{{{}}}' in the command is left as it is", name),
                                       pos + open, close + 1 - open));
    warnings.back().notes.push_back(hint);
  }
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

std::vector<Diagnostic> doubtful_words(const std::vector<std::string>& command, bool runs_in_folder,
                                       SourceMap& sources) {
  std::vector<Diagnostic> warnings;
  for (size_t i = 0; i < command.size(); ++i) {
    const std::string& word = command[i];
    const SourcePos pos = sources.add(SourceKind::kFlag, kCommand, word);
    warn_of_names(word, pos, warnings);
    std::error_code ignored;
    // The program itself is found from here.
    const bool is_beside_user = i > 0 && !word.empty() && word[0] != '/' && fs::is_regular_file(word, ignored);
    if (!runs_in_folder || !is_beside_user) continue;
    warnings.push_back(command_warning(
        "command-file", fmt::format("the command runs in the run's folder, where there is no '{}'", word), pos,
        word.size()));
    warnings.back().fix = "{cwd}/" + word + ", or hydra.job.chdir=false";
  }
  return warnings;
}

int launch(const FileStore& store, Composition composition, const ComposeRequest& request,
           const std::vector<std::string>& command, const LaunchOptions& options) {
  const bool runs_in_folder = HydraSettings(composition).boolean("job.chdir").value_or(true);
  SourceMap command_words;
  options.show(doubtful_words(command, runs_in_folder, command_words), &command_words);
  const RunFolder folder = make_run_folder(composition, options.always_new);
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
  const Program program = find_program(words.front());
  if (program.path.empty()) {
    remove_empty(folder);
    return refuse_program(words.front(), program.reason, options);
  }
  save_run(composition, folder, record);
  save_run_file(composition, folder, names.config, write_yaml(resolved, resolved.root()));
  if (mentions(command, "{config:json}")) {
    save_run_file(composition, folder, names.config_json, write_json(resolved, resolved.root(), 2) + "\n");
  } else {
    fs::remove(names.config_json, ignored);  // of an earlier run in the same folder
  }
  enter_run_folder(composition, folder, /*chdir_if_unsaid=*/true);
  set_job_environment(composition);
  ::setenv("CFGTOOL_RUN_DIR", folder.path.c_str(), 1);
  ::setenv("CFGTOOL_CONFIG", names.config.c_str(), 1);
  if (options.tell) write_stderr(fmt::format("cfgtool: running in {}\n", folder.path));

  const std::string typed = words.front();
  become(program.path, std::move(words));
  const int reason = errno;
  if (folder.is_new) fs::remove_all(folder.path, ignored);
  return refuse_program(typed, reason, options);
}

}  // namespace cfgtool
