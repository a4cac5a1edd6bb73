#include "config_engine/option_variants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/completion_values.hpp"
#include "config_engine/compose_search_path.hpp"

namespace cfgtool {

namespace {

/// The file that names schemas may lie beside the configs.
constexpr std::string_view kProjectFile = "cfgtool";

bool is_missing(const GroupChoice& choice) {
  const auto* option = std::get_if<std::string>(&choice);
  return option && *option == "???";
}

bool chooses(const GroupChoice& choice, const std::string& option) {
  const auto* chosen = std::get_if<std::string>(&choice);
  return chosen && *chosen == option;
}

/// `+db@backup=x` is about `db@backup`.
std::string key_of(const std::string& override) {
  const size_t begin = override.find_first_not_of("+~");
  return begin == std::string::npos ? "" : override.substr(begin, override.find('=') - begin);
}

}  // namespace

std::string folder_of_group(const std::string& group) {
  return std::filesystem::path(group.substr(0, group.find('@'))).lexically_normal().string();
}

bool can_be_chosen(const std::string& group) {
  return folder_of_group(group) == group.substr(0, group.find('@'));
}

std::string choice_word(const std::string& group, const std::string& option) {
  return group + "=" + spell_text(option, "").value_or(option);
}

std::string OptionVariant::command_line() const {
  std::string line = "-cn " + config_name;
  for (const std::string& choice : choices)
    line += " " + choice;
  return line;
}

OptionVariants::OptionVariants(const std::shared_ptr<FileStore>& store, const ComposeRequest& request)
    : sources_(std::make_shared<SourceMap>(store->sources())),
      context_(request.context),
      repository_(std::make_unique<ConfigRepository>(store, initial_search_path(request), request.version_base,
                                                     request.pkg_path, *sources_, context_)) {
  primaries_ = options_of("");
  std::erase(primaries_, kProjectFile);
  if (request.config_name) {
    // A group that it has no place for may be another one's.
    has_appended_ = primaries_.size() > 1;
    primaries_ = {*request.config_name};
  }
  for (const std::string& override : request.overrides) {
    chosen_.insert(key_of(override));
    reached_.insert(folder_of_group(key_of(override)));
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

/// `composed` with a choice for every group that must be chosen and is not: the first option, but `option` for `group`.
OptionVariant OptionVariants::with_choice(const ComposedVariant& composed, const std::string& group,
                                          const std::string& option) const {
  OptionVariant variant = composed.variant;
  bool is_chosen = group.empty();
  for (const auto& [missing, now] : composed.choices) {
    if (!is_missing(now) || !can_be_chosen(missing)) continue;
    if (missing == group) {
      variant.choices.push_back(choice_word(group, option));
      is_chosen = true;
      continue;
    }
    const std::vector<std::string> options = options_of(folder_of_group(missing));
    if (!options.empty()) variant.choices.push_back(choice_word(missing, options.front()));
  }
  if (!is_chosen) variant.choices.push_back(choice_word(group, option));
  return variant;
}

bool OptionVariants::is_incomplete(const ComposedVariant& composed) const {
  return with_choice(composed, "", "").choices.size() > composed.variant.choices.size();
}

void OptionVariants::hand_out(OptionVariant variant, std::vector<OptionVariant>& round) {
  if (handed_out_.insert(variant.command_line()).second) round.push_back(std::move(variant));
}

void OptionVariants::vary(const ComposedVariant& composed, const std::string& group, const GroupChoice& now,
                          std::vector<OptionVariant>& round) {
  for (const std::string& option : options_of(folder_of_group(group))) {
    if (!chooses(now, option)) hand_out(with_choice(composed, group, option), round);
  }
}

std::vector<OptionVariant> OptionVariants::next_round(const std::vector<ComposedVariant>& composed) {
  std::vector<OptionVariant> round;
  for (const ComposedVariant& result : composed) {
    if (is_incomplete(result)) hand_out(with_choice(result, "", ""), round);
    if (result.choices.empty() || result.variant.appended != 0) continue;
    composing_.insert(result.variant.config_name);
    for (const auto& [group, now] : result.choices) {
      reached_.insert(folder_of_group(group));
      if (!can_be_chosen(group) || chosen_.contains(group)) continue;
      if (varied_.insert({result.variant.config_name, group}).second) vary(result, group, now, round);
    }
  }
  // Now it is known which groups no defaults list reaches.
  if (round.empty() && !has_appended_) {
    has_appended_ = true;
    append_groups_below("", round);
  }
  return round;
}

void OptionVariants::append_groups_below(const std::string& parent, std::vector<OptionVariant>& round) {
  for (const std::string& name : repository_->subgroups(parent)) {
    const std::string group = parent.empty() ? name : fmt::format("{}/{}", parent, name);
    append_groups_below(group, round);
    if (reached_.contains(group)) continue;
    for (const std::string& option : options_of(group)) {
      const size_t number = round.empty() ? 1 : round.back().appended + 1;
      // Of one that does not compose it is not known which groups it has.
      for (const std::string& primary : composing_)
        hand_out({primary, {"+" + choice_word(group, option)}, number}, round);
    }
  }
}

}  // namespace cfgtool
