#include "schemas/group_choices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config_engine/option_variants.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

namespace {

bool is_hydras(const std::string& group) {
  return group == "hydra" || group.starts_with("hydra/");
}

std::set<std::string> chosen_by_overrides(const Composition& composition) {
  std::set<std::string> keys;
  for (const Override& word : composition.overrides)
    keys.insert(word.package ? word.key_or_group + "@" + *word.package : word.key_or_group);
  return keys;
}

bool is_about_the_whole(ConfigRepository& repository, const std::string& group,
                        const std::vector<std::string>& options) {
  return std::all_of(options.begin(), options.end(), [&](const std::string& option) {
    try {
      const LoadedConfig* const config = repository.load_config(group + "/" + option);
      return config && config->file->package_header == "_global_";
    } catch (const ConfigError&) {
      return false;
    }
  });
}

void append_unlisted(const ConfigRepository& repository, const std::string& parent, const std::set<std::string>& listed,
                     std::vector<GroupChoices>& found) {
  for (const std::string& name : repository.subgroups(parent)) {
    const std::string group = parent.empty() ? name : fmt::format("{}/{}", parent, name);
    if (listed.count(group) == 0) {
      std::vector<std::string> options = repository.group_options(group);
      if (!options.empty()) found.push_back({group, true, std::move(options)});
    }
    append_unlisted(repository, group, listed, found);
  }
}

std::vector<GroupChoices> all_groups(const ConfigRepository& repository, const Composition& composition) {
  std::set<std::string> listed;
  std::vector<GroupChoices> found;
  for (const auto& [key, choice] : composition.defaults.known_choices) {
    const std::string group = folder_of_group(key);
    listed.insert(group);
    found.push_back({key, false, repository.group_options(group)});
  }
  for (const SeveralChosen& several : composition.defaults.several_chosen) {
    const std::string group = folder_of_group(several.key);
    listed.insert(group);
    found.push_back({several.key, false, repository.group_options(group)});
  }
  append_unlisted(repository, "", listed, found);
  return found;
}

ConfigRepository repository_of(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                               const Composition& composition) {
  return {store,
          composition.search_path,
          request.version_base,
          request.pkg_path,
          *composition.sources,
          composition.context};
}

class ChoiceComposer {
 public:
  ChoiceComposer(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, const ChoiceVisitor& visitor)
      : store_(store), request_(request), visitor_(visitor) {}

  std::vector<GroupChoices> run() {
    compose_with({});
    for (size_t i = 0; i < open_.size(); ++i) {  // grows meanwhile
      // By value, for the same reason.
      const Open open = open_[i];
      GroupChoices composed{open.group.key, open.group.append, {}};
      for (const std::string& option : open.group.options) {
        std::vector<std::string> words = open.words;
        words.push_back(open.group.override_word(option));
        if (try_compose_with(words)) composed.options.push_back(option);
      }
      done_.push_back(std::move(composed));
    }
    // They were met in the order in which Hydra works, from the end of each defaults list.
    std::sort(done_.begin(), done_.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return std::move(done_);
  }

 private:
  struct Open {
    GroupChoices group;
    std::vector<std::string> words;  // with which it was met
  };

  void compose_with(const std::vector<std::string>& words) {
    ComposeRequest request = request_;
    request.overrides.insert(request.overrides.end(), words.begin(), words.end());
    const auto composition = std::make_shared<const Composition>(compose(store_, request));
    for (GroupChoices& group : group_choices(store_, request, *composition)) {
      if (met_.insert(group.key).second) open_.push_back({std::move(group), words});
    }
    visitor_.composed(composition, words);
  }

  bool try_compose_with(const std::vector<std::string>& words) {
    try {
      compose_with(words);
      return true;
    } catch (const ConfigError& error) {
      visitor_.failed(error, words);
      return false;
    }
  }

  const std::shared_ptr<FileStore>& store_;
  const ComposeRequest& request_;
  const ChoiceVisitor& visitor_;
  std::vector<Open> open_;
  std::set<std::string> met_;
  std::vector<GroupChoices> done_;
};

}  // namespace

std::string GroupChoices::override_word(const std::string& option) const {
  return (append ? "+" : "") + choice_word(key, option);
}

std::vector<GroupChoices> all_groups(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                     const Composition& composition) {
  return all_groups(repository_of(store, request, composition), composition);
}

std::vector<GroupChoices> group_choices(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                        const Composition& composition) {
  ConfigRepository repository = repository_of(store, request, composition);
  std::set<std::string> chosen = chosen_by_overrides(composition);
  for (const SeveralChosen& several : composition.defaults.several_chosen)
    chosen.insert(several.key);
  std::vector<GroupChoices> found = all_groups(repository, composition);
  std::erase_if(found, [&](const GroupChoices& group) {
    if (is_hydras(folder_of_group(group.key)) || group.options.empty()) return true;
    return group.append ? !is_about_the_whole(repository, group.key, group.options)
                        : !can_be_chosen(group.key) || chosen.count(group.key) != 0;
  });
  return found;
}

std::vector<GroupChoices> compose_each_choice(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                              const ChoiceVisitor& visitor) {
  return ChoiceComposer(store, request, visitor).run();
}

}  // namespace cfgtool
