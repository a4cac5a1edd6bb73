/// \file
/// What errors say to type instead is tried, so that nobody types what is refused again. Private to the room `compose`.
#pragma once

#include <functional>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// Composes once or twice more, with the fixes of `problems` in place of the overrides that they are about. A fix that
/// is refused as well is replaced by what that refusal says to type, or taken away, with the reason among the notes.
/// \param problems of `request`; only those that lie in an override and have a fix are looked at
/// \param sources of the problems' places
/// \param compose is given the request with other overrides and `passed_over` set
void try_fixes(std::vector<Diagnostic>& problems, const SourceMap& sources, const ComposeRequest& request,
               const std::function<Composition(const ComposeRequest&)>& compose);

}  // namespace cfgtool
