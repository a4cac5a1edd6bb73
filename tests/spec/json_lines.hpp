/// \file
/// What a program prints as JSON Lines.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

inline std::vector<nlohmann::json> lines(const Outcome& outcome) {
  std::vector<nlohmann::json> all;
  std::istringstream stream(outcome.output);
  for (std::string line; std::getline(stream, line);)
    all.push_back(nlohmann::json::parse(line));
  return all;
}

inline nlohmann::json only_line(const Outcome& outcome) {
  CAPTURE(outcome.errors);
  REQUIRE(lines(outcome).size() == 1);
  return lines(outcome).front();
}

}  // namespace cfgtool::test
