/// \file
/// What the command line and `override` entries say about groups, and whether each of it was used (class Overrides in
/// hydra/_internal/defaults_list.py).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config_engine/default_element.hpp"
#include "config_engine/override.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

class ChoiceOverrides {
 public:
  /// Sorts the overrides into choices of groups and changes of values. \throws ConfigError for a choice that cannot be
  /// one
  ChoiceOverrides(const ConfigRepository& repository, const std::vector<Override>& overrides, VersionBase version_base);

  /// An `override group: option` entry of the config at `config_path`. The first word on a key wins, the command line's
  /// before all.
  void add(const std::string& config_path, const InputDefault& entry);
  bool is_overridden(const InputDefault& entry) const;
  /// Gives `entry` the option that was chosen for it.
  void apply(InputDefault* entry);

  bool is_deleted(const InputDefault& entry) const;
  /// Notes the override's place in the entry.
  void mark_deleted(InputDefault* entry);

  /// \throws ConfigError if the key has another option already
  void set_known_choice(const InputDefault& entry);

  /// \throws ConfigError for a choice that no defaults list has a place for
  void ensure_all_used() const;

  /// The command line's choice for that group, under another package, that no entry has taken: it may be meant for one
  /// that has none. Its place, and what it chooses.
  std::optional<std::pair<SourcePos, std::string>> unused_choice(const std::string& group) const;

  /// Whether anything here is about the groups below `group`.
  bool concerns(std::string_view group) const;

  const std::vector<InputDefault>& appended() const { return appended_; }
  const std::vector<const Override*>& config_overrides() const { return config_overrides_; }
  const std::vector<std::pair<std::string, GroupChoice>>& known_choices() const { return known_choices_; }
  /// What made each of them: an entry of a defaults list, an override.
  std::vector<SourcePos> known_choice_places() const;

 private:
  struct Choice {
    std::string key;
    GroupChoice value;
    bool external = false;
    std::string config_path;  ///< of the `override` entry; empty for the command line
    SourcePos pos;
    bool used = false;
    const Node* wrong_option = nullptr;  ///< the first that is no string: refused where the choice is used
    OptionPlaces places = {};
    SourcePos package_pos = {};  ///< of the command line's `@package`, behind the `@`
  };
  struct Deletion {
    std::string key;
    std::optional<std::string> option;
    SourcePos pos;
    SourcePos option_pos;
    bool used = false;
  };
  /// A choice that an entry has made, for whom makes another one.
  struct KnownChoice {
    SourcePos pos;
    std::string group;
    bool appended = false;  ///< by the command line
  };

  void add_group_override(const Override& word, const ConfigRepository& repository);
  void add_choice(Choice choice);
  Choice* find_choice(const std::string& key);
  const Choice* find_choice(const std::string& key) const;
  const Deletion* find_deletion(const std::string& key) const;
  [[noreturn]] void refuse_unused(const Choice& choice) const;
  std::vector<std::string> known_keys() const;

  VersionBase version_base_;
  std::vector<Choice> choices_;
  std::unordered_map<std::string, size_t> choice_index_;  // of each key
  std::vector<Deletion> deletions_;
  std::unordered_map<std::string, size_t> deletion_index_;  // of each key
  std::vector<InputDefault> appended_;
  std::vector<const Override*> config_overrides_;
  std::vector<std::pair<std::string, GroupChoice>> known_choices_;
  std::vector<KnownChoice> known_choice_origins_;               // of each of them
  std::unordered_map<std::string, size_t> known_choice_index_;  // of each key
};

/// A choice as Python prints it: `mysql`, `['a', 'b']`, `None`.
std::string to_python(const GroupChoice& choice);

}  // namespace cfgtool
