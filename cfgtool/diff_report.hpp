/// \file
/// The differences between two compositions, each with its cause on both sides, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "cfgtool/diff_sides.hpp"
#include "cfgtool/tree_diff.hpp"

namespace cfgtool {

/// \param cut_long_values at about a line's length, for a terminal
std::string diff_text(const DiffSides& sides, const std::vector<TreeDifference>& differences, bool color,
                      bool cut_long_values);

/// One object a line: `{"key", "left", "right"}`, each side `{"value", "set_by"}` or null where the key is absent.
///
/// Of a key that one side lacks, `absent_by` is the place that deleted it there, put something in its place, or chose
/// another config, where that can be told.
///
/// `set_by` is the place that sets the key, as `cfgtool explain` gives it: of an interpolation, where it is written.
/// Then there are `written`, its text; `reads`, what it reads, with the places that set that; and `from`, where the
/// value itself stands, if it does stand somewhere else. A value inside a container that an interpolation brings has no
/// place of its own: what is said of it is said of that interpolation, whose key is `through`. A run's value that its
/// inputs do not give any more is set by the file in the run's folder; `changed_file` is where it stood.
std::string diff_json(const DiffSides& sides, const std::vector<TreeDifference>& differences);

/// How many values changed, were added and were removed, in all and by the file or override that the new value comes
/// from (of a value that was removed: what removed it, or the old one). What an interpolation gives comes from the
/// first that it reads and that is not the same on the other side.
std::string diff_stat_text(const DiffSides& sides, const std::vector<TreeDifference>& differences);
std::string diff_stat_json(const DiffSides& sides, const std::vector<TreeDifference>& differences);

}  // namespace cfgtool
