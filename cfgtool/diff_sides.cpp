#include "cfgtool/diff_sides.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <optional>

#include "cfgtool/command.hpp"
#include "cfgtool/saved_config.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/run_folder.hpp"
#include "config_engine/run_record.hpp"
#include "config_engine/sha256.hpp"
#include "config_engine/write_file.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

/// Does what may throw, and says of what is thrown which side it is about.
template <typename Work>
void about_side(const std::string& name, const Work& work) {
  try {
    work();
  } catch (ConfigError& error) {
    for (Diagnostic& diagnostic : error.diagnostics()) {
      diagnostic.notes.push_back(fmt::format("this is about {}", name));
      if (diagnostic.stage == Stage::kResolve)
        diagnostic.notes.push_back("--no-resolve compares interpolations as they are written");
    }
    throw;
  }
}

void set_values(DiffSide& side, bool resolve) {
  side.values = resolve ? side.composition.resolved_tree(&side.composition.warnings) : Tree(side.composition.tree);
}

bool are_same(const ConfigError& left, const ConfigError& right) {
  return std::ranges::equal(left.diagnostics(), right.diagnostics(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.code == b.code && a.message == b.message;
  });
}

/// Does both, and throws what both throw as one error where they can be shown together.
template <typename Left, typename Right>
void about_both(const Left& left, const Right& right) {
  try {
    left();
  } catch (const ConfigError& first) {
    try {
      right();
    } catch (const ConfigError& second) {
      // What both sides have in common is wrong once.
      if (!are_same(first, second)) throw BothSidesError{first, second};
    }
    throw;
  }
  right();
}

/// The common flags with one side's words behind them.
HydraFlags flags_of_side(const HydraFlags& common, const std::vector<std::string>& words) {
  HydraFlags flags = common;
  const std::vector<std::string> dirs = std::move(flags.config_dirs);
  flags.config_dirs.clear();
  std::vector<const char*> arguments{"cfgtool"};
  for (const std::string& word : words)
    arguments.push_back(word.c_str());
  CLI::App app;
  app.set_help_flag();
  add_hydra_flags(app, flags);
  remove_printing_flags(app);
  parse_flags(app, expand_short_flags(static_cast<int>(arguments.size()), arguments.data()));
  take_overrides(app, flags);
  flags.config_dirs.insert(flags.config_dirs.begin(), dirs.begin(), dirs.end());
  return flags;
}

std::string shell_words(const std::vector<std::string>& words) {
  return words.empty() ? "the side without words of its own" : fmt::format("the side '{}'", fmt::join(words, " "));
}

/// What was read then and is not the same any more.
std::vector<RecordedFile> changed_files(const RunRecord& record) {
  std::vector<RecordedFile> changed;
  for (const RecordedFile& file : record.files) {
    const auto text = read_whole_file(file.path);
    if (!text || sha256_hex(*text) != file.sha256) changed.push_back(file);
  }
  return changed;
}

/// \param sources get the files' names
Diagnostic changed_warning(const std::string& folder, const std::vector<std::string>& reasons,
                           const std::vector<RecordedFile>& changed, SourceMap& sources) {
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.code = "run-files-changed";
  warning.message = fmt::format(
      "the values of '{}' are those of the run; who set them can be told only as far as its files give the "
      "same now",
      folder);
  for (const RecordedFile& file : changed)
    warning.labels.push_back({sources.add(SourceKind::kFile, file.path, ""), 1, "changed since the run"});
  warning.notes = reasons;
  warning.notes.push_back(fmt::format("`cfgtool verify {}` says which values that changes", folder));
  return warning;
}

/// Composes where the run was composed, and comes back. \return why it cannot be composed any more
std::vector<std::string> compose_again(const RunRecord& record, bool resolve, DiffSide& side) {
  std::error_code failed;
  const fs::path here = fs::current_path(failed);
  fs::current_path(record.working_folder, failed);
  if (failed) return {fmt::format("its working folder '{}' is gone", record.working_folder)};
  std::vector<std::string> reasons;
  try {
    side.composition = compose_finding_all(std::make_shared<FileStore>(default_cache_folder()), record.request());
    set_output_dir(side.composition, record.output_dir);
    side.composed = side.composition.tree;
    if (resolve) side.composed = side.composition.resolved_tree();
  } catch (const ConfigError& error) {
    reasons.push_back(fmt::format("composed again: {}", error.diagnostics().front().message));
  }
  fs::current_path(here, failed);
  return reasons;
}

/// Of values that are evaluated again, by resolvers that may give something else now.
void warn_of_resolvers(const std::string& folder, DiffSide& side) {
  for (const Leaf& leaf : leaves_of(side.values)) {
    const Node& node = side.values[leaf.node];
    if (node.kind != NodeKind::kInterpolation || node.text().find(':') == std::string_view::npos) continue;
    Diagnostic warning;
    warning.severity = Severity::kWarning;
    warning.code = "run-not-resolved";
    warning.message = fmt::format("'{}' does not hold what its interpolations gave: they are evaluated now", folder);
    warning.labels.push_back({node.pos, 1, "such as this one"});
    warning.notes.push_back(
        "cfgtool run leaves a resolved.yaml; --no-resolve compares interpolations as they are written");
    side.composition.warnings.push_back(std::move(warning));
    return;
  }
}

void compose_run(const std::string& folder, bool resolve, DiffSide& side) {
  const RunRecord record = read_run_record(folder);
  side.composition.sources = std::make_shared<SourceMap>();
  side.composition.steps.resize(1);
  side.composed = Tree();
  const std::vector<std::string> reasons = compose_again(record, resolve, side);
  side.changed = changed_files(record);
  if (!reasons.empty() || !side.changed.empty())
    side.composition.warnings.push_back(changed_warning(folder, reasons, side.changed, *side.composition.sources));

  const std::string home = find_hydra_folder(folder);
  std::error_code ignored;
  const bool has_resolved = resolve && fs::exists(home + "/resolved.yaml", ignored);
  const std::string name = home + (has_resolved ? "/resolved.yaml" : "/config.yaml");
  side.values = read_saved_config(side.composition.sources, name).tree;
  if (!resolve || has_resolved) return;
  // As Hydra leaves a run: what interpolations gave then is written nowhere.
  warn_of_resolvers(folder, side);
  std::swap(side.composition.tree, side.values);
  Tree resolved = side.composition.resolved_tree(&side.composition.warnings);
  std::swap(side.composition.tree, side.values);
  side.values = std::move(resolved);
}

struct Revisions {
  std::string left;
  std::optional<std::string> right;  ///< nothing: the working tree
};

Revisions split_revisions(const std::string& text) {
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return {text, std::nullopt};
  if (text.substr(dots).starts_with("..."))
    refuse_usage(fmt::format("--revisions takes A..B or A, not '{}'", text), "git merge-base finds where two part");
  const auto or_head = [](std::string name) { return name.empty() ? "HEAD" : name; };
  return {or_head(text.substr(0, dots)), or_head(text.substr(dots + 2))};
}

void compose_revision(ComposeRequest request, const std::optional<std::string>& revision, bool resolve,
                      DiffSide& side) {
  if (!revision) {
    side.composition = compose_finding_all(std::make_shared<FileStore>(default_cache_folder()), request);
    set_values(side, resolve);
    return;
  }
  const PrivateFolder written;
  for (std::string& dir : request.config_dirs) {
    if (dir.find("://") != std::string::npos) continue;  // a package, not a folder
    const std::string into = written.path() + "/" + std::to_string(side.folders.size());
    fs::create_directory(into);
    side.folders.push_back(check_out(dir, *revision, into));
    dir = side.folders.back().path;
  }
  // Nothing of files that are soon gone belongs into a cache.
  side.composition = compose_finding_all(std::make_shared<FileStore>(), request);
  set_values(side, resolve);
}

}  // namespace

void compose_words(const HydraFlags& common, const std::vector<std::string>& left,
                   const std::vector<std::string>& right, bool resolve, DiffSides& sides) {
  const auto compose_side = [&](const std::vector<std::string>& words, DiffSide& side) {
    about_side(shell_words(words), [&] {
      const HydraFlags flags = flags_of_side(common, words);
      const ComposeRequest request = flags.request();
      write_stderr(missing_config_note(flags, request));
      const auto store = std::make_shared<FileStore>(default_cache_folder());
      side.composition = compose_finding_all(store, request);
      set_values(side, resolve);
      store->save_caches();
    });
  };
  about_both([&] { compose_side(left, sides.left); }, [&] { compose_side(right, sides.right); });
}

void compose_runs(const std::string& left, const std::string& right, bool resolve, DiffSides& sides) {
  const auto compose_side = [&](const std::string& folder, DiffSide& side) {
    about_side("the run " + folder, [&] { compose_run(folder, resolve, side); });
  };
  about_both([&] { compose_side(left, sides.left); }, [&] { compose_side(right, sides.right); });
}

void compose_revisions(const HydraFlags& flags, const std::string& revisions, bool resolve, DiffSides& sides) {
  const Revisions names = split_revisions(revisions);
  const ComposeRequest request = flags.request();
  write_stderr(missing_config_note(flags, request));
  if (request.config_dirs.empty()) refuse_usage("--revisions needs the folder with the configs", "-cp FOLDER");
  const auto compose_side = [&](const std::optional<std::string>& name, DiffSide& side) {
    about_side(name ? "the revision " + *name : "the working tree",
               [&] { compose_revision(request, name, resolve, side); });
  };
  about_both([&] { compose_side(names.left, sides.left); }, [&] { compose_side(names.right, sides.right); });
}

}  // namespace cfgtool
