/// \file
/// A schema as a page in Markdown that people read: every key with what it means and may be.
#pragma once

#include <filesystem>
#include <string>

#include "config_engine/compose.hpp"
#include "schemas/schema.hpp"

namespace cfgtool {

struct DocsOptions {
  /// Whose values are shown as defaults, with where they are set; nullptr: the schema's defaults.
  const Composition* composition = nullptr;
  std::string config_name;              ///< of the composition
  std::filesystem::path relative_to{};  ///< what paths of files are seen from; empty: the working directory
};

/// One section for each mapping. References are followed; where a schema comes back to itself, a link stands.
std::string schema_docs(const Schema& schema, const DocsOptions& options = {});

}  // namespace cfgtool
