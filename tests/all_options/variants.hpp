/// \file
/// All variants that OptionVariants hands out for a folder of configs, each composed.
#pragma once

#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool::test {

struct ComposedLine {
  std::string line;       ///< `-cn config db=mysql`
  bool composes = false;  ///< as the program would: with every group chosen, and no config that is not there

  bool operator==(const ComposedLine&) const = default;
};

/// Sorted. Variants that only show what there is to choose are not among them.
std::vector<ComposedLine> all_variants(const ComposeRequest& request);

}  // namespace cfgtool::test
