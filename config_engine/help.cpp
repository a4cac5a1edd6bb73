#include "config_engine/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config_engine/emit.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

/// The names behind a `$`, and what they become.
using Placeholders = std::vector<std::pair<std::string_view, std::string>>;

constexpr std::string_view kFlagsHelp = "FLAGS_HELP";

bool begins_name(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t name_length(std::string_view text) {
  size_t length = 0;
  while (length < text.size() &&
         (begins_name(text[length]) || (length > 0 && text[length] >= '0' && text[length] <= '9')))
    ++length;
  return length;
}

/// A template with `$NAME`, `${NAME}` and `$$` in it, as Python's string.Template reads one.
class Template {
 public:
  /// \param key where the configuration has it \param pos where that was written
  Template(std::string_view text, std::string_view key, SourcePos pos) : text_(text), key_(key), pos_(pos) {}

  /// \param used gets the names that it has
  std::string fill(const Placeholders& known, std::vector<std::string_view>* used) const {
    std::string filled;
    size_t at = 0;
    for (size_t dollar = text_.find('$'); dollar != std::string_view::npos; dollar = text_.find('$', at)) {
      filled.append(text_, at, dollar - at);
      const std::string_view rest = text_.substr(dollar + 1);
      if (rest.starts_with('$')) {
        filled += '$';
        at = dollar + 2;
        continue;
      }
      const bool braced = rest.starts_with('{');
      const std::string_view name = rest.substr(braced, name_length(rest.substr(braced)));
      const bool closed = !braced || rest.substr(1 + name.size()).starts_with('}');
      if (name.empty() || !closed) refuse_broken(dollar);
      filled += value_of(name, known, dollar);
      used->push_back(name);
      at = dollar + 1 + name.size() + (braced ? 2 : 0);
    }
    return filled.append(text_, at);
  }

 private:
  const std::string& value_of(std::string_view name, const Placeholders& known, size_t dollar) const {
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == name; });
    if (found != known.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& one : known)
      names.emplace_back(one.first);
    refuse(dollar, fmt::format("{} has the placeholder '${}', which is none", key_, name), did_you_mean(name, names));
  }

  [[noreturn]] void refuse_broken(size_t dollar) const {
    refuse(dollar, fmt::format("{} has a '$' that begins no placeholder", key_), "a dollar sign is written as $$");
  }

  [[noreturn]] void refuse(size_t dollar, std::string message, std::string note) const {
    const std::string_view before = text_.substr(0, dollar);
    const size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
    Diagnostic diagnostic;
    diagnostic.code = "help-template";
    diagnostic.key_path = key_;
    diagnostic.message = std::move(message);
    diagnostic.labels.push_back({pos_, 1, {}});
    diagnostic.notes.push_back(fmt::format("line {}, column {} of the template",
                                           1 + std::count(before.begin(), before.end(), '\n'), dollar - begin + 1));
    if (!note.empty()) diagnostic.notes.push_back(std::move(note));
    diagnostic.notes.emplace_back("placeholders are $FLAGS_HELP, $APP_CONFIG_GROUPS, $HYDRA_CONFIG_GROUPS and $CONFIG");
    throw ConfigError(std::move(diagnostic));
  }

  std::string_view text_;
  std::string_view key_;
  SourcePos pos_;
};

// hydra: Hydra.list_all_config_groups
void append_groups(const ConfigRepository& repository, const std::string& parent, std::vector<std::string>* groups) {
  for (const std::string& name : repository.subgroups(parent)) {
    const std::string group = parent.empty() ? name : parent + "/" + name;
    if (!repository.group_options(group).empty()) groups->push_back(group);
    append_groups(repository, group, groups);
  }
}

// hydra: Hydra.format_config_groups
std::string groups_text(const ConfigRepository& repository, const std::vector<std::string>& groups, bool hydras) {
  std::string text;
  for (const std::string& group : groups) {
    if ((group == "hydra" || group.starts_with("hydra/")) != hydras) continue;
    text += fmt::format("{}: {}\n", group, fmt::join(repository.group_options(group), ", "));
  }
  return text;
}

/// The string at `key` and where it was written.
std::pair<std::string, SourcePos> text_at(Composition& composition, std::string_view key,
                                          const ResolveContext& context) {
  Tree all = composition.whole_tree();
  Resolver resolver(all, *composition.sources, context, &composition.warnings);
  const size_t dot = key.rfind('.');
  const NodeId parent = resolver.select(all.root(), key.substr(0, dot), false);
  const bool is_map = parent != kNoNode && all[parent].kind == NodeKind::kMap;
  const NodeId written = is_map ? all.find(parent, key.substr(dot + 1)) : kNoNode;
  const SourcePos pos = written != kNoNode ? all[written].pos : is_map ? all[parent].pos : SourcePos{};
  const NodeId value = written == kNoNode ? kNoNode : resolver.dereference(written);
  if (value == kNoNode || all[value].kind == NodeKind::kMissing)
    throw_error(Stage::kCompose, "help-missing", fmt::format("Missing mandatory value: {}", key), pos);
  if (all[value].is_container() || all[value].kind == NodeKind::kNull)
    throw_error(Stage::kResolve, "help-type", fmt::format("{} must be a string", key), pos);
  return {python_str(all, value), pos};
}

/// Unlike --cfg with --resolve, Hydra evaluates $CONFIG with OmegaConf.to_yaml, which refuses what leads to `???`.
void refuse_missing_targets(Tree& tree, NodeId node, Resolver& resolver) {
  if (tree[node].is_container()) {
    for (NodeId child = tree[node].child.first; child != kNoNode; child = tree[child].next)
      refuse_missing_targets(tree, child, resolver);
    return;
  }
  if (tree[node].kind != NodeKind::kInterpolation || tree[resolver.dereference(node)].kind != NodeKind::kMissing)
    return;
  throw_error(Stage::kResolve, "interpolation-to-missing",
              fmt::format("{} leads to a missing value: {}", tree.key_path(node), tree[node].text()), tree[node].pos);
}

std::string config_text(Composition& composition, CfgPart part, bool resolve) {
  if (resolve) {
    Tree tree = composition.tree;
    const ResolveContext context = composition.resolve_context();
    Resolver resolver(tree, *composition.sources, context);
    refuse_missing_targets(tree, tree.root(), resolver);
  }
  return print_cfg(composition, part, resolve, std::nullopt);
}

struct Parts {
  std::string_view key;  ///< of the template
  CfgPart config;        ///< what $CONFIG shows
  bool resolve;
};

Help fill(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, const std::string& flags,
          const Parts& parts) {
  Composition composition = compose(store, request);
  try {
    // hydra: only the application's help sees ${hydra:}.
    const bool of_hydra = parts.config == CfgPart::kHydra;
    const auto [text, pos] =
        text_at(composition, parts.key, of_hydra ? composition.context : composition.resolve_context());
    // hydra: what hydra.searchpath adds is not among the groups that its help lists.
    std::vector<SearchPathEntry> search_path = composition.search_path;
    std::erase_if(search_path, [](const SearchPathEntry& entry) { return entry.provider.starts_with("hydra."); });
    const ConfigRepository repository(store, std::move(search_path), request.version_base, request.pkg_path,
                                      *composition.sources, composition.context);
    std::vector<std::string> groups;
    append_groups(repository, "", &groups);
    std::sort(groups.begin(), groups.end());
    const Placeholders known{{kFlagsHelp, flags},
                             {"HYDRA_CONFIG_GROUPS", groups_text(repository, groups, true)},
                             {"APP_CONFIG_GROUPS", groups_text(repository, groups, false)},
                             {"CONFIG", config_text(composition, parts.config, parts.resolve)}};
    Help help;
    std::vector<std::string_view> used;
    help.text = Template(text, parts.key, pos).fill(known, &used) + "\n";
    help.shows_flags = std::find(used.begin(), used.end(), kFlagsHelp) != used.end();
    help.warnings = std::move(composition.warnings);
    help.sources = composition.sources;
    return help;
  } catch (ConfigError& error) {
    error.set_sources(composition.sources);
    throw;
  }
}

}  // namespace

Help app_help(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, const std::string& flags,
              bool resolve) {
  try {
    return fill(store, request, flags, {"hydra.help.template", CfgPart::kJob, resolve});
  } catch (ConfigError& error) {
    error.diagnostics().front().notes.emplace_back(
        "the help is part of the configuration; --hydra-help lists the flags");
    throw;
  }
}

Help hydra_help(const std::shared_ptr<FileStore>& store, ComposeRequest request, const std::string& flags) {
  request.config_name.reset();
  try {
    return fill(store, request, flags, {"hydra.hydra_help.template", CfgPart::kHydra, false});
  } catch (ConfigError& error) {
    error.diagnostics().front().notes.emplace_back(
        "--hydra-help is made of Hydra's own configuration: only overrides of hydra can go with it");
    throw;
  }
}

}  // namespace cfgtool
