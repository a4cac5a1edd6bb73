#include "config_engine/defaults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>

#include "config_engine/choice_overrides.hpp"
#include "config_engine/defaults_errors.hpp"
#include "config_engine/defaults_suggestions.hpp"

namespace cfgtool {

namespace {

std::string name_of(const InputDefault& entry) {
  return to_python(entry.choice);
}

class DefaultsTreeBuilder {
 public:
  DefaultsTreeBuilder(ConfigRepository& repository, const DefaultsRequest& request, ChoiceOverrides& overrides,
                      SourceMap& sources, std::vector<Diagnostic>& warnings)
      : repository_(repository), request_(request), overrides_(overrides), sources_(sources), warnings_(warnings) {}

  void build(DefaultsList* list);

 private:
  bool hydra_is_changed(const std::vector<ResultDefault>& entries);
  void expand(DefaultsTreeNode& root, bool interpolated_subtree);
  template <typename Work>
  void pass_over(const Work& work);
  const LoadedConfig* load(DefaultsTreeNode& root);
  std::vector<InputDefault> entries_of(const DefaultsTreeNode& root, const LoadedConfig& loaded, bool* self_added);
  bool add_self(const InputDefault& containing, std::vector<InputDefault>& entries, bool has_content);
  void collect_overrides(std::vector<InputDefault>& entries, const InputDefault& parent, bool interpolated_subtree);
  void add_children(DefaultsTreeNode& root, std::vector<InputDefault>& entries, bool interpolated_subtree);
  void add_child(DefaultsTreeNode& root, InputDefault entry, bool interpolated_subtree);
  void resolve_interpolations(DefaultsTreeNode& root, const std::vector<InputDefault>& entries, bool self_added);
  void resolve_interpolation(InputDefault* entry);
  void update_interpolation_map(const std::vector<InputDefault>& entries, bool self_added);
  bool skip_missing_choice(const InputDefault& entry);

  VersionBase version_base() const { return request_.version_base; }

  ConfigRepository& repository_;
  const DefaultsRequest& request_;
  ChoiceOverrides& overrides_;
  SourceMap& sources_;
  std::vector<Diagnostic>& warnings_;
  std::vector<std::string> unknown_;
  std::vector<SeveralChosen> several_;
  std::vector<std::pair<std::string, SourcePos>> deleted_;
  Tree interpolation_map_;  // what an interpolated entry may refer to
  size_t mapped_choices_ = 0;
  NodeId mapped_entries_ = kNoNode;
};

/// Does what may throw; where that can be left out, it is noted instead.
template <typename Work>
void DefaultsTreeBuilder::pass_over(const Work& work) {
  try {
    work();
  } catch (const ConfigError& error) {
    if (!request_.passed_over) throw;
    request_.passed_over->insert(request_.passed_over->end(), error.diagnostics().begin(), error.diagnostics().end());
  }
}

const LoadedConfig* DefaultsTreeBuilder::load(DefaultsTreeNode& root) {
  InputDefault& entry = root.node;
  if (entry.primary) return repository_.load_config(entry.config_path());
  const LoadedConfig* loaded = nullptr;
  bool readable = false;
  pass_over([&] {
    loaded = repository_.load_config(entry.config_path());
    readable = true;
  });
  // It was said what is wrong with it: not also that it is not there.
  entry.optional |= !readable;
  return loaded;
}

// hydra: _create_defaults_tree_impl
void DefaultsTreeBuilder::expand(DefaultsTreeNode& root, bool interpolated_subtree) {
  InputDefault& parent = root.node;
  refuse_endless_defaults(root);
  check_deadline(*request_.context, Stage::kCompose, parent.pos);
  if (parent.primary) parent.update_parent("", "");
  const LoadedConfig* loaded = parent.is_missing() && !parent.primary ? nullptr : load(root);
  if (parent.primary && !loaded) refuse_config_not_found(root, repository_, version_base());
  if (loaded) parent.set_package_header(loaded->file->package_header, version_base());
  if (overrides_.is_deleted(parent)) {
    overrides_.mark_deleted(&parent);
    deleted_.emplace_back(parent.final_package(version_base()), parent.deleted_by);
    return;
  }
  try {
    overrides_.set_known_choice(parent);
  } catch (ConfigError& error) {
    suggest_keyword(sources_, error.diagnostics().front());
    throw;
  }
  if (!parent.name()) return;
  if (skip_missing_choice(parent)) {
    unknown_.push_back(parent.final_package(version_base()));
    return;
  }
  if (!loaded) {
    if (!parent.optional) {
      pass_over([&] { refuse_config_not_found(root, repository_, version_base()); });
      unknown_.push_back(parent.final_package(version_base()));
    }
    parent.deleted = true;
    return;
  }
  warn_of_misspelt_list(*loaded, parent.config_path(), repository_, warnings_);
  bool self_added = false;
  std::vector<InputDefault> entries = entries_of(root, *loaded, &self_added);
  collect_overrides(entries, parent, interpolated_subtree);
  add_children(root, entries, interpolated_subtree);
  resolve_interpolations(root, entries, self_added);
  std::reverse(root.children.begin(), root.children.end());
}

std::vector<InputDefault> DefaultsTreeBuilder::entries_of(const DefaultsTreeNode& root, const LoadedConfig& loaded,
                                                          bool* self_added) {
  const InputDefault& parent = root.node;
  std::vector<InputDefault> entries = loaded.defaults;
  const bool appends_here = parent.primary && !overrides_.appended().empty();
  if (!entries.empty() || appends_here) {
    const Tree& tree = loaded.file->tree;
    bool has_content = false;
    for (NodeId child : tree.children(loaded.root)) {
      has_content |= child != loaded.defaults_node && tree[child].kind != NodeKind::kMissing;
    }
    *self_added = add_self(parent, entries, has_content && tree[loaded.root].kind == NodeKind::kMap);
  }
  if (parent.primary) {
    entries.insert(entries.end(), overrides_.appended().begin(), overrides_.appended().end());
  }
  return entries;
}

// hydra: _validate_self. Returns whether `_self_` had to be added.
bool DefaultsTreeBuilder::add_self(const InputDefault& containing, std::vector<InputDefault>& entries,
                                   bool has_content) {
  const InputDefault* self = nullptr;
  bool has_non_override = false;
  for (const InputDefault& entry : entries) {
    has_non_override |= !entry.is_override();
    if (!entry.is_self()) continue;
    if (self) {
      Diagnostic diagnostic = defaults_problem(
          "defaults-self-twice", fmt::format("Duplicate _self_ defined in {}", containing.config_path()), entry.pos);
      diagnostic.labels.push_back({self->pos, 1, "the first one"});
      throw ConfigError(std::move(diagnostic));
    }
    self = &entry;
  }
  if ((!self && has_non_override) || entries.empty()) {
    if (containing.primary && has_content && has_non_override) {
      Diagnostic warning = defaults_problem(
          "defaults-self-missing",
          fmt::format("In '{}': Defaults list is missing `_self_`. See "
                      "https://hydra.cc/docs/1.2/upgrades/1.0_to_1.1/default_composition_order for more information",
                      containing.config_path()),
          entries.empty() ? containing.pos : entries.front().pos);
      warning.severity = Severity::kWarning;
      warnings_.push_back(std::move(warning));
    }
    entries.push_back(InputDefault::config("_self_"));
  }
  return self == nullptr;
}

// hydra: _update_overrides
void DefaultsTreeBuilder::collect_overrides(std::vector<InputDefault>& entries, const InputDefault& parent,
                                            bool interpolated_subtree) {
  const std::string group = parent.group_path();
  const std::string package = parent.final_package(version_base());
  const InputDefault* seen_override = nullptr;
  for (InputDefault& entry : entries) {
    if (entry.is_self()) continue;
    entry.update_parent(group, package);
    const bool legacy_hydra_override =
        entry.is_group() && !version_base().at_least(1, 2) && !entry.is_override() && entry.path.starts_with("hydra/");
    if (seen_override && !entry.is_override() && !entry.external_append && !legacy_hydra_override) {
      Diagnostic diagnostic = defaults_problem(
          "defaults-override-order",
          fmt::format("In {}: Override '{} : {}' is defined before '{}: {}'.\nOverrides must be at the end of the "
                      "defaults list",
                      parent.config_path(), seen_override->override_key(version_base()), name_of(*seen_override),
                      entry.override_key(version_base()),
                      entry.is_group() ? name_of(entry) : std::string(entry.name().value_or("None"))),
          seen_override->pos);
      diagnostic.labels.push_back({entry.pos, 1, "must stand before the override"});
      throw ConfigError(std::move(diagnostic));
    }
    if (legacy_hydra_override) entry.override_ = true;
    if (!entry.is_override()) continue;
    if (!legacy_hydra_override) seen_override = &entry;
    if (interpolated_subtree) {
      throw ConfigError(defaults_problem(
          "defaults-override-in-interpolated",
          fmt::format("{}: Default List Overrides are not allowed in the subtree\nof an in interpolated config group "
                      "(override {}={}).\n",
                      parent.config_path(), entry.override_key(version_base()), name_of(entry)),
          entry.pos));
    }
    overrides_.add(parent.config_path(), entry);
  }
}

void DefaultsTreeBuilder::add_child(DefaultsTreeNode& root, InputDefault entry, bool interpolated_subtree) {
  auto child = std::make_unique<DefaultsTreeNode>();
  child->node = std::move(entry);
  child->parent = &root;
  if (root.node.is_virtual()) child->node.update_parent("", "");
  expand(*child, interpolated_subtree);
  root.children.push_back(std::move(child));
}

// Backwards, as Hydra does: an entry's overrides count for those that stand before it. expand() turns the order round
// again.
void DefaultsTreeBuilder::add_children(DefaultsTreeNode& root, std::vector<InputDefault>& entries,
                                       bool interpolated_subtree) {
  const InputDefault& parent = root.node;
  for (size_t i = entries.size(); i-- > 0;) {
    InputDefault& entry = entries[i];
    if (entry.is_override()) continue;
    if (entry.is_self()) {
      auto self = std::make_unique<DefaultsTreeNode>();
      entry.update_parent(parent.parent_base_dir, parent.package.value_or(parent.package_header.value_or("")));
      self->node = entry;
      self->parent = &root;
      root.children.push_back(std::move(self));
      continue;
    }
    if (overrides_.is_overridden(entry)) overrides_.apply(&entry);
    if (entry.is_options()) {
      const auto& options = std::get<std::vector<std::string>>(entry.choice);
      several_.push_back({entry.override_key(version_base()), options, entry.pos});
      for (size_t o = options.size(); o-- > 0;) {
        if (options[o].find("${") != std::string::npos) {
          throw ConfigError(defaults_problem(
              "defaults-interpolation",
              fmt::format("In '{}': Defaults List interpolation is not supported in options list items",
                          parent.config_path()),
              entry.place_of_option(o)));
        }
        InputDefault option = InputDefault::config(entry.path + "/" + options[o], entry.package, entry.pos);
        option.own_pos = option.option_places.value = entry.place_of_option(o);
        option.optional = entry.optional;
        option.update_parent(parent.group_path(), parent.final_package(version_base()));
        add_child(root, std::move(option), interpolated_subtree);
      }
    } else if (entry.is_interpolation()) {
      // Its option depends on what the other groups got: left for later.
      auto deferred = std::make_unique<DefaultsTreeNode>();
      deferred->node = entry;
      deferred->parent = &root;
      root.children.push_back(std::move(deferred));
    } else {
      add_child(root, entry, interpolated_subtree);
    }
  }
  root.has_children = !root.children.empty();
}

void DefaultsTreeBuilder::resolve_interpolations(DefaultsTreeNode& root, const std::vector<InputDefault>& entries,
                                                 bool self_added) {
  for (const InputDefault& entry : entries) {
    if (!entry.is_group() || !entry.is_self()) continue;
    throw ConfigError(defaults_problem("defaults-self-as-option",
                                       fmt::format("'_self_' is no option that '{}' can have", entry.path), entry.pos));
  }
  const bool any = std::any_of(root.children.begin(), root.children.end(), [](const auto& child) {
    return !child->has_children && child->node.is_interpolation();
  });
  if (!any) return;
  update_interpolation_map(entries, self_added);
  // All of them see what is known now, not what expanding one of them adds. An error comes in its turn.
  std::vector<DefaultsTreeNode*> resolved;
  std::exception_ptr error;
  for (auto& child : root.children) {
    if (child->has_children || !child->node.is_interpolation()) continue;
    try {
      resolve_interpolation(&child->node);
    } catch (const ConfigError&) {
      error = std::current_exception();
      break;
    }
    resolved.push_back(child.get());
  }
  for (DefaultsTreeNode* child : resolved) {
    child->node.update_parent(root.node.group_path(), root.node.final_package(version_base()));
    expand(*child, true);
  }
  if (error) std::rethrow_exception(error);
}

namespace {

Node choice_node(const GroupChoice& choice, SourceMap& sources) {
  if (const auto* option = std::get_if<std::string>(&choice)) return Node::of_string(sources.keep(*option));
  return Node::null();
}

void add_choice(Tree& tree, NodeId map, const std::string& key, const GroupChoice& choice, SourceMap& sources) {
  Node node = choice_node(choice, sources);
  const auto* options = std::get_if<std::vector<std::string>>(&choice);
  if (options) node = Node::list();
  node.set_key(sources.keep(key));
  const NodeId id = tree.add(map, node);
  if (!options) return;
  for (const std::string& option : *options)
    tree.add(id, Node::of_string(sources.keep(option)));
}

}  // namespace

// hydra: _create_interpolation_map, which makes it anew. Choices that are known stay as they are.
void DefaultsTreeBuilder::update_interpolation_map(const std::vector<InputDefault>& entries, bool self_added) {
  Tree& known = interpolation_map_;
  if (mapped_entries_ != kNoNode) known.remove(mapped_entries_);
  for (; mapped_choices_ < overrides_.known_choices().size(); ++mapped_choices_) {
    const auto& [key, choice] = overrides_.known_choices()[mapped_choices_];
    add_choice(known, known.root(), key, choice, sources_);
  }
  Node list = Node::list();
  list.set_key("defaults");
  const NodeId defaults = mapped_entries_ = known.add(known.root(), list);
  for (const InputDefault& entry : entries) {
    if (self_added && entry.is_self()) continue;
    if (entry.is_config()) {
      known.add(defaults, Node::of_string(sources_.keep(entry.config_path())));
    } else {
      add_choice(known, known.add(defaults, Node::map()), entry.override_key(version_base()), entry.choice, sources_);
    }
  }
}

void DefaultsTreeBuilder::resolve_interpolation(InputDefault* entry) {
  const std::string text = entry->is_config() ? entry->config_path() : std::string(*entry->name());
  static constexpr std::string_view kLegacy = "${defaults.";
  const bool legacy_form = entry->is_group() && text.starts_with(kLegacy) && text.size() > kLegacy.size() + 1 &&
                           std::isdigit(static_cast<unsigned char>(text[kLegacy.size()])) != 0 &&
                           text[kLegacy.size() + 1] == '.';
  if (legacy_form && version_base().at_least(1, 2)) {
    throw ConfigError(defaults_problem(
        "defaults-interpolation",
        fmt::format(
            "\nDefaults list element '{}={}' is using a deprecated interpolation form.\nSee "
            "http://hydra.cc/docs/1.1/upgrades/1.0_to_1.1/defaults_list_interpolation for migration information.",
            entry->override_key(version_base()), text),
        entry->place_of_choice()));
  }
  Node dummy = Node::of_string(sources_.keep(text));
  dummy.set_key("_dummy_");
  const NodeId node =
      interpolation_map_.add(interpolation_map_.add_detached(Node::map(), interpolation_map_.root()), dummy);
  std::string option;
  try {
    option = resolve_to_string(interpolation_map_, node, sources_, *request_.context);
  } catch (const ConfigError& error) {
    std::vector<std::string> keys;
    for (const auto& known : overrides_.known_choices())
      keys.push_back(known.first);
    std::string message = fmt::format("Error resolving interpolation '{}'", text);
    if (!keys.empty()) message += fmt::format(", possible interpolation keys: {}", fmt::join(keys, ", "));
    Diagnostic diagnostic = defaults_problem("defaults-interpolation", std::move(message), entry->place_of_choice());
    diagnostic.notes.push_back(error.diagnostics().front().message);
    throw ConfigError(std::move(diagnostic));
  }
  if (entry->is_config()) {
    entry->path = std::move(option);
  } else {
    entry->choice = std::move(option);
  }
}

// hydra: _check_not_missing
bool DefaultsTreeBuilder::skip_missing_choice(const InputDefault& entry) {
  if (!entry.name().value_or("").ends_with("???")) return false;
  if (request_.skip_missing) return true;
  pass_over(
      [&] { refuse_missing_choice(entry, repository_, version_base(), overrides_.unused_choice(entry.group_path())); });
  return true;
}

// hydra: _create_result_default
std::optional<ResultDefault> result_default(const DefaultsTreeNode* containing, const InputDefault& entry,
                                            VersionBase version_base) {
  ResultDefault result;
  if (!entry.name()) return {};
  result.pos = entry.pos;
  if (entry.is_self()) {
    const InputDefault& self = containing->node;
    result.is_self = true;
    result.config_path = self.config_path();
    result.package = self.final_package(version_base);
    result.primary = self.primary;
    result.pos = self.pos;
    if (containing->parent) result.parent = containing->parent->node.config_path();
  } else {
    result.config_path = entry.config_path();
    result.package = entry.final_package(version_base);
    result.primary = entry.primary;
    if (containing) result.parent = containing->node.config_path();
    if (entry.is_group()) result.override_key = entry.override_key(version_base);
  }
  if (result.config_path == "_dummy_empty_config_") return {};
  return result;
}

// hydra: _tree_to_list
void collect(const DefaultsTreeNode& tree, VersionBase version_base, std::vector<ResultDefault>* list) {
  if (tree.has_children) {
    for (const auto& child : tree.children)
      collect(*child, version_base, list);
    return;
  }
  if (tree.node.is_virtual() || tree.node.deleted || tree.node.is_missing()) return;
  auto result = result_default(tree.parent, tree.node, version_base);
  if (!result) return;
  result->node = &tree;
  list->push_back(std::move(*result));
}

// hydra: _create_root and _expand_virtual_root. The primary config comes first, so that its overrides reach Hydra's own
// groups.
void DefaultsTreeBuilder::build(DefaultsList* list) {
  auto root = std::make_unique<DefaultsTreeNode>();
  root->node = InputDefault::virtual_root();
  root->has_children = true;
  InputDefault primary =
      InputDefault::config(request_.config_name.value_or("_dummy_empty_config_"), {}, request_.config_name_pos);
  primary.primary = true;
  add_child(*root, std::move(primary), false);
  std::vector<ResultDefault> entries;
  collect(*root, version_base(), &entries);
  list->with_hydra = request_.with_hydra || hydra_is_changed(entries);
  if (list->with_hydra) {
    add_child(*root, InputDefault::config("hydra/config"), false);
    collect(*root->children.back(), version_base(), &list->defaults);
    std::reverse(root->children.begin(), root->children.end());
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(list->defaults));
  list->tree = std::move(root);
  list->unknown_packages = std::move(unknown_);
  list->several_chosen = std::move(several_);
  list->deleted_packages = std::move(deleted_);
}

bool DefaultsTreeBuilder::hydra_is_changed(const std::vector<ResultDefault>& entries) {
  const auto& words = overrides_.config_overrides();
  return overrides_.concerns("hydra") || repository_.is_in_folder("hydra/config") ||
         std::any_of(words.begin(), words.end(),
                     [](const Override* word) { return word->is_hydra_override() || word->key_or_group == "hydra"; }) ||
         std::any_of(entries.begin(), entries.end(), [this](const ResultDefault& entry) {
           if (in_hydra(entry.package)) return true;
           const LoadedConfig* loaded = entry.package.empty() ? repository_.load_config(entry.config_path) : nullptr;
           return loaded && loaded->file->tree.find(loaded->root, "hydra") != kNoNode;
         });
}

}  // namespace

DefaultsList create_defaults_list(ConfigRepository& repository, const DefaultsRequest& request, SourceMap& sources) {
  DefaultsList list;
  ChoiceOverrides overrides(repository, *request.overrides, request.version_base);
  DefaultsTreeBuilder(repository, request, overrides, sources, list.warnings).build(&list);
  std::map<std::string, const ResultDefault*> by_key;
  for (const ResultDefault& entry : list.defaults) {
    if (entry.is_self || !entry.override_key) continue;
    const auto [first, is_new] = by_key.emplace(*entry.override_key, &entry);
    if (!is_new) refuse_second_choice(*first->second->node, *entry.node, *entry.override_key);
  }
  overrides.ensure_all_used();
  warn_of_misspelt_packages(list.defaults, repository, sources, list.warnings);
  list.config_overrides = overrides.config_overrides();
  list.known_choices = overrides.known_choices();
  list.known_choice_places = overrides.known_choice_places();
  return list;
}

}  // namespace cfgtool
