#include "config_engine/diagnostic.hpp"

#include <algorithm>
#include <cassert>

namespace cfgtool {

const char* to_string(Stage stage) {
  switch (stage) {
    case Stage::kCompose:
      return "compose";
    case Stage::kResolve:
      return "resolve";
    case Stage::kRequest:
      return "request";
    case Stage::kValidate:
      return "validate";
    case Stage::kAttention:
      return "attention";
  }
  return "";
}

bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

ConfigError::ConfigError(Diagnostic diagnostic) {
  diagnostics_.push_back(std::move(diagnostic));
  update_what();
}

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics) : diagnostics_(std::move(diagnostics)) {
  assert(!diagnostics_.empty());
  update_what();
}

void ConfigError::set_sources(std::shared_ptr<const SourceMap> sources) {
  sources_ = std::move(sources);
  update_what();
}

void ConfigError::update_what() {
  const Diagnostic& first = diagnostics_.front();
  what_.clear();
  SourceLocation location;
  if (sources_ && !first.labels.empty() && sources_->locate(first.labels.front().pos, &location)) {
    what_ = to_string(location) + ": ";
  }
  what_ += first.message;
}

void throw_error(Stage stage, std::string code, std::string message, SourcePos pos, uint32_t length) {
  Diagnostic diagnostic;
  diagnostic.stage = stage;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  if (pos) diagnostic.labels.push_back({pos, length, {}});
  throw ConfigError(std::move(diagnostic));
}

ConfigError error_at(Diagnostic diagnostic, SourceKind kind, const std::string& name, const std::string& text) {
  const auto sources = std::make_shared<SourceMap>();
  const auto length = static_cast<uint32_t>(std::max<size_t>(text.size(), 1));
  diagnostic.labels.insert(diagnostic.labels.begin(), {sources->add(kind, name, text), length, {}});
  ConfigError error(std::move(diagnostic));
  error.set_sources(sources);
  return error;
}

std::vector<Diagnostic> only_warnings(std::vector<Diagnostic> problems, std::shared_ptr<const SourceMap> sources) {
  if (!has_errors(problems)) return problems;
  ConfigError error(std::move(problems));
  error.set_sources(std::move(sources));
  throw error;
}

}  // namespace cfgtool
