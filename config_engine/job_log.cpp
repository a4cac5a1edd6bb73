#include "config_engine/job_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>

#include "config_engine/hydra_settings.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

/// Where lines go: a stream that is open anyway, or a file.
struct Handler {
  int descriptor = -1;  // -1: not opened yet, or nowhere
  std::string file;     // to open with the first line
  int open_flags = 0;
  bool owns_descriptor = false;
  LogLevel level = LogLevel::kNotSet;
  LogFormat format;
  bool has_failed = false;

  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  ~Handler() {
    if (owns_descriptor) ::close(descriptor);
  }

  bool open() {
    if (descriptor >= 0 || file.empty()) return true;
    descriptor = ::open(file.c_str(), open_flags, 0666);
    owns_descriptor = descriptor >= 0;
    return owns_descriptor;
  }

  void write(const LogLine& line);
};

void Handler::write(const LogLine& line) {
  const std::string text = format.line(line) + "\n";
  bool written = open();
  // In one go, so that lines of several processes in one file stay whole.
  // The program's own output, which may wait in the same stream, goes first.
  if (descriptor == STDOUT_FILENO) std::fflush(stdout);
  if (written && descriptor >= 0)
    written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written || has_failed) return;
  has_failed = true;
  const std::string complaint = fmt::format("warning[job-logging]: lines of the log are lost: {}{}{}\n", file,
                                            file.empty() ? "" : ": ", std::strerror(errno));
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, complaint.data(), complaint.size());
}

struct LoggerSettings {
  std::optional<LogLevel> level;
  std::vector<std::shared_ptr<Handler>> handlers;
  bool propagates = true;
};

std::optional<LogLevel> parse_level(std::string_view text) {
  for (const LogLevel level : {LogLevel::kNotSet, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                               LogLevel::kError, LogLevel::kCritical}) {
    if (text == to_string(level) || text == fmt::format("{}", static_cast<int>(level))) return level;
  }
  if (text == "WARN") return LogLevel::kWarning;
  if (text == "FATAL") return LogLevel::kCritical;
  return std::nullopt;
}

}  // namespace

struct Logger::State {
  std::mutex mutex;
  LoggerSettings root{LogLevel::kWarning, {}, true};  // Python's, where nothing is configured
  std::map<std::string, LoggerSettings, std::less<>> loggers;
  Handler last_resort;

  /// `a.b.c`, `a.b`, `a` and the root, as far as they are configured.
  template <class Function>
  void for_each_ancestor(std::string_view name, const Function& function) {
    while (true) {
      const auto found = loggers.find(name);
      if (found != loggers.end() && !function(found->second)) return;
      const size_t dot = name.rfind('.');
      if (dot == std::string_view::npos) break;
      name = name.substr(0, dot);
    }
    function(root);
  }

  LogLevel level_of(std::string_view name) {
    std::optional<LogLevel> level;
    for_each_ancestor(name, [&](const LoggerSettings& settings) {
      if (settings.level && *settings.level != LogLevel::kNotSet) level = settings.level;
      return !level;
    });
    return level.value_or(LogLevel::kNotSet);
  }
};

bool Logger::is_enabled(LogLevel level) const {
  const std::lock_guard lock(state_->mutex);
  return level >= state_->level_of(name_);
}

void Logger::log(LogLevel level, std::string_view message, std::source_location place) const {
  const std::lock_guard lock(state_->mutex);
  if (level < state_->level_of(name_)) return;
  LogLine line{{}, level, name_, message, place};
  ::gettimeofday(&line.time, nullptr);
  bool has_handler = false;
  state_->for_each_ancestor(name_, [&](const LoggerSettings& settings) {
    for (const auto& handler : settings.handlers) {
      has_handler = true;
      if (level >= handler->level) handler->write(line);
    }
    return settings.propagates;
  });
  // hydra: logging.lastResort of Python
  if (!has_handler && level >= LogLevel::kWarning) state_->last_resort.write(line);
}

namespace {

/// Reads the configuration; one function for each of its sections.
class Reader {
 public:
  Reader(HydraSettings& settings, std::vector<Diagnostic>* warnings) : settings_(settings), warnings_(warnings) {}

  /// \param section "hydra_logging" or "job_logging"
  template <class State>
  void read(std::string_view section, State& state);
  template <class State>
  void read_verbose(State& state);

 private:
  [[noreturn]] void refuse(const std::string& message) {
    settings_.refuse("job-logging", section_, fmt::format("hydra.{}: {}", section_, message),
                     fmt::format("hydra/{}=default", section_));
  }
  void warn(const std::string& message, NodeId node) {
    if (!warnings_) return;
    Diagnostic warning;
    warning.severity = Severity::kWarning;
    warning.code = "job-logging";
    warning.message = message;
    if (node != kNoNode && tree()[node].pos) warning.labels.push_back({tree()[node].pos, 1, {}});
    warnings_->push_back(std::move(warning));
  }
  const Tree& tree() const { return settings_.tree(); }
  std::optional<std::string> text(NodeId map, std::string_view key) {
    const NodeId node = settings_.child(map, key);
    if (node == kNoNode) return std::nullopt;
    return python_str(tree(), node);
  }
  /// The members of `section`, with their names.
  template <class Function>
  void for_each(std::string_view section, const Function& function) {
    const NodeId map = settings_.child(all_, section);
    if (map == kNoNode) return;
    // Following an interpolation adds nodes to the tree; a member's successor stays what it is.
    for (NodeId member = tree()[map].child.first; member != kNoNode; member = tree()[member].next)
      function(std::string(tree()[member].key().text), settings_.follow(member));
  }

  std::optional<LogLevel> level(NodeId map);
  LogFormat format(NodeId formatter);
  std::shared_ptr<Handler> handler(const std::string& name, NodeId map);
  void open_file(const std::string& name, NodeId map, Handler& handler);
  LoggerSettings logger(NodeId map);

  HydraSettings& settings_;
  std::vector<Diagnostic>* warnings_;
  std::string section_;
  NodeId all_ = kNoNode;
  std::map<std::string, LogFormat> formats_;
  std::map<std::string, std::shared_ptr<Handler>> handlers_;  // nullptr: left out
};

std::optional<LogLevel> Reader::level(NodeId map) {
  const auto name = text(map, "level");
  if (!name) return std::nullopt;
  const auto level = parse_level(*name);
  if (!level) refuse(fmt::format("'{}' is no level; DEBUG, INFO, WARNING, ERROR, CRITICAL are", *name));
  return level;
}

LogFormat Reader::format(NodeId formatter) {
  LogFormat format(text(formatter, "format").value_or("%(message)s"), text(formatter, "datefmt").value_or(""));
  for (const std::string& field : format.unknown_fields())
    warn(fmt::format("the log's lines have no field '{}'; it is left out", field), formatter);
  return format;
}

void Reader::open_file(const std::string& name, NodeId map, Handler& handler) {
  const auto file = text(map, "filename");
  if (!file) refuse(fmt::format("handlers.{} has no filename", name));
  handler.file = *file;
  const std::string mode = text(map, "mode").value_or("a");
  handler.open_flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (mode.starts_with('w') ? O_TRUNC : 0);
  if (text(map, "delay") == "True") return;
  if (!handler.open()) refuse(fmt::format("cannot open the log file '{}': {}", *file, std::strerror(errno)));
}

std::shared_ptr<Handler> Reader::handler(const std::string& name, NodeId map) {
  auto handler = std::make_shared<Handler>();
  const std::string kind = text(map, "class").value_or("");
  if (kind == "logging.StreamHandler") {
    const std::string stream = text(map, "stream").value_or("ext://sys.stderr");
    handler->descriptor = stream == "ext://sys.stdout" ? STDOUT_FILENO : STDERR_FILENO;
  } else if (kind == "logging.FileHandler") {
    open_file(name, map, *handler);
  } else if (kind != "logging.NullHandler") {
    warn(fmt::format("the log's handler '{}' is left out: {} is not offered, only logging.StreamHandler and "
                     "logging.FileHandler",
                     name, kind.empty() ? "a handler without a class" : kind),
         map);
    return nullptr;
  }
  handler->level = level(map).value_or(LogLevel::kNotSet);
  if (const auto format = text(map, "formatter")) {
    const auto found = formats_.find(*format);
    if (found == formats_.end()) refuse(fmt::format("handlers.{}: there is no formatter '{}'", name, *format));
    handler->format = found->second;
  }
  return handler;
}

LoggerSettings Reader::logger(NodeId map) {
  LoggerSettings logger;
  logger.level = level(map);
  logger.propagates = text(map, "propagate").value_or("True") == "True";
  const NodeId names = settings_.child(map, "handlers");
  if (names == kNoNode) return logger;
  for (NodeId item = tree()[names].child.first; item != kNoNode; item = tree()[item].next) {
    const std::string name = python_str(tree(), settings_.follow(item));
    const auto found = handlers_.find(name);
    if (found == handlers_.end()) refuse(fmt::format("there is no handler '{}'", name));
    if (found->second) logger.handlers.push_back(found->second);
  }
  return logger;
}

// hydra: configure_log
template <class State>
void Reader::read_verbose(State& state) {
  const NodeId verbose = settings_.find("verbose");
  if (verbose == kNoNode) return;
  if (tree()[verbose].kind == NodeKind::kBool) {
    if (tree()[verbose].boolean) state.root.level = LogLevel::kDebug;
  } else if (tree()[verbose].kind == NodeKind::kList) {
    for (NodeId item = tree()[verbose].child.first; item != kNoNode; item = tree()[item].next)
      state.loggers[python_str(tree(), settings_.follow(item))].level = LogLevel::kDebug;
  } else {
    state.loggers[python_str(tree(), verbose)].level = LogLevel::kDebug;
  }
}

template <class State>
void Reader::read(std::string_view section, State& state) {
  section_ = section;
  all_ = settings_.find(section);
  if (all_ != kNoNode && tree()[all_].kind != NodeKind::kMap) refuse("a mapping is needed");
  const NodeId root = settings_.child(all_, "root");
  if (root == kNoNode) return;  // what was before stays
  formats_.clear();
  handlers_.clear();
  for_each("formatters", [&](const std::string& name, NodeId map) { formats_.emplace(name, format(map)); });
  for_each("handlers", [&](const std::string& name, NodeId map) { handlers_.emplace(name, handler(name, map)); });
  for_each("loggers", [&](const std::string& name, NodeId map) { state.loggers[name] = logger(map); });
  state.root = logger(root);
  if (!state.root.level) state.root.level = LogLevel::kWarning;
}

}  // namespace

Logger open_job_log(const Composition& composition, const std::string& name, std::vector<Diagnostic>* warnings) {
  auto state = std::make_shared<Logger::State>();
  state->last_resort.descriptor = STDERR_FILENO;
  HydraSettings settings(composition);
  Reader reader(settings, warnings);
  // hydra: configure_log is called for both; where the job's says nothing, Hydra's own holds.
  reader.read("hydra_logging", *state);
  reader.read("job_logging", *state);
  reader.read_verbose(*state);
  return {std::move(state), name};
}

}  // namespace cfgtool
