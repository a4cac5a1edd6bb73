/// \file
/// The longer errors of defaults lists: each collects what the reader needs to know. Private to the room `defaults`.
#pragma once

#include <string>

#include "config_engine/defaults.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

Diagnostic defaults_problem(std::string code, std::string message, SourcePos pos);

/// Configs that include each other without end, or deeper than Python would go. \throws ConfigError if so
void refuse_endless_defaults(const DefaultsTreeNode& node);

/// A config that no folder has: the options that there are, and where it was looked for. \throws ConfigError
[[noreturn]] void refuse_config_not_found(const DefaultsTreeNode& node, const ConfigRepository& repository,
                                          VersionBase version_base);

/// One group with two options in the list. \throws ConfigError with both places
[[noreturn]] void refuse_second_choice(const DefaultsTreeNode& first, const DefaultsTreeNode& second,
                                       const std::string& key);

/// `group: ???` that nobody chose an option for. \throws ConfigError
/// \param unused a choice for that group that no entry takes: its place and option
[[noreturn]] void refuse_missing_choice(const InputDefault& entry, const ConfigRepository& repository,
                                        VersionBase version_base,
                                        const std::optional<std::pair<SourcePos, std::string>>& unused);

}  // namespace cfgtool
