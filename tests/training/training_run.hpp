/// \file
/// Runs the program in a folder that is gone afterwards, and reads what it wrote.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

struct TrainingRun {
  Outcome outcome;
  std::string log;           ///< of the run's folder
  std::string metrics_text;  ///< empty if there is no file
  std::vector<nlohmann::json> metrics;

  double metric(size_t step, const char* name) const { return metrics.at(step).at(name).get<double>(); }
  /// The mean over steps [begin, end).
  double mean(size_t begin, size_t end, const char* name) const;
};

TrainingRun run_training(std::vector<std::string> words);
/// \param implementation for all roles
TrainingRun run_training_with(const std::string& implementation, std::vector<std::string> words);
/// The same, killed after that many seconds.
TrainingRun run_and_kill(int seconds, const std::vector<std::string>& words);

/// What does not depend on the clock.
nlohmann::json without_times(const nlohmann::json& metrics);

}  // namespace cfgtool::test
