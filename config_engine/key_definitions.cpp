#include "config_engine/key_definitions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/key_path.hpp"

namespace cfgtool {

namespace {

std::string group_of(const std::string& choice) {
  return choice.substr(0, choice.find('@'));
}

/// An entry of a defaults list, or one that could be added, and how an override chooses for it.
struct Place {
  std::string chooser;
  InputDefault entry;
};

class Search {
 public:
  Search(ConfigRepository& repository, const Composition& composition, VersionBase version_base, std::string_view key,
         size_t most)
      : repository_(repository),
        defaults_(composition.defaults),
        version_base_(version_base),
        key_(split_key(key)),
        most_(most) {}

  void look_below(const std::string& group) {
    const std::vector<Place> places = places_for(group);
    for (const std::string& option : repository_.group_options(group)) {
      for (const Place& place : places) {
        if (found_.size() == most_) return;
        look_at(place, option);
      }
    }
    for (const std::string& name : repository_.subgroups(group))
      look_below(group.empty() ? name : fmt::format("{}/{}", group, name));
  }

  std::vector<KeyDefinition> take() { return std::move(found_); }

 private:
  /// The entries of the group that there are; else the one that a `+` would add.
  std::vector<Place> places_for(const std::string& group) const {
    if (group.empty()) return {{"", InputDefault::config("")}};
    std::vector<Place> places;
    for (const auto& [chooser, choice] : defaults_.known_choices) {
      if (group_of(chooser) != group) continue;
      places.push_back({chooser, InputDefault::group(group, choice)});
      InputDefault& entry = places.back().entry;
      if (chooser.size() > group.size()) entry.package = chooser.substr(group.size() + 1);
      if (const InputDefault* const used = used_entry(chooser)) entry = *used;
    }
    if (places.empty()) {
      places.push_back({"+" + group, InputDefault::group(group, {})});
      places.back().entry.update_parent("", "");
    }
    return places;
  }

  /// What that choice is in the defaults tree; nullptr if it chooses nothing.
  const InputDefault* used_entry(const std::string& chooser) const {
    for (const ResultDefault& result : defaults_.defaults) {
      const DefaultsTreeNode* const node = result.is_self ? result.node->parent : result.node;
      if (node && node->node.is_group() && node->node.override_key(version_base_) == chooser) return &node->node;
    }
    return nullptr;
  }

  bool is_in_use(const std::string& config_path, const std::string& package) const {
    return std::any_of(defaults_.defaults.begin(), defaults_.defaults.end(), [&](const ResultDefault& used) {
      return used.config_path == config_path && used.package == package;
    });
  }

  void look_at(const Place& place, const std::string& option) {
    try {
      InputDefault entry = place.entry;
      if (entry.is_config()) {
        entry = InputDefault::config(option);
        entry.update_parent("", "");
      } else {
        entry.choice = option;
      }
      const LoadedConfig* config = repository_.load_config(entry.config_path());
      if (config == nullptr || config->file->is_builtin || key_.front() == "defaults") return;
      entry.package_header.reset();
      entry.set_package_header(config->file->package_header, version_base_);
      const std::string package = entry.final_package(version_base_);
      if (is_in_use(entry.config_path(), package)) return;
      std::vector<std::string_view> way;
      if (!package.empty()) way = split_key(package);
      if (way.size() >= key_.size() || !std::equal(way.begin(), way.end(), key_.begin())) return;
      const Tree& tree = config->file->tree;
      NodeId node = config->root;
      for (size_t i = way.size(); node != kNoNode && i < key_.size(); ++i)
        node = tree[node].kind == NodeKind::kMap ? tree.find(node, Key(key_[i])) : kNoNode;
      if (node != kNoNode) found_.push_back({place.chooser, option, tree[node].pos});
    } catch (const ConfigError&) {
      // What is wrong with a config that nobody chose is not the question.
    }
  }

  ConfigRepository& repository_;
  const DefaultsList& defaults_;
  VersionBase version_base_;
  std::vector<std::string_view> key_;
  size_t most_;
  std::vector<KeyDefinition> found_;
};

}  // namespace

std::vector<KeyDefinition> configs_that_define(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                               const Composition& composition, std::string_view key, size_t most) {
  SourceMap sources(store->sources());
  const ResolveContext context = composition.resolve_context();
  ConfigRepository repository(store, composition.search_path, request.version_base, request.pkg_path, sources, context);
  Search search(repository, composition, request.version_base, key, most);
  search.look_below("");
  return search.take();
}

}  // namespace cfgtool
