/// \file
/// Which options a command line can choose for a configuration, and what it composes with each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// A group that can be chosen from.
struct GroupChoices {
  std::string key;                   ///< as a command line names it: `db`, `db@backup`
  bool append = false;               ///< no defaults list has it: chosen with `+`
  std::vector<std::string> options;  ///< sorted

  std::string override_word(const std::string& option) const;
};

/// Every group with all of its options, Hydra's own as well: first those that `composition` has a choice for, in the
/// order of DefaultsList::known_choices and several_chosen, then those of its search path that only `+` adds to it.
/// \param composition the result of compose() or compose_defaults()
std::vector<GroupChoices> all_groups(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                     const Composition& composition);

/// The groups that `composition` has a choice for, and those of its search path that only `+` adds to it, if each of
/// their options says by its `@package _global_` that it is about the whole, as experiments do. Not Hydra's own,
/// not what the overrides chose, and not where several options are chosen.
std::vector<GroupChoices> group_choices(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                        const Composition& composition);

/// One composition with every option of every group, one at a time; options may bring groups of their own.
struct ChoiceVisitor {
  /// \param words what was added to the request's overrides; empty for the request itself
  std::function<void(std::shared_ptr<const Composition> composition, const std::vector<std::string>& words)> composed;
  std::function<void(const ConfigError& error, const std::vector<std::string>& words)> failed;
};
/// The request itself comes first. \throws ConfigError if that does not compose
/// \return the groups by their keys, each with those of its options that compose
std::vector<GroupChoices> compose_each_choice(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                              const ChoiceVisitor& visitor);

}  // namespace cfgtool
