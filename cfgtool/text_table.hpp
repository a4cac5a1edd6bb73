/// \file
/// Tables for people, and texts cut short or painted for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfgtool {

/// The text, or its beginning and `…`, in at most that many characters.
std::string cut_short(std::string_view text, size_t most);

/// Columns as wide as their widest cell, up to 80 characters, two blanks between them, no blanks at a line's end.
/// \param rows as many cells each as there are titles
std::string text_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows,
                       bool color);

/// The text in a colour or another face; `code` as terminals know it, such as "1" for bold.
std::string paint(bool color, std::string_view code, std::string_view text);

}  // namespace cfgtool
