/// \file
/// The flags that name a schema and say what it does to a configuration: of `validate` and `resolve`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schemas/schema.hpp"
#include "schemas/validation.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

struct SchemaFlags {
  std::string schema;  ///< empty: none was named
  std::vector<std::string> schema_uris;
  bool coerce = false;
  bool with_defaults = false;

  /// \throws ConfigError, stage kRequest, for a --schema-uri that is none
  SchemaOptions options() const;
  ApplyOptions apply() const { return {coerce, with_defaults}; }
  /// The schema that --schema names. \throws ConfigError with sources
  std::shared_ptr<const Schema> read() const;
};

void add_schema_flags(CLI::App& app, SchemaFlags& flags);

}  // namespace cfgtool
