#include "config_engine/defaults_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "config_engine/defaults_suggestions.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {
namespace fs = std::filesystem;

// Python gives up on about as many configs that include each other.
constexpr int kDeepestDefaultsTree = 256;

// How far a config is looked for that is not where it should be: a folder may be a whole disk.
constexpr int kDeepestSearch = 3;
constexpr size_t kMostSearchedFolders = 500;

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    std::error_code ignored;
    const bool is_hidden = entry->path().filename().string().starts_with('.');
    if (!is_hidden && entry->is_directory(ignored) && !entry->is_symlink(ignored)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The folders below `folder` first, the nearer the earlier, then the one above and those beside it.
/// \return the first that holds `file`; empty if none does
fs::path folder_nearby_with(const fs::path& folder, const std::string& file) {
  std::vector<fs::path> level = folders_in(folder);
  size_t searched = 0;
  std::error_code ignored;
  for (int depth = 1; depth <= kDeepestSearch; ++depth) {
    std::vector<fs::path> next;
    for (const fs::path& candidate : level) {
      if (++searched > kMostSearchedFolders) return {};
      if (fs::is_regular_file(candidate / file, ignored)) return candidate;
      if (depth == kDeepestSearch) continue;
      for (fs::path& below : folders_in(candidate))
        next.push_back(std::move(below));
    }
    level = std::move(next);
  }
  std::vector<fs::path> beside = folders_in(folder.parent_path());
  beside.insert(beside.begin(), folder.parent_path());
  for (const fs::path& candidate : beside) {
    if (++searched > kMostSearchedFolders) break;
    if (fs::is_regular_file(candidate / file, ignored)) return candidate;
  }
  return {};
}

/// That another folder has the primary config, and how to name that one.
void tell_folder_nearby(const ConfigRepository& repository, const std::string& config_path, Diagnostic& diagnostic) {
  const fs::path name = fs::path(config_path).filename();
  const bool has_ending = name.extension() == ".yaml" || name.extension() == ".yml";
  const std::string file = has_ending ? name.string() : name.string() + ".yaml";
  for (const SearchPathEntry& entry : repository.search_path()) {
    if (entry.provider != "main" || !entry.path.starts_with("file://")) continue;
    const fs::path folder = fs::path(entry.path.substr(std::string_view("file://").size())).lexically_normal();
    const fs::path found = folder_nearby_with(folder, file);
    if (found.empty()) return;
    const std::string shown = path_from_here(found.string());
    diagnostic.notes.push_back(fmt::format("there is a '{}'", (fs::path(shown) / file).string()));
    diagnostic.fix = fmt::format("--config-path {} --config-name {}", shown, name.string());
    return;
  }
}
}  // namespace

Diagnostic defaults_problem(std::string code, std::string message, SourcePos pos) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  if (pos) diagnostic.labels.push_back({pos, 1, {}});
  return diagnostic;
}

void refuse_endless_defaults(const DefaultsTreeNode& root) {
  int depth = 0;
  for (const DefaultsTreeNode* node = &root; node->parent; node = node->parent)
    ++depth;
  if (depth <= kDeepestDefaultsTree) return;
  std::vector<std::string> circle;
  bool closed = false;
  for (const DefaultsTreeNode* node = &root; node->parent && !closed; node = node->parent) {
    const std::string path = node->node.config_path();
    closed = std::find(circle.begin(), circle.end(), path) != circle.end();
    circle.push_back(path);
  }
  std::reverse(circle.begin(), circle.end());
  if (!closed) {
    throw ConfigError(
        defaults_problem("defaults-too-deep",
                         fmt::format("In '{}': the defaults lists include each other more than {} levels deep",
                                     root.node.config_path(), kDeepestDefaultsTree),
                         root.node.pos));
  }
  Diagnostic diagnostic = defaults_problem("defaults-cycle",
                                           fmt::format("In '{}': the defaults lists include each other without end: {}",
                                                       circle.front(), fmt::join(circle, " -> ")),
                                           root.node.pos);
  throw ConfigError(std::move(diagnostic));
}

// hydra: config_not_found_error
void refuse_config_not_found(const DefaultsTreeNode& root, const ConfigRepository& repository,
                             VersionBase version_base) {
  const InputDefault& entry = root.node;
  // Where there is no such group, another option would not help.
  const bool group_is_wrong = entry.is_group() && !repository.group_exists(entry.group_path());
  Diagnostic diagnostic =
      defaults_problem("config-not-found", {}, group_is_wrong ? entry.pos : entry.place_of_choice());
  std::vector<std::string> options;
  if (entry.primary) {
    diagnostic.message = fmt::format("Cannot find primary config '{}'. Check that it's in your config search path.\n",
                                     entry.config_path());
    const std::string path = entry.config_path();
    const size_t slash = path.rfind('/');
    options = repository.group_options(path.substr(0, slash == std::string::npos ? 0 : slash));
  } else {
    if (entry.is_group()) {
      options = repository.group_options(entry.group_path());
      diagnostic.message = fmt::format("Could not find '{}'\n", entry.config_path());
      if (!options.empty()) {
        diagnostic.message += fmt::format("\nAvailable options in '{}':", entry.group_path());
        for (const std::string& option : options)
          diagnostic.message += "\n\t" + option;
      }
    } else {
      diagnostic.message = fmt::format("Could not load '{}'.\n", entry.config_path());
      options = repository.group_options(entry.group_path());
    }
    if (root.parent) {
      diagnostic.message = fmt::format("In '{}': {}", root.parent->node.config_path(), diagnostic.message);
    }
  }
  diagnostic.message += "\nConfig search path:";
  for (const SearchPathEntry& place : repository.search_path()) {
    diagnostic.message += "\n\t" + ConfigRepository::describe(place);
  }
  suggest_for_config(entry, repository, options, version_base, diagnostic);
  const bool has_other_ending = !diagnostic.notes.empty() && diagnostic.notes.front().starts_with("there is '");
  if (entry.primary && !has_other_ending) tell_folder_nearby(repository, entry.config_path(), diagnostic);
  throw ConfigError(std::move(diagnostic));
}

void refuse_second_choice(const DefaultsTreeNode& first, const DefaultsTreeNode& second, const std::string& key) {
  // Both may be the same line of a file that was brought twice: then who brought it is what to change.
  std::vector<const DefaultsTreeNode*> above_first;
  for (const DefaultsTreeNode* node = &first; node; node = node->parent)
    above_first.push_back(node);
  const DefaultsTreeNode* culprit = &second;
  // The primary config and Hydra's own are brought by nobody.
  const auto is_brought = [](const DefaultsTreeNode* node) { return node->parent && !node->parent->node.is_virtual(); };
  while (is_brought(culprit) && is_brought(culprit->parent) &&
         std::find(above_first.begin(), above_first.end(), culprit->parent) == above_first.end())
    culprit = culprit->parent;
  const std::string path = culprit->node.config_path();
  const auto same = std::find_if(above_first.begin(), above_first.end(),
                                 [&](const auto* node) { return node->node.config_path() == path; });
  const InputDefault& other = same == above_first.end() ? first.node : (*same)->node;
  Diagnostic diagnostic =
      defaults_problem("group-chosen-twice", fmt::format("{} appears more than once in the final defaults list", key),
                       culprit->node.own_pos);
  if (other.own_pos && !(other.own_pos == culprit->node.own_pos))
    diagnostic.labels.push_back({other.own_pos, 1, "is in the list already because of this"});
  if (culprit != &second && !(second.node.own_pos == other.own_pos))
    diagnostic.labels.push_back({second.node.own_pos, 1, "this is what appears twice"});
  // A word that adds an entry which is there already was meant to choose its option.
  if (culprit == &second && second.node.external_append && second.node.name())
    diagnostic.fix = fmt::format("{}={}", key, *second.node.name());
  throw ConfigError(std::move(diagnostic));
}

void refuse_missing_choice(const InputDefault& entry, const ConfigRepository& repository, VersionBase version_base,
                           const std::optional<std::pair<SourcePos, std::string>>& unused) {
  if (entry.is_config()) {
    throw ConfigError(defaults_problem("defaults-missing-choice",
                                       fmt::format("Missing ConfigDefault is not supported : {}", entry.config_path()),
                                       entry.place_of_choice()));
  }
  const std::string key = entry.override_key(version_base);
  const std::vector<std::string> options = repository.group_options(entry.group_path());
  std::string message = fmt::format("You must specify '{}', e.g, {}=<OPTION>\nAvailable options:\n", key, key);
  std::vector<std::string> lines;
  lines.reserve(options.size());
  for (const std::string& option : options)
    lines.push_back("\t" + option);
  message += fmt::format("{}", fmt::join(lines, "\n"));
  Diagnostic diagnostic = defaults_problem("defaults-missing-choice", std::move(message), entry.place_of_choice());
  if (unused) {
    diagnostic.labels.insert(diagnostic.labels.begin(), {unused->first, 1, "chooses for another package"});
    diagnostic.labels.back().text = "this choice is missing";
    diagnostic.fix = fmt::format("{}={}", key, unused->second);
  } else if (!options.empty()) {
    diagnostic.fix = fmt::format("{}={}", key, options.front());
  }
  throw ConfigError(std::move(diagnostic));
}

}  // namespace cfgtool
