/// \file
/// What `cfgtool validate` found, as one report about everything that it checked.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "schemas/validation.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

struct ReportFlags {
  std::string format = "text";  ///< text, json, github, sarif or junit
  bool json = false;

  const char* chosen() const { return json ? "json" : format.c_str(); }
};

void add_report_flags(CLI::App& app, ReportFlags& flags);

/// A file, or a composed configuration.
struct CheckedItem {
  std::string name;
  Validation validation;
  std::chrono::duration<double> time{0};
  std::string file = {};  ///< where readers that want a file show what lies in none, such as an override
};

/// `1 file`, `2 files`.
std::string counted(size_t count, const std::string& noun);

/// The text ends with a count. JSON and GitHub have a line for each problem, and nothing where there is none. SARIF is
/// one document with one run, JUnit one test suite with a test for each item.
/// \param checked what was checked, for the text that finds nothing wrong: `2 files`
/// \param format one of those that ReportFlags takes
/// \param color text only
std::string validation_report(const std::vector<CheckedItem>& items, const std::string& checked,
                              const std::string& format, bool color);

}  // namespace cfgtool
