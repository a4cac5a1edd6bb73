#include "config_engine/defaults_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config_engine/defaults_suggestions.hpp"

namespace cfgtool {

namespace {
// Python gives up on about as many configs that include each other.
constexpr int kDeepestDefaultsTree = 256;
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
