#include "config_engine/key_definitions.hpp"

#include <fmt/format.h>

#include "config_engine/key_path.hpp"

namespace cfgtool {

namespace {

class Search {
 public:
  Search(ConfigRepository& repository, VersionBase version_base, std::string_view key, size_t most)
      : repository_(repository), version_base_(version_base), key_(split_key(key)), most_(most) {}

  void look_below(const std::string& group) {
    for (const std::string& option : repository_.group_options(group)) {
      if (found_.size() == most_) return;
      look_at(group, option);
    }
    for (const std::string& name : repository_.subgroups(group))
      look_below(group.empty() ? name : fmt::format("{}/{}", group, name));
  }

  std::vector<KeyDefinition> take() { return std::move(found_); }

 private:
  void look_at(const std::string& group, const std::string& option) {
    try {
      const LoadedConfig* config =
          repository_.load_config(group.empty() ? option : fmt::format("{}/{}", group, option));
      if (config == nullptr || config->file->is_builtin || key_.front() == "defaults") return;
      const std::vector<std::string> package = package_of(group, option, *config);
      if (package.size() >= key_.size() || !std::equal(package.begin(), package.end(), key_.begin())) return;
      const Tree& tree = config->file->tree;
      NodeId node = config->root;
      for (size_t i = package.size(); node != kNoNode && i < key_.size(); ++i)
        node = tree.find(node, Key(key_[i]));
      if (node != kNoNode) found_.push_back({group, option, tree[node].pos});
    } catch (const ConfigError&) {
      // What is wrong with a config that nobody chose is not the question.
    }
  }

  std::vector<std::string> package_of(const std::string& group, const std::string& option,
                                      const LoadedConfig& config) const {
    InputDefault entry = group.empty() ? InputDefault::config(option) : InputDefault::group(group, option);
    entry.update_parent("", "");
    entry.set_package_header(config.file->package_header, version_base_);
    const std::string package = entry.final_package(version_base_);
    std::vector<std::string> parts;
    if (package.empty()) return parts;
    for (const std::string_view part : split_key(package))
      parts.emplace_back(part);
    return parts;
  }

  ConfigRepository& repository_;
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
  Search search(repository, request.version_base, key, most);
  search.look_below("");
  return search.take();
}

}  // namespace cfgtool
