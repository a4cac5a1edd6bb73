#include "config_engine/option_variants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/compose_search_path.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kHydraGroups = "hydra/";

/// The group's folder: `db/../engine@backup` is `engine`.
std::string folder_of(const std::string& group) {
  return std::filesystem::path(group.substr(0, group.find('@'))).lexically_normal().string();
}

/// An entry such as `../engine@fsdp: x` makes a group that no override can name.
bool can_be_chosen(const std::string& group) {
  return folder_of(group) == group.substr(0, group.find('@'));
}

bool is_missing(const GroupChoice& choice) {
  const auto* option = std::get_if<std::string>(&choice);
  return option && *option == "???";
}

bool chooses(const GroupChoice& choice, const std::string& option) {
  const auto* chosen = std::get_if<std::string>(&choice);
  return chosen && *chosen == option;
}

}  // namespace

std::string OptionVariant::command_line() const {
  std::string line = "-cn " + config_name;
  for (const std::string& choice : choices)
    line += " " + choice;
  return line;
}

bool ComposedVariant::is_incomplete() const {
  return std::any_of(choices.begin(), choices.end(), [](const auto& choice) { return is_missing(choice.second); });
}

OptionVariants::OptionVariants(const std::shared_ptr<FileStore>& store, const ComposeRequest& request)
    : sources_(std::make_shared<SourceMap>(store->sources())),
      context_(request.context),
      repository_(std::make_unique<ConfigRepository>(store, initial_search_path(request), request.version_base,
                                                     request.pkg_path, *sources_, context_)) {
  if (request.config_name) {
    primaries_.push_back(*request.config_name);
  } else {
    primaries_ = options_of("");
  }
}

OptionVariants::~OptionVariants() = default;

/// Those that lie in a folder, not those that Hydra brings.
std::vector<std::string> OptionVariants::options_of(const std::string& group) const {
  std::vector<std::string> options = repository_->group_options(group);
  std::erase_if(options, [&](const std::string& option) {
    return !repository_->is_in_folder(group.empty() ? option : group + "/" + option);
  });
  return options;
}

std::vector<OptionVariant> OptionVariants::first_round() const {
  std::vector<OptionVariant> round;
  for (const std::string& primary : primaries_)
    round.push_back({primary, {}, 0});
  return round;
}

/// The first option of every group that must be chosen and is not.
std::vector<std::string> OptionVariants::missing_choices(const ComposedVariant& composed,
                                                         const std::string& but) const {
  std::vector<std::string> choices;
  for (const auto& [group, now] : composed.choices) {
    if (!is_missing(now) || group == but) continue;
    const std::vector<std::string> options = options_of(folder_of(group));
    if (!options.empty()) choices.push_back(fmt::format("{}={}", group, options.front()));
  }
  return choices;
}

void OptionVariants::vary(const ComposedVariant& composed, const std::string& group, const GroupChoice& now,
                          std::vector<OptionVariant>& round) const {
  const std::vector<std::string> missing = missing_choices(composed, group);
  for (const std::string& option : options_of(folder_of(group))) {
    if (chooses(now, option)) continue;
    OptionVariant variant{composed.variant.config_name, composed.variant.choices, 0};
    variant.choices.insert(variant.choices.end(), missing.begin(), missing.end());
    variant.choices.push_back(fmt::format("{}={}", group, option));
    round.push_back(std::move(variant));
  }
}

std::vector<OptionVariant> OptionVariants::next_round(const std::vector<ComposedVariant>& composed) {
  std::vector<OptionVariant> round;
  for (const ComposedVariant& result : composed) {
    for (const auto& [group, now] : result.choices) {
      if (group.starts_with(kHydraGroups)) continue;
      reached_.insert(folder_of(group));
      if (!can_be_chosen(group)) continue;
      if (varied_.insert({result.variant.config_name, group}).second) vary(result, group, now, round);
    }
  }
  return round;
}

void OptionVariants::append_groups_below(const std::string& parent, std::vector<OptionVariant>& round) const {
  for (const std::string& name : repository_->subgroups(parent)) {
    const std::string group = parent.empty() ? name : parent + "/" + name;
    if (group == "hydra") continue;
    append_groups_below(group, round);
    if (reached_.contains(group)) continue;
    for (const std::string& option : options_of(group)) {
      const size_t number = round.empty() ? 1 : round.back().appended + 1;
      for (const std::string& primary : primaries_)
        round.push_back({primary, {fmt::format("+{}={}", group, option)}, number});
    }
  }
}

std::vector<OptionVariant> OptionVariants::appended_round() const {
  std::vector<OptionVariant> round;
  append_groups_below("", round);
  return round;
}

}  // namespace cfgtool
