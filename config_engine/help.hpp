/// \file
/// What Hydra's `--help` and `--hydra-help` print: a template of the configuration with the groups, the configuration
/// and the flags filled in.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

struct Help {
  std::string text;
  bool shows_flags = false;  ///< whether the template has $FLAGS_HELP in it
  std::vector<Diagnostic> warnings;
  std::shared_ptr<const SourceMap> sources;  ///< what the warnings refer to
};

/// `hydra.help.template` of the configuration that is asked for.
/// \param flags what $FLAGS_HELP becomes \param resolve whether the interpolations of $CONFIG are evaluated
/// \throws ConfigError with sources, as composing does; code help-template for a placeholder that is none
Help app_help(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, const std::string& flags,
              bool resolve);

/// `hydra.hydra_help.template`, of Hydra's own configuration alone. \throws ConfigError as app_help
Help hydra_help(const std::shared_ptr<FileStore>& store, ComposeRequest request, const std::string& flags);

}  // namespace cfgtool
