/// \file
/// Validates all that a folder of configs can be composed to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/option_variants.hpp"
#include "schemas/validation.hpp"

namespace cfgtool {

struct AllOptionsRequest {
  ComposeRequest compose;  ///< its config_name, if it has one, is the only primary config
  /// The schema of what a primary config composes to, or nullptr. Called before any thread is started.
  std::function<std::shared_ptr<const Schema>(const std::string& config_name)> schema_of;
  ValidateOptions validate;
  size_t threads = 1;
  /// How far it is; `all` grows while new groups come to light. Called from the caller's thread, now and then.
  std::function<void(size_t done, size_t all)> progress;
};

/// Problems that were found with one variant, and not with one before it.
struct VariantProblems {
  OptionVariant variant;
  std::vector<Diagnostic> problems;  ///< with a note that names the variant, and in how many more there is the same
  std::shared_ptr<const SourceMap> sources;
};

struct AllOptionsReport {
  size_t composed = 0;                    ///< variants, those with problems included
  size_t with_problems = 0;               ///< of them; warnings are none
  std::vector<VariantProblems> problems;  ///< in the order of the variants, which is always the same
};

/// Composes every primary config with every option of every group, each variant once, and validates them. Of an option
/// that no defaults list offers (`+experiment=x`), problems count only if it brings some to every primary config.
/// \throws ConfigError as validate
AllOptionsReport validate_all_options(const AllOptionsRequest& request);

}  // namespace cfgtool
