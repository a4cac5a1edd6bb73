/// \file
/// Reads `# @package NAME` from the comment lines at the top of a config file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config_engine/source.hpp"

namespace cfgtool {

/// \param text the file; \param begin the position of its first byte
/// \return what stands behind `@package`, if there is such a header within the first 512 characters
/// \throws ConfigError for a header line that is not `# @KEY VALUE`
std::optional<std::string> read_package_header(std::string_view text, SourcePos begin);

}  // namespace cfgtool
