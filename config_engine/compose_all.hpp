/// \file
/// Composing that goes on after what is wrong, so that a person sees all of it at once.
#pragma once

#include <memory>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// How many problems of one run are shown.
inline constexpr size_t kMostShownProblems = 20;

/// Each problem once (one code at one place is one), and no more than are shown; the last then says how many more.
std::vector<Diagnostic> shortened(const std::vector<Diagnostic>& problems);

/// As compose(), but what is wrong independently of each other is found together.
/// \throws ConfigError with sources: what compose() throws comes first, then up to kMostShownProblems in all, with a
/// note on the last that says how many more there are, then the warnings
Composition compose_finding_all(const std::shared_ptr<FileStore>& store, const ComposeRequest& request);

/// The same of compose_defaults().
Composition compose_defaults_finding_all(const std::shared_ptr<FileStore>& store, const ComposeRequest& request);

/// Evaluates all interpolations below `root`, as Resolver::resolve_in_place.
/// \throws ConfigError with all that cannot be evaluated, each broken interpolation once, limited as above
void resolve_finding_all(Resolver& resolver, NodeId root);

}  // namespace cfgtool
