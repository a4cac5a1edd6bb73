#include "config_engine/compose_suggestions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/key_path.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

bool lies_at_or_below(std::string_view key, std::string_view above) {
  return key.starts_with(above) && (key.size() == above.size() || key[above.size()] == '.');
}

std::string group_of(const std::string& choice) {
  return choice.substr(0, choice.find('@'));
}

/// Both places count: the word that wants the key, and the one that took it away.
bool tell_deletion(const Override& word, const Composition& composition, Diagnostic& diagnostic) {
  if (diagnostic.code != "override-key-missing" && diagnostic.code != "delete-key-missing") return false;
  for (const auto& [deleted, place] : composition.context.deleted_keys) {
    if (deleted.empty() || !lies_at_or_below(word.key_or_group, deleted)) continue;
    const auto behind_first = diagnostic.labels.begin() + (diagnostic.labels.empty() ? 0 : 1);
    diagnostic.labels.insert(behind_first, {place, 1, fmt::format("'{}' is deleted here", deleted)});
    return true;
  }
  return false;
}

/// A group that is in the defaults list and whose name is near; as it is written there, with its package.
std::string near_group(const Override& word, const Composition& composition) {
  std::vector<std::string> groups;
  for (const auto& known : composition.defaults.known_choices)
    groups.push_back(known.first);
  const auto only_one_of = [&](const std::string& name) {
    const auto is_of = [&](const std::string& choice) { return group_of(choice) == name; };
    const auto first = std::find_if(groups.begin(), groups.end(), is_of);
    return first != groups.end() && std::none_of(first + 1, groups.end(), is_of) ? *first : std::string();
  };
  std::string typed = word.package ? word.key_or_group + "@" + *word.package : word.key_or_group;
  std::vector<std::string> near = nearest_names(typed, groups, 1);
  if (near.empty()) {
    std::replace(typed.begin(), typed.end(), '.', '/');
    near = nearest_names(typed, groups, 1);
  }
  if (near.empty()) {
    // Or the package that the group has there.
    std::vector<std::string> names;
    std::transform(groups.begin(), groups.end(), std::back_inserter(names), group_of);
    near = nearest_names(word.key_or_group, names, 1);
    if (!near.empty()) near = {only_one_of(near[0])};
  }
  if (near.empty() || near[0].empty()) {
    near.clear();
    // The folder above it was left out.
    const auto below = [&](const std::string& group) { return group.ends_with("/" + typed); };
    std::copy_if(groups.begin(), groups.end(), std::back_inserter(near), below);
    if (near.size() != 1) return {};
  }
  // A key of what the group brings is no slip of the finger for the group.
  return typed.starts_with(near[0] + "/") ? std::string() : near[0];
}

/// A misspelt group is taken for a key.
bool suggest_group(const Override& word, const Composition& composition, const ConfigRepository& repository,
                   Diagnostic& diagnostic) {
  const std::string group = near_group(word, composition);
  const Node& value = word.value[word.value.root()];
  if (group.empty() || !value.is_text()) return false;
  if (group == word.key_or_group) {
    diagnostic.notes.push_back(fmt::format("the defaults list has the group '{}', but no folder is there", group));
    return true;
  }
  const std::vector<std::string> options = repository.group_options(group_of(group));
  std::string option(value.text());
  const bool stands_for_any = option == "VALUE";  // see override_syntax_errors.cpp
  if (!stands_for_any && std::find(options.begin(), options.end(), option) == options.end()) {
    const std::vector<std::string> near = nearest_names(option, options, 1);
    if (near.empty()) return false;
    option = near[0];
  }
  // The key that was near is where the group's option lies, or further off than the group.
  const auto is_about_a_key = [](const std::string& note) {
    return note.starts_with("did you mean '") || note.ends_with("' holds several values");
  };
  diagnostic.notes.erase(std::remove_if(diagnostic.notes.begin(), diagnostic.notes.end(), is_about_a_key),
                         diagnostic.notes.end());
  diagnostic.notes.push_back(fmt::format("did you mean the group '{}'?", group));
  diagnostic.fix = fmt::format("{}={}", group, option);
  return true;
}

NodeId at_path(const Tree& tree, std::string_view path) {
  NodeId node = tree.root();
  for (const std::string_view part : split_key(path)) {
    if (node == kNoNode || tree[node].kind != NodeKind::kMap) return kNoNode;
    node = tree.find(node, Key(part));
  }
  return node;
}

std::string with_key(const Override& word, const std::string& key) {
  std::string typed(word.input_line);
  return typed.replace(word.key_pos.offset - word.pos.offset, word.key_or_group.size(), key);
}

/// `cfg.seed` as in a Python program, where the file has `seed`.
bool suggest_without_first_part(const Override& word, const Tree& tree, Diagnostic& diagnostic) {
  const size_t dot = word.key_or_group.find('.');
  if (dot == std::string::npos || at_path(tree, word.key_or_group.substr(0, dot)) != kNoNode) return false;
  const std::string rest = word.key_or_group.substr(dot + 1);
  if (rest.empty() || at_path(tree, rest) == kNoNode) return false;
  diagnostic.notes.push_back(fmt::format("did you mean '{}'?", rest));
  diagnostic.fix = with_key(word, rest);
  return true;
}

void find_keys_ending_in(const Tree& tree, NodeId below, std::string_view ending, size_t most,
                         std::vector<std::string>& found) {
  for (const NodeId child : tree.children(below)) {
    if (found.size() == most) return;
    if (tree[below].parent == kNoNode && tree[child].key().text == "hydra") continue;
    if (tree[below].kind == NodeKind::kMap && tree[below].parent != kNoNode &&
        tree[child].key().text == ending.substr(ending.rfind('.') + 1)) {
      std::string path = tree.key_path(child);
      if (path.ends_with(fmt::format(".{}", ending))) found.push_back(std::move(path));
    }
    if (tree[child].is_container()) find_keys_ending_in(tree, child, ending, most, found);
  }
}

/// `lr` or `optim.lr` where the configuration has `actor.optim.lr`.
void suggest_longer_key(const Override& word, const Tree& tree, Diagnostic& diagnostic) {
  constexpr size_t kMost = 3;
  if (at_path(tree, word.key_or_group) != kNoNode) return;
  std::vector<std::string> found;
  find_keys_ending_in(tree, tree.root(), word.key_or_group, kMost + 1, found);
  if (found.empty()) return;
  const bool are_more = found.size() > kMost;
  found.resize(std::min(found.size(), kMost));
  diagnostic.notes.push_back(
      fmt::format("did you mean '{}'{}?", fmt::join(found, "' or '"), are_more ? " or another that ends so" : ""));
  diagnostic.fix = found.size() == 1 ? with_key(word, found[0]) : "";
}

bool names_yaml_file(const fs::path& path) {
  std::error_code ignored;
  return (path.extension() == ".yaml" || path.extension() == ".yml") && fs::is_regular_file(path, ignored);
}

/// The flags that make the file the primary config.
std::string flags_for(const fs::path& file) {
  const std::string folder = path_from_here(file.parent_path().string());
  return fmt::format("--config-path {} --config-name {}", folder.empty() ? "." : folder, file.stem().string());
}

}  // namespace

void suggest_for_override(const Override& word, const Composition& composition, const ConfigRepository& repository,
                          Diagnostic& diagnostic) {
  if (tell_deletion(word, composition, diagnostic)) return;
  // Where the fix is another one, a key was near that the word could go to.
  const bool is_open = diagnostic.code == "override-key-missing" && diagnostic.fix.starts_with('+');
  if (!is_open && diagnostic.code != "override-no-group") return;
  if (suggest_group(word, composition, repository, diagnostic) || !is_open) return;
  if (!suggest_without_first_part(word, composition.tree, diagnostic))
    suggest_longer_key(word, composition.tree, diagnostic);
}

void suggest_for_unread_word(const std::vector<std::string>& words, size_t index, Diagnostic& diagnostic) {
  const std::string& word = words[index];
  for (const std::string& file : {word, word + ".yaml"}) {
    if (!names_yaml_file(file)) continue;
    diagnostic.notes = {"this is a file: the primary config is named by the flags --config-path and --config-name"};
    diagnostic.fix = flags_for(fs::path(file));
    return;
  }
  if (word.find('=') != std::string::npos) return;
  std::string joined;
  if (index > 0 && words[index - 1].ends_with('=')) joined = words[index - 1] + word;
  if (index > 1 && words[index - 1] == "=") joined = words[index - 2] + joined;
  if (index + 1 < words.size() && words[index + 1].starts_with('=')) joined = word + words[index + 1];
  if (joined.ends_with('=') && index + 2 < words.size()) joined += words[index + 2];
  if (joined.empty()) return;
  diagnostic.notes = {"no blanks may stand beside the '='"};
  diagnostic.fix = joined;
}

void suggest_for_missing_folder(const std::string& folder, Diagnostic& diagnostic) {
  const fs::path path(folder);
  std::error_code failed;
  if (fs::is_regular_file(path, failed)) {
    diagnostic.notes.emplace_back("this is a file: --config-path names its folder, --config-name the config in it");
    diagnostic.fix = flags_for(path);
    return;
  }
  std::vector<std::string> beside;
  for (fs::directory_iterator entry(path.parent_path(), failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) beside.push_back(entry->path().filename().string());
  }
  const std::vector<std::string> near = nearest_names(path.filename().string(), beside, 1);
  if (near.empty()) return;
  const std::string meant = path_from_here((path.parent_path() / near[0]).string());
  diagnostic.notes.push_back(fmt::format("did you mean '{}'?", meant));
  diagnostic.fix = fmt::format("--config-path {}", meant);
}

}  // namespace cfgtool
