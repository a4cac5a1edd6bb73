/// \file
/// The band of visible keys of a problem, without what makes no difference: so that fewer problems need a mask.
#pragma once

#include <cstdint>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention::cudnn {

/// Key j is visible to row i, with aligned position p, if p - left <= j <= p + right.
struct Band {
  bool bottom_right = false;  ///< p = i + keys - rows of the sequence; otherwise p = i
  int64_t left = -1;          ///< -1: no bound
  int64_t right = -1;
};

/// The same keys are visible as with the problem's window and diagonal. Bounds that hide no key are gone: one query
/// that faces the last key is full attention. The diagonals of a square without variable lengths are one.
Band effective_band(const attn_problem& problem);

}  // namespace cfgtool::attention::cudnn
