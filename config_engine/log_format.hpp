/// \file
/// One line of a log, laid out as Python's logging.Formatter does: `[%(asctime)s][%(name)s][%(levelname)s] -
/// %(message)s`.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace cfgtool {

/// Python's levels and their numbers.
enum class LogLevel : uint8_t { kNotSet = 0, kDebug = 10, kInfo = 20, kWarning = 30, kError = 40, kCritical = 50 };

/// "INFO"
const char* to_string(LogLevel level);

struct LogLine {
  timeval time{};
  LogLevel level = LogLevel::kInfo;
  std::string_view logger;
  std::string_view message;
  std::source_location place;
};

class LogFormat {
 public:
  /// \param format with `%(field)s`, in which printf's width and precision may stand, as in `%(levelname)-8s`
  /// \param date_format for strftime; empty: Python's own, with milliseconds
  explicit LogFormat(std::string_view format = "%(message)s", std::string date_format = {});

  /// Fields that are none. They are left out of the lines.
  const std::vector<std::string>& unknown_fields() const { return unknown_fields_; }

  std::string line(const LogLine& line) const;

 private:
  struct Piece {
    std::string text;   // as it is, if there is no field
    std::string field;  // "asctime"
    bool left = false;
    size_t width = 0;
    size_t precision = std::string::npos;
  };
  void add_field(std::string_view name, std::string_view spec);

  std::vector<Piece> pieces_;
  std::string date_format_;
  std::vector<std::string> unknown_fields_;
};

}  // namespace cfgtool
