/// \file
/// The resolvers that projects of the corpus register in Python, written in C++ as a training program would.
#pragma once

#include <string_view>

#include "config_engine/resolver_table.hpp"

namespace cfgtool::test {

/// Whether there are equivalents of this set of the corpus (RESOLVER_SETS of its make_goldens.py). There are none of
/// `eval`, which runs any Python expression.
bool has_resolver_set(std::string_view name);

/// \throws std::invalid_argument if there is no such set
ResolverTable resolver_set(std::string_view name);

}  // namespace cfgtool::test
