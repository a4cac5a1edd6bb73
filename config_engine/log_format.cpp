#include "config_engine/log_format.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <optional>

namespace cfgtool {

namespace {

std::string time_text(const timeval& time, const std::string& date_format) {
  std::tm local{};
  ::localtime_r(&time.tv_sec, &local);
  const char* const format = date_format.empty() ? "%Y-%m-%d %H:%M:%S" : date_format.c_str();
  std::string text(64 + 16 * std::string_view(format).size(), '\0');
  text.resize(std::strftime(text.data(), text.size(), format, &local));
  return date_format.empty() ? fmt::format("{},{:03}", text, time.tv_usec / 1000) : text;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// The colours of colorlog's formatters, which many configurations use; a log here has none.
bool is_color(std::string_view field) {
  static constexpr std::string_view kColors[] = {"black",  "red",  "green", "yellow", "blue",
                                                 "purple", "cyan", "white", "reset",  "log_color"};
  for (const std::string_view prefix : {"bold_", "thin_", "bg_", "fg_", "light_"}) {
    if (field.starts_with(prefix)) field.remove_prefix(prefix.size());
  }
  return std::find(std::begin(kColors), std::end(kColors), field) != std::end(kColors);
}

/// Nothing if there is no such field.
std::optional<std::string> field_text(std::string_view field, const LogLine& line, const std::string& date_format) {
  if (field == "message") return std::string(line.message);
  if (field == "asctime") return time_text(line.time, date_format);
  if (field == "name") return std::string(line.logger);
  if (field == "levelname") {
    const std::string name = to_string(line.level);
    return name.empty() ? fmt::format("Level {}", static_cast<int>(line.level)) : name;
  }
  if (field == "levelno") return fmt::format("{}", static_cast<int>(line.level));
  if (field == "created") return fmt::format("{}.{:06}", line.time.tv_sec, line.time.tv_usec);
  if (field == "msecs") return fmt::format("{}", line.time.tv_usec / 1000);
  if (field == "process") return fmt::format("{}", ::getpid());
  if (field == "processName") return "MainProcess";
  if (field == "thread") return fmt::format("{}", static_cast<uint64_t>(::pthread_self()));
  if (field == "threadName") return ::gettid() == ::getpid() ? "MainThread" : fmt::format("Thread-{}", ::gettid());
  if (field == "pathname") return line.place.file_name();
  if (field == "filename") return std::string(file_name(line.place.file_name()));
  if (field == "module") {
    const std::string_view name = file_name(line.place.file_name());
    return std::string(name.substr(0, name.rfind('.')));
  }
  if (field == "funcName") return line.place.function_name();
  if (field == "lineno") return fmt::format("{}", line.place.line());
  if (is_color(field)) return "";
  return std::nullopt;
}

}  // namespace

const char* to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kNotSet:
      return "NOTSET";
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
    case LogLevel::kCritical:
      return "CRITICAL";
  }
  return "";
}

LogFormat::LogFormat(std::string_view format, std::string date_format) : date_format_(std::move(date_format)) {
  std::string text;
  while (!format.empty()) {
    if (format.starts_with("%%")) {
      text += '%';
      format.remove_prefix(2);
      continue;
    }
    const size_t close = format.starts_with("%(") ? format.find(')') : std::string_view::npos;
    const size_t end = close == std::string_view::npos ? close : format.find_first_of("sdifr", close);
    if (end == std::string_view::npos) {
      text += format.front();
      format.remove_prefix(1);
      continue;
    }
    if (!text.empty()) pieces_.push_back({std::move(text), {}});
    text.clear();
    add_field(format.substr(2, close - 2), format.substr(close + 1, end - close - 1));
    format.remove_prefix(end + 1);
  }
  if (!text.empty()) pieces_.push_back({std::move(text), {}});
}

void LogFormat::add_field(std::string_view name, std::string_view spec) {
  if (!field_text(name, {}, {})) {
    unknown_fields_.emplace_back(name);
    return;
  }
  Piece piece;
  piece.field = name;
  piece.left = spec.starts_with('-');
  const auto number = [&](std::string_view digits) {
    size_t value = 0;
    for (const char c : digits) {
      if (c >= '0' && c <= '9' && value < 1000) value = value * 10 + static_cast<size_t>(c - '0');
    }
    return value;
  };
  const size_t dot = spec.find('.');
  piece.width = number(spec.substr(0, dot));
  if (dot != std::string_view::npos) piece.precision = number(spec.substr(dot + 1));
  pieces_.push_back(std::move(piece));
}

std::string LogFormat::line(const LogLine& line) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    if (piece.field.empty()) {
      text += piece.text;
      continue;
    }
    const std::string value = field_text(piece.field, line, date_format_).value_or("").substr(0, piece.precision);
    const std::string padding(piece.width > value.size() ? piece.width - value.size() : 0, ' ');
    text += piece.left ? value + padding : padding + value;
  }
  return text;
}

}  // namespace cfgtool
