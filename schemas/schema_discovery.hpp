/// \file
/// The schema of a file that nobody named: the file itself says it, or a `cfgtool.yaml` in the repository does.
#pragma once

#include <optional>
#include <string>

#include "config_engine/compose.hpp"
#include "config_engine/source.hpp"

namespace cfgtool {

struct DiscoveredSchema {
  std::string file;    ///< a path, or a URI: as Schema::read takes it
  SourcePos named_at;  ///< in the sources that discover_schema was given
};

/// Looks, in this order, at
/// - comments before the first line that is none, for `# yaml-language-server: $schema=PATH`, as editors do; PATH
///   starts from the file's folder,
/// - the nearest `cfgtool.yaml` in the file's folder or one above it, up to the repository's top (which has `.git`):
///
///       schemas:
///         schemas/trainer.schema.yaml: conf/config.yaml
///         schemas/optimizer.schema.yaml: [conf/optim/*.yaml, conf/legacy/**]
///
///   Paths and patterns start from its folder; `*` stays within a folder, `**` does not.
/// \return nothing if neither names one
/// \throws ConfigError (without sources), codes project-… and `yaml-…`, for a cfgtool.yaml that is wrong
std::optional<DiscoveredSchema> discover_schema(const std::string& file, SourceMap& sources);

/// The same for the primary config of `request`, whose schema is then that of what it composes to.
std::optional<DiscoveredSchema> discover_schema(const ComposeRequest& request, SourceMap& sources);

}  // namespace cfgtool
