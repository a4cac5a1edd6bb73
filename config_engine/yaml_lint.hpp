/// \file
/// Refuses what PyYAML refuses and yaml-cpp lets pass, as far as a person is likely to write it; and takes the comments
/// out of yaml-cpp's way, which spends more time on them than on values.
#pragma once

#include <string>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/yaml_text.hpp"

namespace cfgtool {

/// A block scalar, which the parser sees as '' instead.
struct BlockScalar {
  SourcePos pos;
  std::string value;
};

/// Takes out comments and blank lines, and puts '' in place of every block scalar.
/// \returns the block scalars in the order in which they stand. \throws ConfigError
std::vector<BlockScalar> lint_yaml(YamlText* text);

}  // namespace cfgtool
