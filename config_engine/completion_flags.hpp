/// \file
/// A program's flags as completion wants them.
#pragma once

#include <vector>

#include "config_engine/completion.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

/// All flags that `app` declares, in that order. What a flag takes is known of Hydra's flags; of others it follows from
/// the type's name (DIR, FILE or PATH in it) and from a CLI::IsMember.
std::vector<CompletionFlag> completion_flags(CLI::App& app);

}  // namespace cfgtool
