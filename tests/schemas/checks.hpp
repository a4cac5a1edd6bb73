/// \file
/// Runs `cfgtool validate` on a schema and a document that a test makes up.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

struct Check : Outcome {
  double seconds = 0;  ///< of processor time
  /// What it says, wherever it says it.
  bool says(const std::string& words) const { return prints(words) || complains(words); }
};

/// \param words beside the two files; one that ends in `.json` is read as JSON
Check check_file(const std::filesystem::path& schema, const std::filesystem::path& document,
                 const std::vector<std::string>& words = {});

std::string read_text(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace cfgtool::test
