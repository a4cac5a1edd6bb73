#include "config_engine/job_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
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

/// Writes all of it, or says why not. A reader that went away is an error, not the signal that would end the program:
/// Python ignores it.
bool write_without_signal(int descriptor, std::string_view text) {
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  bool written = true;
  while (written && !text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    written = count > 0;
    if (written) text.remove_prefix(static_cast<size_t>(count));
  }
  const int reason = errno;
  if (!written && reason == EPIPE) {
    const timespec no_time{};
    ::sigtimedwait(&pipe_signal, nullptr, &no_time);  // takes the one that is pending
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = reason;
  return written;
}

void Handler::write(const LogLine& line) {
  // The program's own output, which may wait in the same stream, goes first.
  if (descriptor == STDOUT_FILENO) std::fflush(stdout);
  // In one go, so that lines of several processes in one file stay whole.
  bool written = open();
  if (written && descriptor >= 0) written = write_without_signal(descriptor, format.line(line) + "\n");
  if (written || has_failed) return;
  has_failed = true;
  write_without_signal(STDERR_FILENO, fmt::format("warning[job-logging]: lines of the log are lost: {}{}{}\n", file,
                                                  file.empty() ? "" : ": ", std::strerror(errno)));
}

struct LoggerSettings {
  std::optional<LogLevel> level;
  std::vector<std::shared_ptr<Handler>> handlers;
  bool propagates = true;
};

/// A name, or any number, as in Python.
std::optional<LogLevel> parse_level(std::string_view text) {
  for (const LogLevel level : {LogLevel::kNotSet, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                               LogLevel::kError, LogLevel::kCritical}) {
    if (text == to_string(level)) return level;
  }
  if (text == "WARN") return LogLevel::kWarning;
  if (text == "FATAL") return LogLevel::kCritical;
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<LogLevel>(std::clamp(number, 0, 255));
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
  /// \param node what is wrong; kNoNode: the whole section
  [[noreturn]] void refuse(const std::string& message, NodeId node);
  void warn(const std::string& message, NodeId node);
  const Tree& tree() const { return settings_.tree(); }
  std::optional<std::string> text(NodeId map, std::string_view key) {
    const NodeId node = settings_.child(map, key);
    if (node == kNoNode) return std::nullopt;
    return python_str(tree(), node);
  }
  /// Calls function(name, map) for the members of `section`, all of which are mappings.
  template <class Function>
  void for_each(std::string_view section, const Function& function);
  /// The texts of a list. \param written the list's node before it was followed
  std::vector<std::pair<std::string, NodeId>> texts(NodeId list, const std::string& what);
  /// The child as it is written: for its place.
  NodeId written(NodeId map, std::string_view key) const { return map == kNoNode ? kNoNode : tree().find(map, key); }

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

void Reader::refuse(const std::string& message, NodeId node) {
  const SourcePos pos = node == kNoNode ? settings_.place(section_) : tree()[node].pos;
  const std::string key = node == kNoNode ? fmt::format("hydra.{}", section_) : tree().key_path(node);
  settings_.refuse_at("job-logging", pos, key, fmt::format("hydra.{}: {}", section_, message));
}

void Reader::warn(const std::string& message, NodeId node) {
  if (!warnings_) return;
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.code = "job-logging";
  warning.message = message;
  if (node != kNoNode && tree()[node].pos) warning.labels.push_back({tree()[node].pos, 1, {}});
  warnings_->push_back(std::move(warning));
}

template <class Function>
void Reader::for_each(std::string_view section, const Function& function) {
  const NodeId map = settings_.child(all_, section);
  if (map == kNoNode) return;
  if (tree()[map].kind != NodeKind::kMap) refuse(fmt::format("{} must be a mapping", section), written(all_, section));
  // Following an interpolation adds nodes to the tree; a member's successor stays what it is.
  for (NodeId member = tree()[map].child.first; member != kNoNode; member = tree()[member].next) {
    const std::string name(tree()[member].key().text);
    const NodeId value = settings_.follow(member);
    if (value == kNoNode || tree()[value].kind != NodeKind::kMap)
      refuse(fmt::format("{}.{} must be a mapping", section, name), member);
    function(name, value);
  }
}

std::vector<std::pair<std::string, NodeId>> Reader::texts(NodeId list, const std::string& what) {
  if (tree()[list].kind != NodeKind::kList) refuse(fmt::format("{} must be a list", what), list);
  std::vector<std::pair<std::string, NodeId>> all;
  for (NodeId item = tree()[list].child.first; item != kNoNode; item = tree()[item].next) {
    const NodeId value = settings_.follow(item);
    if (value == kNoNode || !tree()[value].is_text()) refuse(fmt::format("{} must be a list of names", what), item);
    all.emplace_back(tree()[value].text(), item);
  }
  return all;
}

std::optional<LogLevel> Reader::level(NodeId map) {
  const auto name = text(map, "level");
  if (!name) return std::nullopt;
  const auto level = parse_level(*name);
  if (!level) {
    refuse(fmt::format("'{}' is no level; DEBUG, INFO, WARNING, ERROR, CRITICAL and numbers are", *name),
           written(map, "level"));
  }
  return level;
}

LogFormat Reader::format(NodeId formatter) {
  LogFormat format(text(formatter, "format").value_or("%(message)s"), text(formatter, "datefmt").value_or(""));
  for (const std::string& field : format.unknown_fields())
    warn(fmt::format("the log's lines have no field '{}'; it is left out", field), written(formatter, "format"));
  return format;
}

void Reader::open_file(const std::string& name, NodeId map, Handler& handler) {
  const auto file = text(map, "filename");
  if (!file) refuse(fmt::format("handlers.{} has no filename", name), map);
  handler.file = *file;
  const std::string mode = text(map, "mode").value_or("a");
  handler.open_flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (mode.starts_with('w') ? O_TRUNC : 0);
  if (text(map, "delay") == "True") return;
  if (!handler.open()) {
    refuse(fmt::format("cannot open the log file '{}': {}", *file, std::strerror(errno)), written(map, "filename"));
  }
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
    const NodeId written_class = written(map, "class");
    warn(fmt::format("the log's handler '{}' is left out: {} is not offered, only logging.StreamHandler and "
                     "logging.FileHandler",
                     name, kind.empty() ? "a handler without a class" : kind),
         written_class == kNoNode ? map : written_class);
    return nullptr;
  }
  handler->level = level(map).value_or(LogLevel::kNotSet);
  if (const auto format = text(map, "formatter")) {
    const auto found = formats_.find(*format);
    if (found == formats_.end())
      refuse(fmt::format("handlers.{}: there is no formatter '{}'", name, *format), written(map, "formatter"));
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
  for (const auto& [name, item] : texts(names, "handlers")) {
    const auto found = handlers_.find(name);
    if (found == handlers_.end()) refuse(fmt::format("there is no handler '{}'", name), item);
    if (found->second) logger.handlers.push_back(found->second);
  }
  return logger;
}

// hydra: configure_log
template <class State>
void Reader::read_verbose(State& state) {
  section_ = "verbose";
  const NodeId verbose = settings_.find("verbose");
  if (verbose == kNoNode) return;
  const auto debug = [&](const std::string& name) {
    (name == "root" ? state.root : state.loggers[name]).level = LogLevel::kDebug;
  };
  if (tree()[verbose].kind == NodeKind::kBool) {
    if (tree()[verbose].boolean) debug("root");
  } else if (tree()[verbose].is_text()) {
    debug(std::string(tree()[verbose].text()));
  } else if (tree()[verbose].kind == NodeKind::kList) {
    for (NodeId item = tree()[verbose].child.first; item != kNoNode; item = tree()[item].next) {
      const NodeId name = settings_.follow(item);
      if (name != kNoNode && !tree()[name].is_text()) refuse("it must be a list of loggers' names", item);
      debug(name == kNoNode ? "root" : std::string(tree()[name].text()));  // as getLogger(None)
    }
  } else {
    refuse("it is true, false, a logger's name or a list of them", kNoNode);
  }
}

template <class State>
void Reader::read(std::string_view section, State& state) {
  section_ = section;
  all_ = settings_.find(section);
  if (all_ == kNoNode) return;
  if (tree()[all_].kind != NodeKind::kMap) refuse("a mapping is needed", kNoNode);
  const NodeId root = settings_.child(all_, "root");
  if (root == kNoNode) return;  // what was before stays
  if (text(all_, "version") != "1") {
    const NodeId version = written(all_, "version");
    refuse("the version of Python's logging configurations is 1", version);
  }
  formats_.clear();
  handlers_.clear();
  for_each("formatters", [&](const std::string& name, NodeId map) { formats_.emplace(name, format(map)); });
  for_each("handlers", [&](const std::string& name, NodeId map) { handlers_.emplace(name, handler(name, map)); });
  for_each("loggers", [&](const std::string& name, NodeId map) {
    (name == "root" ? state.root : state.loggers[name]) = logger(map);
  });
  if (tree()[root].kind != NodeKind::kMap) refuse("root must be a mapping", written(all_, "root"));
  state.root = logger(root);
  if (!state.root.level) state.root.level = LogLevel::kWarning;
}

}  // namespace

void check_verbose(const Composition& composition) {
  HydraSettings settings(composition);
  Logger::State unused;
  Reader(settings, nullptr).read_verbose(unused);
}

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
