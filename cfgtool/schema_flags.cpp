#include "cfgtool/schema_flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "config_engine/diagnostic.hpp"
#include "schemas/schema_discovery.hpp"
#include "schemas/schema_folders.hpp"

namespace cfgtool {

namespace {

constexpr const char* kGroup = "The schema";

}  // namespace

SchemaOptions SchemaFlags::options() const {
  SchemaOptions options;
  options.cache_folder = cache_folder;
  for (const std::string& word : schema_uris) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      Diagnostic diagnostic;
      diagnostic.stage = Stage::kRequest;
      diagnostic.code = "flag-usage";
      diagnostic.message = fmt::format("--schema-uri takes PREFIX=FOLDER, not '{}'", word);
      throw error_at(std::move(diagnostic), SourceKind::kFlag, "--schema-uri", word);
    }
    options.uri_folders[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return options;
}

std::shared_ptr<const Schema> SchemaFlags::read() const {
  const auto sources = std::make_shared<SourceMap>();
  const SourcePos named_at = sources->add(SourceKind::kFlag, "--schema", schema);
  return Schema::read(find_schema(schema).string(), options(), sources, named_at);
}

std::shared_ptr<const Schema> SchemaFlags::read_or_discover(const ComposeRequest& request) const {
  if (!schema.empty()) return read();
  const auto sources = std::make_shared<SourceMap>();
  try {
    const std::optional<DiscoveredSchema> found = discover_schema(request, *sources);
    return found ? Schema::read(found->file, options(), sources, found->named_at) : nullptr;
  } catch (ConfigError& error) {
    if (!error.sources()) error.set_sources(sources);
    throw;
  }
}

void add_schema_uri_flag(CLI::App& app, SchemaFlags& flags) {
  app.add_option("--schema-uri", flags.schema_uris,
                 "Where the documents lie that a schema refers to by URIs that begin so; nothing is ever fetched")
      ->type_name("PREFIX=FOLDER")
      ->allow_extra_args(false)
      ->group(kGroup);
}

void add_schema_name_flags(CLI::App& app, SchemaFlags& flags) {
  app.add_option("--schema", flags.schema,
                 "JSON Schema draft-07, as YAML or JSON; or the name of one that comes with cfgtool: verl/ppo_trainer")
      ->type_name("FILE|NAME")
      ->group(kGroup);
  add_schema_uri_flag(app, flags);
}

void add_schema_flags(CLI::App& app, SchemaFlags& flags) {
  add_schema_name_flags(app, flags);
  app.add_flag("--coerce", flags.coerce, "Make overrides what the schema says they are: \"10\" for an integer is 10")
      ->group(kGroup);
  app.add_flag("--with-defaults", flags.with_defaults, "Add the schema's defaults for keys that are absent")
      ->group(kGroup);
}

}  // namespace cfgtool
