/// \file
/// Looks at a schema itself: what makes it no schema, and what is allowed but probably a mistake.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "schemas/schema.hpp"

namespace cfgtool {

/// Errors, as Schema::read() throws them, then warnings, about the file and all that it refers to: keywords that are
/// near to one of draft-07 or come from a later draft, what stands beside a `$ref`, required keys that may not be
/// there, values of `enum`, `const` and `default` that do not fit their own schema.
std::vector<Diagnostic> lint_schema(const std::string& file, const SchemaOptions& options,
                                    const std::shared_ptr<SourceMap>& sources);

}  // namespace cfgtool
