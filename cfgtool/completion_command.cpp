/// \file
/// `cfgtool completion`: the scripts for the shells, and the answers to them.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "attention_plugins/host/device_catalogue.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/git_revision.hpp"
#include "config_engine/completion.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/completion_shell.hpp"
#include "config_engine/completion_values.hpp"
#include "config_engine/completion_words.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/parse_cache.hpp"
#include "config_engine/run_record.hpp"
#include "schemas/attention_keys.hpp"

namespace cfgtool {

namespace {

void declare(CLI::App& app, std::string& shell, std::string& error_format) {
  add_error_format_flag(app, error_format);
  app.add_option("shell", shell, "bash, zsh or fish")->required()->type_name("SHELL");
  app.footer(
      "For this session:\n"
      "  bash:  eval \"$(cfgtool completion bash)\"\n"
      "  zsh:   eval \"$(cfgtool completion zsh)\"\n"
      "  fish:  cfgtool completion fish | source\n\n"
      "For good, put the same line into ~/.bashrc, ~/.zshrc (behind compinit) or ~/.config/fish/config.fish; or save\n"
      "the script where the shell looks for it:\n"
      "  bash:  cfgtool completion bash > ~/.local/share/bash-completion/completions/cfgtool   (needs "
      "bash-completion)\n"
      "  zsh:   cfgtool completion zsh > FOLDER/_cfgtool   (FOLDER in $fpath before compinit runs)\n"
      "  fish:  cfgtool completion fish > ~/.config/fish/completions/cfgtool.fish\n\n"
      "A program that embeds the engine prints its own script: PROGRAM --shell-completion install=bash");
}

std::vector<Candidate> complete_subcommand(const std::vector<Subcommand>& known, const std::string& typed) {
  std::vector<Candidate> found;
  found.reserve(known.size() + 2);
  for (const Subcommand& subcommand : known)
    found.push_back({subcommand.name, subcommand.summary, CandidateKind::kSubcommand, true});
  found.push_back({"--help", "Print what the subcommands are", CandidateKind::kFlag, true});
  found.push_back({"--version", "Print the version", CandidateKind::kFlag, true});
  std::erase_if(found, [&](const Candidate& candidate) {
    return !candidate.word.starts_with(typed) || (typed.empty() && candidate.kind == CandidateKind::kFlag);
  });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.word < b.word; });
  return found;
}

/// Overrides and flags of a subcommand that composes.
void complete_configuration(CompletionRequest& request, std::vector<CompletionFlag> flags) {
  request.flags = std::move(flags);
  request.takes_overrides = true;
  request.known_keys = [&request] {
    const std::string mapping = read_flags(request.words, request.flags).value("--attention-mapping");
    return known_attention_keys(mapping.empty() ? "verl" : mapping, attention::usual_device_names());
  };
}

/// The same for one that takes keys as well.
void complete_keys(CompletionRequest& request, std::vector<CompletionFlag> flags) {
  complete_configuration(request, std::move(flags));
  request.takes_keys = true;
}

/// `A`, `A..` and behind that `B`, of the repository that the configs are in.
void complete_revisions(CompletionRequest& request) {
  const std::string flag = "--revisions";
  const bool is_behind = !request.words.empty() && request.words.back() == flag;
  if (!is_behind && !request.word.starts_with(flag + "=")) return;
  const std::string typed = is_behind ? request.word : request.word.substr(flag.size() + 1);
  const size_t dots = typed.find("..");
  const std::string before = dots == std::string::npos ? "" : typed.substr(0, dots + 2);
  const std::string folder = read_flags(request.words, request.flags).value("--config-path");
  const auto declared =
      std::ranges::find_if(request.flags, [&](const CompletionFlag& known) { return known.names.front() == flag; });
  for (const std::string& name : revision_names(std::filesystem::absolute(folder.empty() ? "." : folder).string()))
    declared->choices.push_back(before + name);
}

/// Each side sees the common words and its own. Two words that are no overrides are the folders of runs.
void complete_diff(CompletionRequest& request) {
  complete_configuration(request, diff_command_flags());
  complete_revisions(request);
  const auto first = std::find(request.words.begin(), request.words.end(), "--");
  if (first == request.words.end()) {
    const std::vector<Candidate> folders = complete_path(request.word, "", true);
    request.arguments.insert(request.arguments.end(), folders.begin(), folders.end());
    return;
  }
  const auto last = std::find(request.words.rbegin(), request.words.rend(), "--").base();
  request.words.erase(first, last);
}

/// The first word that is no flag is a run's folder: what it was composed from is what further overrides change.
void complete_rerun(CompletionRequest& request) {
  complete_configuration(request, rerun_command_flags());
  const auto folder = std::find_if(request.words.begin(), request.words.end(),
                                   [](const std::string& word) { return !word.starts_with("-"); });
  if (folder == request.words.end()) {
    request.takes_overrides = false;
    return;
  }
  try {
    request.defaults = read_run_record(*folder).request();
  } catch (const ConfigError&) {
    request.takes_overrides = false;
  }
  request.words.erase(folder);
}

/// `device` takes the name of a GPU besides flags.
void complete_attention(CompletionRequest& request) {
  const std::string name = request.words[0];
  request.flags = attention_command_flags(name);
  request.words.erase(request.words.begin());
  if (name != "device" || !request.words.empty()) return;
  for (const std::string& device : attention::usual_device_names())
    request.arguments.push_back({device, "", CandidateKind::kFlagValue, true});
}

/// `infer` and `docs` compose; of the words of `docs` the first is a file.
void complete_schema(CompletionRequest& request) {
  const std::string name = request.words[0];
  request.words.erase(request.words.begin());
  complete_configuration(request, schema_command_flags(name));
  request.takes_overrides = name == "infer" || (name == "docs" && !request.words.empty());
}

void complete_shell_name(CompletionRequest& request) {
  std::string shell;
  std::string error_format;
  CLI::App app;
  declare(app, shell, error_format);
  request.flags = completion_flags(app);
  if (!request.words.empty()) return;
  for (const char* name : {"bash", "fish", "zsh"})
    request.arguments.push_back({name, "", CandidateKind::kFlagValue, true});
}

std::vector<Candidate> complete_line(const std::shared_ptr<FileStore>& store, const ShellLine& line) {
  if (line.words.size() == 1) return complete_subcommand(subcommands(), line.word);
  const std::string& subcommand = line.words[1];
  if (subcommand == "attention" && line.words.size() == 2)
    return complete_subcommand(attention_subcommands(), line.word);
  if (subcommand == "schema" && line.words.size() == 2) return complete_subcommand(schema_subcommands(), line.word);
  CompletionRequest request;
  request.words.assign(line.words.begin() + 2, line.words.end());
  request.word = line.word;
  request.takes_overrides = false;
  if (subcommand == "resolve") {
    complete_configuration(request, resolve_command_flags());
  } else if (subcommand == "run") {
    complete_configuration(request, run_command_flags());
  } else if (subcommand == "explain") {
    complete_keys(request, explain_command_flags());
  } else if (subcommand == "keys") {
    complete_keys(request, keys_command_flags());
  } else if (subcommand == "groups") {
    complete_configuration(request, groups_command_flags());
    request.takes_groups = true;
  } else if (subcommand == "tree") {
    complete_configuration(request, tree_command_flags());
  } else if (subcommand == "diff") {
    complete_diff(request);
  } else if (subcommand == "rerun") {
    complete_rerun(request);
  } else if (subcommand == "overrides") {
    request.flags = overrides_command_flags();
  } else if (subcommand == "validate") {
    complete_configuration(request, validate_command_flags());
  } else if (subcommand == "verify") {
    request.flags = verify_command_flags();
  } else if (subcommand == "attention") {
    complete_attention(request);
  } else if (subcommand == "schema") {
    complete_schema(request);
  } else if (subcommand == "batch") {
    request.flags = batch_command_flags();
  } else if (subcommand == "completion") {
    complete_shell_name(request);
  } else {
    return {};
  }
  return complete(store, request);
}

}  // namespace

int completion_command(const std::vector<std::string>& words) {
  std::string shell;
  std::string error_format;
  CLI::App app("Prints a script that completes the words of cfgtool in a shell", "cfgtool completion");
  declare(app, shell, error_format);
  add_version_flag(app, version_text("cfgtool", ""));
  if (!asks_for_completion(words)) {
    if (parse_flags(app, words)) write_stdout(install_script(parse_shell(shell), "cfgtool"));
    return 0;
  }
  // Nothing is taken from the line itself, so that a slip in it cannot keep a person from an answer.
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  write_stdout(answer_completion("cfgtool", words, [&](const ShellLine& line) { return complete_line(store, line); }));
  store->save_caches();
  return 0;
}

}  // namespace cfgtool
