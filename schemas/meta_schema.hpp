/// \file
/// The meta-schema of JSON Schema draft-07 (http://json-schema.org/draft-07/schema), word for word; its licence is in
/// NOTICE.
#pragma once

#include <string_view>

namespace cfgtool {

extern const std::string_view kDraft7MetaSchema;

}  // namespace cfgtool
