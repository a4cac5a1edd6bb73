/// \file
/// Refuses what PyYAML refuses and yaml-cpp lets pass, as far as a person is likely to write it; and takes the comments
/// out of yaml-cpp's way, which spends more time on them than on values.
#pragma once

#include "config_engine/yaml_text.hpp"

namespace cfgtool {

/// Takes out comments and blank lines, other than those behind a block scalar. \throws ConfigError
void lint_yaml(YamlText* text);

}  // namespace cfgtool
