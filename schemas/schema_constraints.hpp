/// \file
/// What one subschema says, as constraints of the JSON schema library. Private to schemas.
#pragma once

#include <functional>

#include "schemas/schema_compiled.hpp"

namespace cfgtool {

/// Adds what the mapping or boolean `at` says of values to `out`. What is of a type that the meta-schema refuses is
/// passed over.
/// \param subschema_of what was made for a value that stands in `at` as a schema
void add_constraints(const Tree& tree, NodeId at, const std::function<const valijson::Subschema*(NodeId)>& subschema_of,
                     valijson::Schema& all, const valijson::Subschema& out);

}  // namespace cfgtool
