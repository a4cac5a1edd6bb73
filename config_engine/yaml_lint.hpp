/// \file
/// Refuses what PyYAML refuses and yaml-cpp lets pass, as far as a person is likely to write it; and takes the comments
/// out of yaml-cpp's way, which spends more time on them than on values.
#pragma once

#include <cstddef>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/yaml_text.hpp"

namespace cfgtool {

/// A folded block scalar that keeps its last line breaks (`>+`), and how many they are: yaml-cpp counts one too few.
struct KeptBreaks {
  SourcePos pos;
  size_t count = 0;
};

/// Takes out comments and blank lines, other than those behind a block scalar.
/// \returns the scalars with kept breaks, in ascending order. \throws ConfigError
std::vector<KeptBreaks> lint_yaml(YamlText* text);

}  // namespace cfgtool
