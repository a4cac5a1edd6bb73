/// \file
/// Which alias (`*name`) brought a value that stands at an anchor.
#pragma once

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The `*` of the alias, as the value of a key or of `<<`, through which the value of `node` came into its file's tree;
/// of aliases to what has aliases itself, the last that is followed. Nowhere for a value that stands where its key
/// does.
/// \param value where the value stands; or stood, when `node` held another one
SourcePos alias_place(const SourceMap& sources, const Tree& tree, NodeId node, SourcePos value);

}  // namespace cfgtool
