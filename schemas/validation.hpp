/// \file
/// Everything that is wrong with a configuration at once: what cannot be composed, what cannot be resolved, and what
/// does not fit a schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/diagnostic.hpp"
#include "schemas/schema.hpp"

namespace cfgtool {

struct ValidateOptions {
  /// Also refuse `???` that are left, interpolations that only the training program can follow (unknown resolvers,
  /// environment variables that are not set), and keys that the schema does not name.
  bool strict = false;
};

struct Validation {
  std::vector<Diagnostic> problems;          ///< errors, and warnings of composing
  std::shared_ptr<const SourceMap> sources;  ///< what they refer to

  bool has_errors() const;
};

/// Composes and goes on where something is wrong, then checks what there is. Problems of the schema file itself are
/// thrown. \throws ConfigError, stage kRequest, for a request that is none
Validation validate(const std::shared_ptr<FileStore>& store, ComposeRequest request, const Schema& schema,
                    const ValidateOptions& options = {});

/// The same for a configuration that is composed already.
std::vector<Diagnostic> validate(const Composition& composition, const Schema& schema,
                                 const ValidateOptions& options = {});

/// A file that stands for itself: YAML, or JSON if its name ends in `.json`. Texts are texts, also `${…}` and `???`.
Validation validate_file(const std::string& file, const Schema& schema, const ValidateOptions& options = {});

}  // namespace cfgtool
