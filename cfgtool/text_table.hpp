/// \file
/// Tables for people, and texts cut short for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfgtool {

/// The text, or its beginning and `…`, in at most that many characters.
std::string cut_short(std::string_view text, size_t most);

/// Columns as wide as their widest cell, two blanks between them, no blanks at a line's end.
/// \param rows as many cells each as there are titles
std::string text_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows,
                       bool color);

/// A path as it is seen from the working directory, if it lies below that; else as it is.
std::string path_from_here(const std::string& path);

}  // namespace cfgtool
