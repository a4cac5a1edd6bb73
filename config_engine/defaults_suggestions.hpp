/// \file
/// What an entry of a defaults list may have been meant to be. Private to the room `defaults`.
#pragma once

#include <string>
#include <vector>

#include "config_engine/defaults.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

/// Completes the error of a config that is not there: another group or option, another form of the entry, a file
/// whose name ends in `.yml`. \param options of the entry's group
void suggest_for_config(const InputDefault& entry, const ConfigRepository& repository,
                        const std::vector<std::string>& options, VersionBase version_base, Diagnostic& diagnostic);

/// Completes an error whose places are entries: `overide db: mysql` is the entry `db: mysql` for Hydra.
void suggest_keyword(const SourceMap& sources, Diagnostic& diagnostic);

/// A list that looks like a defaults list, under a key such as `default`, where the config has no defaults list.
void warn_of_misspelt_list(const LoadedConfig& config, const std::string& config_path,
                           const ConfigRepository& repository, std::vector<Diagnostic>& warnings);

/// Packages such as `_globl_`, which Hydra takes for keys; not where something else has that key too.
void warn_of_misspelt_packages(const std::vector<ResultDefault>& entries, ConfigRepository& repository,
                               const SourceMap& sources, std::vector<Diagnostic>& warnings);

}  // namespace cfgtool
