/// \file
/// `cfgtool resolve --spec`: what a composed configuration asks of attention, and who can give it here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cfgtool/spec_flags.hpp"
#include "config_engine/compose.hpp"
#include "config_engine/diagnostic.hpp"

namespace cfgtool {

struct SpecReport {
  std::string text;                  ///< the specification as YAML or JSON, refusals included
  std::vector<Diagnostic> refusals;  ///< of roles that no plugin can serve
  std::vector<Diagnostic> warnings;
  std::shared_ptr<const SourceMap> sources;  ///< what the diagnostics refer to
};

/// Loads the plugins and asks them. \throws ConfigError with sources, also for a named plugin that is bad (stage
/// kAttention)
SpecReport report_spec(Composition composition, const SpecFlags& flags, bool as_json);

}  // namespace cfgtool
