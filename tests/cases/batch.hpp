/// \file
/// Sends requests through `cfgtool batch` (or another program with its protocol) and collects the answers.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cfgtool::test {

struct BatchAnswer {
  nlohmann::json json;  ///< null if there is none
  std::string problem;  ///< why there is none: the program crashed or hung at this request, or wrote nonsense
};

/// Asks all in one process. When the program dies or hangs, the first request without an answer gets the blame and
/// the rest is asked of a new process.
/// \param command the program and its arguments
/// \param limit without any new answer, after which the program counts as hung
/// \return as many answers as requests, in their order
std::vector<BatchAnswer> ask_all(const std::vector<std::string>& command, const std::vector<nlohmann::json>& requests,
                                 std::chrono::seconds limit);

}  // namespace cfgtool::test
