#include "config_engine/choice_overrides.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/diagnostic.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

[[noreturn]] void refuse(std::string code, std::string message, SourcePos pos, std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  if (pos) diagnostic.labels.push_back({pos, 1, {}});
  diagnostic.fix = std::move(fix);
  throw ConfigError(std::move(diagnostic));
}

[[noreturn]] void refuse_option(const Node& option) {
  refuse("group-choice-type", fmt::format("Config group override must be a list of strings. Got {}", type_name(option)),
         option.pos);
}

/// A choice that is neither text nor a list.
[[noreturn]] void refuse_choice(const Override& word, const std::string& key, const std::vector<std::string>& options) {
  const Node& value = word.value[word.value.root()];
  Diagnostic diagnostic;
  diagnostic.code = "group-choice-type";
  diagnostic.message = fmt::format("Config group override must be a string or a list. Got {}", type_name(value));
  diagnostic.labels.push_back({key.empty() || !word.value_pos ? word.pos : word.value_pos, 1, {}});
  if (!key.empty()) {
    const std::string typed(word.value_string());
    if (value.kind == NodeKind::kNull) {
      diagnostic.fix = fmt::format("~{}", key);
    } else if (std::find(options.begin(), options.end(), typed) != options.end()) {
      diagnostic.fix = fmt::format("{}='{}'", key, typed);
    }
    if (!options.empty())
      diagnostic.notes.push_back(
          fmt::format("the options of '{}' are {}", word.key_or_group, fmt::join(options, ", ")));
  }
  throw ConfigError(std::move(diagnostic));
}

std::string group_of(const std::string& key) {
  return key.substr(0, key.find('@'));
}

}  // namespace

std::string to_python(const GroupChoice& choice) {
  if (const auto* option = std::get_if<std::string>(&choice)) return *option;
  const auto* options = std::get_if<std::vector<std::string>>(&choice);
  if (!options) return "None";
  std::string text = "[";
  for (const std::string& option : *options) {
    if (text.size() > 1) text += ", ";
    text += python_repr(std::string_view(option));
  }
  return text + "]";
}

ChoiceOverrides::ChoiceOverrides(const ConfigRepository& repository, const std::vector<Override>& overrides,
                                 VersionBase version_base)
    : version_base_(version_base) {
  for (const Override& word : overrides) {
    if (word.is_sweep()) continue;
    const bool is_dict = word.value[word.value.root()].kind == NodeKind::kMap;
    if (is_dict || !repository.group_exists(word.key_or_group)) {
      config_overrides_.push_back(&word);
    } else {
      add_group_override(word, repository);
    }
  }
}

void ChoiceOverrides::add_group_override(const Override& word, const ConfigRepository& repository) {
  const Node& value = word.value[word.value.root()];
  std::string key = word.key_or_group;
  if (word.package) key += "@" + *word.package;
  if (word.kind == OverrideKind::kForceAdd) {
    refuse("group-force-add", fmt::format("force-add of config groups is not supported: '{}'", word.input_line),
           word.pos, std::string(word.input_line.substr(1)));
  }
  if (word.kind == OverrideKind::kDelete) {
    std::optional<std::string> option;
    if (value.is_text()) {
      option = std::string(value.text());
    } else if (value.kind != NodeKind::kNull) {
      refuse("group-choice-type",
             fmt::format("Config group override deletion value must be a string : {}", word.input_line),
             word.value_pos);
    }
    // A later deletion of the same key takes the earlier one's place, as in a Python dict.
    const auto [place, is_new] = deletion_index_.try_emplace(key, deletions_.size());
    if (is_new) deletions_.emplace_back();
    deletions_[place->second] = {std::move(key), std::move(option), word.key_pos, word.value_pos};
    return;
  }
  GroupChoice choice;
  const Node* wrong_option = nullptr;
  if (value.is_text()) {
    choice = std::string(value.text());
  } else if (value.kind == NodeKind::kList) {
    std::vector<std::string> options;
    for (NodeId item : word.value.children(word.value.root())) {
      const Node& option = word.value[item];
      if (!option.is_text() && !wrong_option) wrong_option = &option;
      options.push_back(python_str(word.value, item));
    }
    choice = std::move(options);
  } else {
    refuse_choice(word, key, repository.group_options(word.key_or_group));
  }
  OptionPlaces places{word.value_pos};
  if (value.kind == NodeKind::kList) {
    for (NodeId item : word.value.children(word.value.root()))
      places.each.push_back(word.value[item].pos);
  }
  if (word.kind == OverrideKind::kAdd) {
    if (wrong_option) refuse_option(*wrong_option);
    InputDefault entry = InputDefault::group(word.key_or_group, std::move(choice), word.package, word.pos);
    entry.external_append = true;
    entry.option_places = std::move(places);
    appended_.push_back(std::move(entry));
    return;
  }
  const SourcePos package = word.package ? word.key_pos + (word.key_or_group.size() + 1) : SourcePos{};
  Choice made{key, std::move(choice), true, {}, word.pos, false, wrong_option, std::move(places), package};
  if (Choice* known = find_choice(key)) {
    *known = std::move(made);
  } else {
    add_choice(std::move(made));
  }
}

ChoiceOverrides::Choice* ChoiceOverrides::find_choice(const std::string& key) {
  auto found = choice_index_.find(key);
  return found == choice_index_.end() ? nullptr : &choices_[found->second];
}

const ChoiceOverrides::Choice* ChoiceOverrides::find_choice(const std::string& key) const {
  return const_cast<ChoiceOverrides*>(this)->find_choice(key);
}

const ChoiceOverrides::Deletion* ChoiceOverrides::find_deletion(const std::string& key) const {
  auto found = deletion_index_.find(key);
  return found == deletion_index_.end() ? nullptr : &deletions_[found->second];
}

void ChoiceOverrides::add(const std::string& config_path, const InputDefault& entry) {
  std::string key = entry.override_key(version_base_);
  if (find_choice(key)) return;
  add_choice({std::move(key), entry.choice, false, config_path, entry.pos, false, nullptr, entry.option_places});
}

void ChoiceOverrides::add_choice(Choice choice) {
  choice_index_.emplace(choice.key, choices_.size());
  choices_.push_back(std::move(choice));
}

bool ChoiceOverrides::is_overridden(const InputDefault& entry) const {
  return entry.is_group() && !choices_.empty() && find_choice(entry.override_key(version_base_));
}

void ChoiceOverrides::apply(InputDefault* entry) {
  Choice* choice = find_choice(entry->override_key(version_base_));
  if (!choice) return;
  if (choice->wrong_option) refuse_option(*choice->wrong_option);
  entry->replaced = {std::move(entry->choice), entry->pos};
  entry->choice = choice->value;
  entry->pos = choice->pos;
  entry->option_places = choice->places;
  choice->used = true;
}

bool ChoiceOverrides::is_deleted(const InputDefault& entry) const {
  if (!entry.is_group() || deletions_.empty()) return false;
  const Deletion* deletion = find_deletion(entry.override_key(version_base_));
  return deletion && (!deletion->option || deletion->option == entry.name());
}

void ChoiceOverrides::mark_deleted(InputDefault* entry) {
  Deletion& deletion = deletions_[deletion_index_.at(entry->override_key(version_base_))];
  entry->deleted = true;
  entry->deleted_by = deletion.pos;
  deletion.used = true;
}

std::vector<SourcePos> ChoiceOverrides::known_choice_places() const {
  std::vector<SourcePos> places;
  places.reserve(known_choice_origins_.size());
  for (const KnownChoice& origin : known_choice_origins_)
    places.push_back(origin.pos);
  return places;
}

void ChoiceOverrides::set_known_choice(const InputDefault& entry) {
  if (!entry.is_group()) return;
  const std::string key = entry.override_key(version_base_);
  const auto [place, is_new] = known_choice_index_.try_emplace(key, known_choices_.size());
  if (is_new) {
    known_choices_.emplace_back(key, entry.choice);
    known_choice_origins_.push_back({entry.pos, entry.group_path(), entry.external_append});
    return;
  }
  const auto& known = known_choices_[place->second];
  if (known.second != entry.choice) {
    Diagnostic diagnostic;
    diagnostic.code = "group-chosen-twice";
    diagnostic.message = fmt::format("Multiple values for {}. To override a value use 'override {}: {}'", key, key,
                                     to_python(known.second));
    // Lists are read from their ends: what is known stands behind the entry, and is what could override it.
    const KnownChoice& origin = known_choice_origins_[place->second];
    diagnostic.labels.push_back({origin.pos, 1, fmt::format("chooses {}", to_python(known.second))});
    diagnostic.labels.push_back({entry.pos, 1, fmt::format("{} was chosen here", to_python(entry.choice))});
    if (origin.appended) diagnostic.fix = fmt::format("{}={}", key, to_python(known.second));
    throw ConfigError(std::move(diagnostic));
  }
}

bool ChoiceOverrides::concerns(std::string_view group) const {
  const std::string below = std::string(group) + "/";
  const auto lies_there = [&](const auto& named) { return named.key.starts_with(below); };
  return std::any_of(choices_.begin(), choices_.end(), lies_there) ||
         std::any_of(deletions_.begin(), deletions_.end(), lies_there) ||
         std::any_of(known_choices_.begin(), known_choices_.end(),
                     [&](const auto& known) { return known.first.starts_with(below); });
}

void ChoiceOverrides::refuse_unused(const Choice& choice) const {
  std::string message = fmt::format("Could not override '{}'.", choice.key);
  std::string fix;
  std::vector<std::string> known;
  for (size_t i = 0; i < known_choices_.size(); ++i) {
    if (known_choice_origins_[i].group == group_of(choice.key)) known.push_back(known_choices_[i].first);
  }
  std::sort(known.begin(), known.end());
  if (known.empty()) {
    message += " No match in the defaults list.";
  } else if (known.size() == 1) {
    message += fmt::format("\nDid you mean to override {}?", known.front());
    fix = fmt::format("{}={}", known.front(), to_python(choice.value));
  } else {
    message += fmt::format("\nDid you mean to override one of {}?", fmt::join(known, ", "));
    const std::vector<std::string> near = nearest_names(choice.key, known, 1);
    if (!near.empty()) fix = fmt::format("{}={}", near[0], to_python(choice.value));
  }
  if (!choice.config_path.empty()) message = fmt::format("In '{}': {}", choice.config_path, message);
  if (choice.external) {
    const std::string append = fmt::format("+{}={}", choice.key, to_python(choice.value));
    message += fmt::format("\nTo append to your default list use {}", append);
    if (fix.empty()) fix = append;
  }
  const bool other_package = choice.package_pos && !known.empty();
  Diagnostic diagnostic;
  diagnostic.code = "group-not-in-defaults";
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({other_package ? choice.package_pos : choice.pos, 1, {}});
  if (choice.external) diagnostic.fix = std::move(fix);
  if (known.empty()) {
    if (std::string hint = did_you_mean(choice.key, known_keys()); !hint.empty())
      diagnostic.notes.push_back(std::move(hint));
  }
  throw ConfigError(std::move(diagnostic));
}

std::vector<std::string> ChoiceOverrides::known_keys() const {
  std::vector<std::string> keys;
  keys.reserve(known_choices_.size());
  for (const auto& known : known_choices_)
    keys.push_back(known.first);
  return keys;
}

void ChoiceOverrides::ensure_all_used() const {
  for (const Choice& choice : choices_) {
    if (!choice.used) refuse_unused(choice);
  }
  for (const Deletion& deletion : deletions_) {
    if (deletion.used) continue;
    const std::string what = deletion.option ? deletion.key + "=" + *deletion.option : deletion.key;
    const std::vector<std::string> near = nearest_names(deletion.key, known_keys(), 1);
    const bool other_option = deletion.option && known_choice_index_.count(deletion.key) != 0;
    refuse("group-not-in-defaults", fmt::format("Could not delete '{}'. No match in the defaults list", what),
           other_option ? deletion.option_pos : deletion.pos, near.empty() ? std::string() : "~" + near[0]);
  }
}

std::optional<std::pair<SourcePos, std::string>> ChoiceOverrides::unused_choice(const std::string& group) const {
  for (const Choice& choice : choices_) {
    if (choice.external && !choice.used && group_of(choice.key) == group)
      return std::pair{choice.pos, to_python(choice.value)};
  }
  return std::nullopt;
}

}  // namespace cfgtool
