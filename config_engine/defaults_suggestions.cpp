#include "config_engine/defaults_suggestions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/defaults_errors.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kFile = "file://";

/// The group that is near to one that does not exist; empty if none is.
std::string near_group(const std::string& wanted, const ConfigRepository& repository) {
  std::string found;
  for (size_t begin = 0; begin <= wanted.size();) {
    const size_t end = std::min(wanted.find('/', begin), wanted.size());
    const std::string part = wanted.substr(begin, end - begin);
    const std::vector<std::string> near = nearest_names(part, repository.subgroups(found), 1);
    if (near.empty()) return {};
    found += found.empty() ? near[0] : "/" + near[0];
    begin = end + 1;
  }
  return found;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

/// Where below `group` an option of that name is; empty if it is nowhere.
std::string option_below(const std::string& group, std::string_view name, const ConfigRepository& repository) {
  for (const std::string& below : repository.subgroups(group)) {
    const std::vector<std::string> options =
        repository.group_options(group.empty() ? below : fmt::format("{}/{}", group, below));
    if (std::find(options.begin(), options.end(), name) != options.end()) return fmt::format("{}/{}", below, name);
  }
  return {};
}

/// Where the config is if it is elsewhere: `db.mysql` is `db/mysql`, and `mysql` an option of a group below.
std::string path_meant(const InputDefault& entry, const ConfigRepository& repository) {
  std::string path = entry.path;
  std::replace(path.begin(), path.end(), '.', '/');
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return option_below(entry.group_path(), path, repository);
  const std::vector<std::string> options = repository.group_options(path.substr(0, slash));
  const bool is_there = std::find(options.begin(), options.end(), path.substr(slash + 1)) != options.end();
  return is_there ? path : std::string();
}

/// What a text in a defaults list should have been, where it cannot be a config's path.
std::string other_form(const InputDefault& entry, const ConfigRepository& repository) {
  const size_t sign = entry.path.find_first_of("=:");
  if (sign != std::string::npos && sign > 0 && sign + 1 < entry.path.size()) {
    const size_t value = std::min(entry.path.find_first_not_of(' ', sign + 1), entry.path.size());
    const char* const what = entry.path[sign] == '=' ? "in a file, a group's option is written"
                             : value == sign + 1     ? "a blank is missing in"
                                                     : "the quotes make one text of";
    return fmt::format("{} '- {}: {}'", what, entry.path.substr(0, sign), entry.path.substr(value));
  }
  if (!nearest_names(entry.path, {"_self_"}, 1).empty()) return "did you mean '_self_'?";
  if (!repository.group_exists(entry.config_path())) return {};
  return fmt::format("this is a group: write '- {}: OPTION'; its options are {}", entry.path,
                     fmt::join(repository.group_options(entry.config_path()), ", "));
}

/// An option with what belongs to its group.
std::string other_option(const InputDefault& entry, const std::vector<std::string>& options) {
  const std::string name(entry.name().value_or(""));
  const size_t at = name.find('@');
  const bool has_package = at != std::string::npos && at > 0;
  const size_t slash = name.rfind('/');
  const std::string option = has_package ? name.substr(0, at) : name.substr(slash == std::string::npos ? 0 : slash + 1);
  if (option == name || std::find(options.begin(), options.end(), option) == options.end()) return {};
  if (has_package)
    return fmt::format("a package stands behind the group: '{}{}: {}'", entry.path, name.substr(at), option);
  return fmt::format("an option is named without its group: '{}: {}'", entry.path, option);
}

/// A file of the config's name that does not end as those of configs do.
std::string file_with_other_ending(const std::string& config_path, const ConfigRepository& repository) {
  const std::string file = config_path.ends_with(".yml") ? config_path : config_path + ".yml";
  for (const SearchPathEntry& place : repository.search_path()) {
    if (!place.path.starts_with(kFile)) continue;
    const std::string path = fmt::format("{}/{}", place.path.substr(kFile.size()), file);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return {};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

/// Whether the entry names a group that there is, as `group: option` or `override group@package: option`.
bool names_group(const Tree& tree, NodeId entry, const ConfigRepository& repository) {
  if (tree[entry].kind != NodeKind::kMap || tree[entry].length != 1) return false;
  const NodeId option = tree[entry].child.first;
  const std::vector<std::string_view> words = words_of(tree[option].key().text);
  if (words.empty() || tree[option].kind != NodeKind::kString) return false;
  const std::string group(words.back().substr(0, words.back().find('@')));
  return repository.group_exists(group.starts_with('/') ? group.substr(1) : group);
}

bool has_group_entry(const Tree& tree, NodeId list, const ConfigRepository& repository) {
  for (const NodeId entry : tree.children(list)) {
    if (names_group(tree, entry, repository)) return true;
  }
  return false;
}

/// Whether a part of the package begins or ends with '_', as few do.
bool has_outer_underscore(std::string_view package) {
  return package.starts_with('_') || package.ends_with('_') || package.find("._") != std::string_view::npos ||
         package.find("_.") != std::string_view::npos;
}

/// The keyword that a part of a package is near to, but not the same; empty if it is near to none.
std::string near_keyword(std::string_view part) {
  // Nearly every part: the rest costs more.
  if (!part.starts_with('_') && !part.ends_with('_')) return {};
  const std::vector<std::string> keywords{"_global_", "_group_", "_here_"};
  if (std::find(keywords.begin(), keywords.end(), part) != keywords.end()) return {};
  const std::vector<std::string> near = nearest_names(part, keywords, 1);
  const bool looks_like_one = part.starts_with('_') && part.ends_with('_');
  return near.empty() || (!looks_like_one && edit_distance(part, near[0]) > 1) ? std::string() : near[0];
}

bool has_key(const LoadedConfig& config, std::string_view path) {
  const Tree& tree = config.file->tree;
  NodeId node = config.root;
  for (const std::string_view part : split_key(path)) {
    if (node == kNoNode || tree[node].kind != NodeKind::kMap) return false;
    node = tree.find(node, Key(part));
  }
  return node != kNoNode;
}

/// The config of the entry; of `_self_` the one whose list that stands in.
const DefaultsTreeNode* owner_of(const ResultDefault& entry) {
  return entry.is_self ? entry.node->parent : entry.node;
}

/// Whether `entry` is `above`, or was brought by it.
bool lies_below(const ResultDefault& entry, const ResultDefault& above) {
  for (const DefaultsTreeNode* node = entry.node ? owner_of(entry) : nullptr; node; node = node->parent) {
    if (node == owner_of(above)) return true;
  }
  return false;
}

/// Whether another config lies in that package, or has a key of that path.
bool is_set_elsewhere(std::string_view path, const ResultDefault& by, const std::vector<ResultDefault>& entries,
                      ConfigRepository& repository) {
  return std::any_of(entries.begin(), entries.end(), [&](const ResultDefault& other) {
    if (lies_below(other, by)) return false;
    const std::string_view package = other.package;
    const auto lies_in = [](std::string_view inner, std::string_view outer) {
      return outer.empty() ||
             (inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '.'));
    };
    if (lies_in(package, path)) return true;
    if (!lies_in(path, package)) return false;
    const LoadedConfig* const config = repository.load_config(other.config_path);
    return config && has_key(*config, path.substr(package.empty() ? 0 : package.size() + 1));
  });
}

/// Where the package stands behind `sign`, which is looked for from `from` on.
SourcePos place_behind(std::string_view sign, SourcePos from, const SourceMap& sources) {
  SourceLocation at;
  if (!sources.locate(from, &at)) return from;
  const std::string_view rest = at.line_text.substr(std::min<size_t>(at.column - 1, at.line_text.size()));
  const size_t found = rest.find(sign);
  return found == std::string_view::npos ? from : from + (found + sign.size());
}

}  // namespace

void suggest_for_config(const InputDefault& entry, const ConfigRepository& repository,
                        const std::vector<std::string>& options, VersionBase version_base, Diagnostic& diagnostic) {
  std::vector<std::string>& notes = diagnostic.notes;
  if (const std::string file = file_with_other_ending(entry.config_path(), repository); !file.empty()) {
    notes.push_back(fmt::format("there is '{}', but the files of configs end in .yaml", file));
    return;
  }
  std::string name(entry.name().value_or(""));
  if (!entry.primary) {
    std::string form = entry.is_config() ? other_form(entry, repository) : other_option(entry, options);
    if (!form.empty()) {
      notes.push_back(std::move(form));
      return;
    }
  }
  const std::string group = entry.group_path();
  if (!entry.primary && !group.empty() && !repository.group_exists(group)) {
    const std::string near = near_group(group, repository);
    if (!near.empty()) notes.push_back(fmt::format("did you mean the group '{}'?", near));
    return;
  }
  if (name.ends_with(".yml")) name.resize(name.size() - 4);
  const std::vector<std::string> near = nearest_names(name, options, 1);
  if (near.empty()) {
    const std::string other = entry.is_config() && !entry.primary ? path_meant(entry, repository) : std::string();
    if (!other.empty()) notes.push_back(fmt::format("did you mean '{}'?", other));
    return;
  }
  notes.push_back(fmt::format("did you mean '{}{}'?", entry.is_config() ? folder_of(entry.path) : "", near[0]));
  if (entry.replaced || entry.external_append)
    diagnostic.fix =
        fmt::format("{}{}={}", entry.external_append ? "+" : "", entry.override_key(version_base), near[0]);
}

void suggest_keyword(const SourceMap& sources, Diagnostic& diagnostic) {
  for (const Label& label : diagnostic.labels) {
    SourceLocation at;
    if (!sources.locate(label.pos, &at) || at.kind != SourceKind::kFile) continue;
    const std::string_view rest = at.line_text.substr(std::min<size_t>(at.column - 1, at.line_text.size()));
    std::vector<std::string_view> words = words_of(rest.substr(0, rest.find(':')));
    if (words.empty()) continue;
    words.pop_back();
    for (const std::string_view word : words) {
      if (word == "override" || word == "optional") continue;
      const std::string hint = did_you_mean(word, {"override", "optional"});
      if (!hint.empty())
        diagnostic.notes.push_back(fmt::format("'{}' is no keyword, and counts for nothing; {}", word, hint));
    }
  }
}

void warn_of_misspelt_list(const LoadedConfig& config, const std::string& config_path,
                           const ConfigRepository& repository, std::vector<Diagnostic>& warnings) {
  const Tree& tree = config.file->tree;
  if (config.defaults_node != kNoNode || config.file->is_builtin || tree[config.root].kind != NodeKind::kMap) return;
  for (const NodeId child : tree.children(config.root)) {
    if (tree[child].kind != NodeKind::kList) continue;
    const std::string_view key = tree[child].key().text;
    const bool may_be_near = key.starts_with('d') || key.starts_with('D');
    if (!may_be_near || nearest_names(key, {"defaults"}, 1).empty()) continue;
    if (!has_group_entry(tree, child, repository)) continue;
    Diagnostic warning = defaults_problem(
        "defaults-misspelt",
        fmt::format("In '{}': '{}' is an ordinary key, though it looks like a defaults list; did you mean 'defaults'?",
                    config_path, tree[child].key().text),
        tree[child].key_pos);
    warning.severity = Severity::kWarning;
    warnings.push_back(std::move(warning));
  }
}

void warn_of_misspelt_packages(const std::vector<ResultDefault>& entries, ConfigRepository& repository,
                               const SourceMap& sources, std::vector<Diagnostic>& warnings) {
  for (const ResultDefault& entry : entries) {
    if (!entry.node || entry.primary || !has_outer_underscore(entry.package)) continue;
    const LoadedConfig* const config = repository.load_config(entry.config_path);
    if (!config || config->file->is_builtin) continue;
    const InputDefault& node = owner_of(entry)->node;
    const bool by_entry = node.package.has_value();
    const std::string written = by_entry ? *node.package : config->file->package_header.value_or("");
    for (const std::string_view part : split_key(written)) {
      const std::string keyword = near_keyword(part);
      const size_t begin = keyword.empty() ? std::string::npos : entry.package.find(part);
      if (begin == std::string::npos) continue;
      const std::string path = entry.package.substr(0, begin + part.size());
      if (is_set_elsewhere(path, entry, entries, repository)) continue;
      const SourcePos pos =
          by_entry ? place_behind("@", node.own_pos, sources) : place_behind("@package ", config->file->begin, sources);
      Diagnostic warning =
          defaults_problem("package-keyword",
                           fmt::format("In '{}': '{}' in a package is an ordinary key; did you mean '{}'?",
                                       by_entry ? entry.parent.value_or("") : entry.config_path, part, keyword),
                           pos);
      warning.severity = Severity::kWarning;
      warnings.push_back(std::move(warning));
    }
  }
}

}  // namespace cfgtool
