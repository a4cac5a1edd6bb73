/// \file
/// `cfgtool validate`: holds a composed configuration, or files, against a schema.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "cfgtool/command.hpp"
#include "cfgtool/validation_report.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "schemas/schema.hpp"
#include "schemas/validation.hpp"

namespace cfgtool {

namespace {

struct ValidateFlags {
  HydraFlags hydra;
  std::string schema;
  std::vector<std::string> schema_uris;
  bool strict = false;
  bool json = false;
  std::string format = "text";

  bool composes() const { return !hydra.config_path.empty() || hydra.config_name || !hydra.config_dirs.empty(); }
};

void declare(CLI::App& app, ValidateFlags& flags) {
  app.footer(
      "With -cp or -cn, a configuration is composed and everything else is an override; otherwise everything else is "
      "a\n"
      "file, YAML or JSON (.json). All problems are reported at once, on stdout.\n\n"
      "Exit code: 0 everything fits, 1 something does not, or the schema is wrong, 2 wrong usage.\n\n"
      "Examples:\n"
      "  cfgtool validate -cp conf -cn ppo_trainer --schema schemas/verl/ppo_trainer.schema.yaml trainer.nnodes=2\n"
      "  cfgtool validate --schema model.schema.yaml conf/model/*.yaml\n"
      "  cfgtool validate -cp conf -cn config --schema config.schema.yaml --format sarif");
  add_hydra_flags(app, flags.hydra);
  app.add_option("--schema", flags.schema, "JSON Schema draft-07, as YAML or JSON")->type_name("FILE");
  app.add_option("--schema-uri", flags.schema_uris,
                 "Where the documents lie that a schema refers to by URIs that begin so; nothing is ever fetched")
      ->type_name("PREFIX=FOLDER");
  app.add_flag(
      "--strict", flags.strict,
      "Also refuse ??? that are left, interpolations that cannot be followed here, and keys that the schema does "
      "not name");
  app.add_option("--format", flags.format, "text, json, github, sarif or junit")
      ->check(CLI::IsMember(report_formats()).description(""))
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "Short for --format json");
}

[[noreturn]] void refuse_usage(const std::string& message, const std::string& fix = {}) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "flag-usage";
  diagnostic.message = message;
  diagnostic.fix = fix;
  throw ConfigError(std::move(diagnostic));
}

SchemaOptions schema_options(const ValidateFlags& flags) {
  SchemaOptions options;
  for (const std::string& word : flags.schema_uris) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      refuse_usage(fmt::format("--schema-uri takes PREFIX=FOLDER, not '{}'", word));
    options.uri_folders[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return options;
}

/// What people call a composed configuration: its name, and what was changed in it.
std::string name_of(const HydraFlags& flags) {
  std::string name = flags.config_name.value_or("");
  for (const std::string& override : flags.overrides)
    name += (name.empty() ? "" : " ") + override;
  return name.empty() ? flags.config_path : name;
}

}  // namespace

std::vector<CompletionFlag> validate_command_flags() {
  ValidateFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int validate_command(const std::vector<std::string>& words) {
  ValidateFlags flags;
  CLI::App app("Holds a configuration, or files, against a schema", "cfgtool validate");
  declare(app, flags);
  add_version_flag(app, version_text("cfgtool", ""));
  const auto show = [&](const std::vector<Diagnostic>& diagnostics, const SourceMap* sources) {
    write_stderr(render(diagnostics, sources, {flags.hydra.diagnostic_format(), may_color(STDERR_FILENO)}));
  };
  try {
    if (!parse_flags(app, words)) return 0;
    take_overrides(app, flags.hydra);
    if (flags.schema.empty()) refuse_usage("no schema was named", "--schema FILE");
    const auto flag_sources = std::make_shared<SourceMap>();
    const SourcePos named_at = flag_sources->add(SourceKind::kFlag, "--schema", flags.schema);
    const auto schema = Schema::read(flags.schema, schema_options(flags), flag_sources, named_at);
    const ValidateOptions options{flags.strict};
    std::vector<CheckedItem> items;
    const auto check = [&](const std::string& name, const auto& validate_it) {
      const auto begin = std::chrono::steady_clock::now();
      Validation validation = validate_it();
      items.push_back({name, std::move(validation), std::chrono::steady_clock::now() - begin});
    };
    if (flags.composes()) {
      const auto store = std::make_shared<FileStore>(default_cache_folder());
      check(name_of(flags.hydra), [&] { return validate(store, flags.hydra.request(), *schema, options); });
      store->save_caches();
    } else {
      if (flags.hydra.overrides.empty()) refuse_usage("nothing to validate: give files, or -cp and -cn");
      for (const std::string& file : flags.hydra.overrides)
        check(file, [&] { return validate_file(file, *schema, options); });
    }
    write_stdout(validation_report(items, flags.composes() ? "configuration" : "file",
                                   flags.json ? "json" : flags.format, may_color(STDOUT_FILENO)));
    const bool failed =
        std::any_of(items.begin(), items.end(), [](const CheckedItem& item) { return item.validation.has_errors(); });
    return failed ? 1 : 0;
  } catch (const ConfigError& error) {
    show(error.diagnostics(), error.sources().get());
    return exit_code_of(error);
  }
}

}  // namespace cfgtool
