/// \file
/// Files and run folders, as tests look at them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cfgtool::test {

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& content);

/// The folders `outputs/<date>/<time>` below a folder, sorted.
std::vector<std::filesystem::path> runs_in(const std::filesystem::path& folder);

}  // namespace cfgtool::test
