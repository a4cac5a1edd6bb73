/// \file
/// A problem as data: what is wrong, where, and what would mend it. Its forms for people and machines are in
/// diagnostic_render.hpp.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/source.hpp"

namespace cfgtool {

enum class Severity : uint8_t { kError, kWarning };

/// What was being done when the problem was met.
enum class Stage : uint8_t {
  kCompose,    ///< reading, the defaults list, merging, overrides
  kResolve,    ///< evaluating interpolations
  kRequest,    ///< a request or a flag was wrong before any of that
  kValidate,   ///< holding values against a schema
  kAttention,  ///< loading plugins and choosing the attention implementation
};

const char* to_string(Stage stage);

/// A stretch of source text and what it has to do with the problem.
struct Label {
  SourcePos pos;
  uint32_t length = 1;  ///< bytes, from `pos`, within one line
  std::string text;     ///< may be empty
};

struct Diagnostic {
  Severity severity = Severity::kError;
  Stage stage = Stage::kCompose;
  std::string code;           ///< stable, such as "override-key-missing"; programs steer on it, never on the message
  std::string message;        ///< as Hydra words it, where Hydra has words for it; may have several lines
  std::vector<Label> labels;  ///< the first is the place to change
  std::vector<std::string> notes;
  std::string fix;       ///< what to type instead; may be empty
  std::string key_path;  ///< the key it is about, such as "trainer.nnodes"; may be empty
};

/// Whether an error is among them; else all are warnings.
bool has_errors(const std::vector<Diagnostic>& diagnostics);

/// A configuration that cannot be composed, resolved or read as asked.
class ConfigError : public std::exception {
 public:
  explicit ConfigError(Diagnostic diagnostic);
  explicit ConfigError(std::vector<Diagnostic> diagnostics);

  /// At least one.
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  std::vector<Diagnostic>& diagnostics() { return diagnostics_; }

  /// What the diagnostics' positions refer to. Functions that are handed a SourceMap by their caller leave it empty;
  /// compose() and everything above it fill it in, so that an error can be shown after all else is gone.
  const std::shared_ptr<const SourceMap>& sources() const { return sources_; }
  void set_sources(std::shared_ptr<const SourceMap> sources);

  /// The first diagnostic: its place, where known, and message.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  void update_what();

  std::vector<Diagnostic> diagnostics_;
  std::shared_ptr<const SourceMap> sources_;
  std::string what_;
};

/// `problems`, if all of them are warnings. \throws ConfigError with all of them, and `sources`, if not
std::vector<Diagnostic> only_warnings(std::vector<Diagnostic> problems, std::shared_ptr<const SourceMap> sources);

/// The common case: one error with one place.
[[noreturn]] void throw_error(Stage stage, std::string code, std::string message, SourcePos pos = {},
                              uint32_t length = 1);

/// The diagnostic as an error at a text that no configuration holds: a flag with its value, a file that cannot be read.
/// The error has sources of its own. \param text may be empty
ConfigError error_at(Diagnostic diagnostic, SourceKind kind, const std::string& name, const std::string& text = {});

}  // namespace cfgtool
