/// \file
/// What a training measures: one line of JSON for each step in the run's folder, and progress for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config_engine/job_log.hpp"
#include "number_formats.hpp"

namespace ppo_trainer {

/// Names as VERL has them, in the order in which they are written.
class Metrics {
 public:
  void set(std::string name, double value) { values_.emplace_back(std::move(name), value); }
  /// NAME/mean, NAME/max and NAME/min
  void set_summary(const std::string& name, const Floats& values);
  void append(const Metrics& others) { values_.insert(values_.end(), others.values_.begin(), others.values_.end()); }
  /// 0 for what was not measured.
  double get(std::string_view name) const;
  /// One JSON object; what is no finite number becomes null.
  std::string to_json() const;

 private:
  std::vector<std::pair<std::string, double>> values_;
};

/// Seconds since it was made, or since the last lap.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    begin_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// JSON Lines. A line is written by one call, so that a run that is killed leaves whole lines.
class MetricsFile {
 public:
  /// \throws std::system_error if the file cannot be made
  explicit MetricsFile(std::string path);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  const std::string& path() const { return path_; }
  /// \throws std::system_error if the line could not be written whole
  void write(const Metrics& metrics);

 private:
  std::string path_;
  int file_ = -1;
};

/// Some steps as lines of the log; on a terminal every step as well, in place.
class Progress {
 public:
  Progress(const cfgtool::Logger& log, int64_t total_steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// \param step 1-based
  void show(int64_t step, const Metrics& metrics);

 private:
  void clear_line();

  const cfgtool::Logger& log_;
  int64_t total_steps_;
  bool in_place_;
  bool line_is_there_ = false;
};

}  // namespace ppo_trainer
