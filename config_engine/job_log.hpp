/// \file
/// A job's log, as `hydra.job_logging` describes it for Python's logging.config: to the terminal and to a file in the
/// run's folder, unless the configuration says otherwise.
///
///     log.info("epoch 1");                        // [2026-01-02 03:04:05,678][trainer][INFO] - epoch 1
///     log.named("trainer.data").debug("batch 7");
#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/log_format.hpp"

namespace cfgtool {

/// A logger by its name. Cheap to copy; may be used from several threads at once. What a full disk does not take is
/// lost, and said once on stderr: a job does not end because of its log.
class Logger {
 public:
  void debug(std::string_view message, std::source_location place = std::source_location::current()) const {
    log(LogLevel::kDebug, message, place);
  }
  void info(std::string_view message, std::source_location place = std::source_location::current()) const {
    log(LogLevel::kInfo, message, place);
  }
  void warning(std::string_view message, std::source_location place = std::source_location::current()) const {
    log(LogLevel::kWarning, message, place);
  }
  void error(std::string_view message, std::source_location place = std::source_location::current()) const {
    log(LogLevel::kError, message, place);
  }
  void critical(std::string_view message, std::source_location place = std::source_location::current()) const {
    log(LogLevel::kCritical, message, place);
  }
  void log(LogLevel level, std::string_view message,
           std::source_location place = std::source_location::current()) const;

  /// Whether log() would write anything: for messages that cost something to make.
  bool is_enabled(LogLevel level) const;

  /// Another logger of the same job: the names' dots say who inherits whose level and handlers.
  Logger named(std::string name) const { return {state_, std::move(name)}; }

 private:
  friend void check_verbose(const Composition& composition);
  friend Logger open_job_log(const Composition& composition, const std::string& name,
                             std::vector<Diagnostic>* warnings);
  struct State;
  Logger(std::shared_ptr<State> state, std::string name) : state_(std::move(state)), name_(std::move(name)) {}

  std::shared_ptr<State> state_;
  std::string name_;
};

/// Refuses a hydra.verbose that says nothing about loggers, before anything is written. \throws as open_job_log
void check_verbose(const Composition& composition);

/// Opens the log; a file is made where a handler wants one (`delay: true`: with its first line). What Python's logging
/// has and this has not (handlers other than StreamHandler, FileHandler and NullHandler, filters) is left out, with a
/// warning.
/// \throws ConfigError with sources, code job-logging, for what is no logging configuration or a file that cannot be
/// opened
Logger open_job_log(const Composition& composition, const std::string& name, std::vector<Diagnostic>* warnings);

}  // namespace cfgtool
