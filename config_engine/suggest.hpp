/// \file
/// "Did you mean …?": the one place that decides which names are near enough to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfgtool {

/// The number of single-byte edits (insert, delete, replace, swap of neighbours) from `a` to `b`; case counts half.
double edit_distance(std::string_view a, std::string_view b);

/// The names in `known` near to `wanted`, nearest first, at most `most`; empty if none is near.
std::vector<std::string> nearest_names(std::string_view wanted, const std::vector<std::string>& known, size_t most = 3);

/// "did you mean 'x'?" or "did you mean 'x' or 'y'?"; empty where nearest_names finds none.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known);

/// A path, with or without a line behind it, as it would be typed: seen from here where it lies below.
std::string path_from_here(const std::string& path);

}  // namespace cfgtool
