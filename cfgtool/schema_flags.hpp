/// \file
/// The flags that name a schema and say what it does to a configuration: of `validate` and `resolve`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config_engine/parse_cache.hpp"
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
  std::string cache_folder = default_cache_folder();  ///< empty: read all files, and keep nothing

  /// \throws ConfigError, stage kRequest, for a --schema-uri that is none
  SchemaOptions options() const;
  ApplyOptions apply() const { return {coerce, with_defaults}; }
  /// The schema that --schema names. \throws ConfigError with sources
  std::shared_ptr<const Schema> read() const;
  /// The same, or the one that the primary config or the repository names, see discover_schema(); nullptr if none does.
  std::shared_ptr<const Schema> read_or_discover(const ComposeRequest& request) const;
};

void add_schema_flags(CLI::App& app, SchemaFlags& flags);
/// Of them those that only say which schema it is.
void add_schema_name_flags(CLI::App& app, SchemaFlags& flags);
/// Of them --schema-uri alone, for commands that take a schema without a configuration.
void add_schema_uri_flag(CLI::App& app, SchemaFlags& flags);

}  // namespace cfgtool
