/// \file
/// What `cfgtool validate` found, as one report about everything that it checked.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "schemas/validation.hpp"

namespace cfgtool {

/// A file, or a composed configuration.
struct CheckedItem {
  std::string name;
  Validation validation;
  std::chrono::duration<double> time{0};
};

/// text, json, github, sarif and junit.
const std::vector<std::string>& report_formats();

/// The text ends with a count. JSON and GitHub have a line for each problem, and nothing where there is none. SARIF is
/// one document with one run, JUnit one test suite with a test for each item.
/// \param noun what an item is, such as "file"
/// \param format one of report_formats()
/// \param color text only
std::string validation_report(const std::vector<CheckedItem>& items, const std::string& noun, const std::string& format,
                              bool color);

}  // namespace cfgtool
