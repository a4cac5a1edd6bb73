/// \file
/// Answers of `cfgtool attention check` for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "cfgtool/check_answer.hpp"

namespace cfgtool {

/// One answer in full.
std::string answer_text(const CheckAnswer& answer);

/// Rows are problems and implementations, columns are devices; the reasons are listed below.
/// \param answers row by row \param column_count devices of each row
std::string answer_table(const std::vector<CheckAnswer>& answers, size_t column_count, bool color);

/// One line of JSON.
std::string answer_json(const CheckAnswer& answer);

}  // namespace cfgtool
