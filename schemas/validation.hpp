/// \file
/// Everything that is wrong with a configuration at once: what cannot be composed, what cannot be resolved, and what
/// does not fit a schema.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/diagnostic.hpp"
#include "schemas/schema.hpp"
#include "schemas/schema_apply.hpp"

namespace cfgtool {

struct ValidateOptions {
  /// Also refuse `???` that are left, interpolations that only the training program can follow (unknown resolvers,
  /// environment variables that are not set), and keys that the schema does not name.
  bool strict = false;
  /// What the schema gives to the configuration before it is checked.
  ApplyOptions apply = {};
};

struct Validation {
  std::vector<Diagnostic> problems;                ///< errors, and warnings of composing
  std::shared_ptr<const SourceMap> sources;        ///< what they refer to
  std::shared_ptr<const Composition> composition;  ///< nothing for a file, and where nothing could be composed

  bool has_errors() const { return cfgtool::has_errors(problems); }
};

/// Composes and goes on where something is wrong, then checks what there is.
/// \param schema nullptr: only that it composes, and that its interpolations can be followed
/// \throws ConfigError, stage kRequest, for a request that is none
Validation validate(const std::shared_ptr<FileStore>& store, ComposeRequest request, const Schema* schema,
                    const ValidateOptions& options = {});

/// The same for a configuration that is composed already, which `options.apply` changes.
std::vector<Diagnostic> validate(Composition& composition, const Schema* schema, const ValidateOptions& options = {});

/// What HydraApp::check takes: the program's configuration must fit the schema, which is read when it is needed.
/// \param schema a file, or the name of a schema that comes with cfgtool
std::function<std::vector<Diagnostic>(Composition&)> checked_by(std::string schema, ValidateOptions options = {});

/// A file that stands for itself: YAML, or JSON if its name ends in `.json`. Texts are texts, also `${…}` and `???`.
/// One that cannot be read is a problem of stage kRequest.
Validation validate_file(const std::string& file, const Schema& schema, const ValidateOptions& options = {});

}  // namespace cfgtool
