/// \file
/// `cfgtool resolve`: composes a configuration and prints it.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cfgtool/command.hpp"
#include "cfgtool/device_flags.hpp"
#include "cfgtool/schema_flags.hpp"
#include "cfgtool/spec_flags.hpp"
#include "cfgtool/spec_report.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/help.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/info.hpp"
#include "schemas/validation.hpp"

namespace cfgtool {

namespace {

struct ResolveFlags {
  HydraFlags hydra;
  SpecFlags spec;
  SchemaFlags schema;
  bool no_resolve = false;
  bool no_cache = false;
  std::string format = "yaml";
  bool json = false;

  bool as_json() const { return json || format == "json"; }
};

void declare(CLI::App& app, ResolveFlags& flags) {
  app.footer(
      "Without --cfg, the job's configuration with all interpolations evaluated is printed.\n"
      "Anything else is an override: KEY=VALUE, +KEY=VALUE, ++KEY=VALUE, ~KEY, GROUP=OPTION\n\n"
      "Examples:\n"
      "  cfgtool resolve -cp conf -cn config db=postgres +trainer.seed=7\n"
      "  cfgtool resolve -cp conf -cn config --no-resolve\n"
      "  cfgtool resolve -cp conf -cn config --cfg all --package hydra.run\n"
      "  cfgtool resolve -cp conf -cn config --json | jq .trainer\n"
      "  cfgtool resolve -cp conf -cn config --info defaults-tree\n"
      "  cfgtool resolve -cp conf -cn ppo_trainer --spec\n"
      "  cfgtool resolve -cp conf -cn ppo_trainer --spec --attention-device h100\n"
      "  cfgtool resolve -cp conf -cn ppo_trainer --schema verl/ppo_trainer --with-defaults");
  add_hydra_flags(app, flags.hydra);
  app.add_flag("--app-help", flags.hydra.app_help, "Print what the application's --help prints: hydra.help")
      ->group("Hydra's flags");
  add_version_flag(app, version_text("cfgtool", ""));
  app.add_flag("--no-resolve", flags.no_resolve, "Print interpolations as they are written");
  app.add_option("--format", flags.format, "yaml or json")
      ->check(CLI::IsMember({"yaml", "json"}).description(""))
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "Short for --format json");
  app.add_flag("--no-cache", flags.no_cache,
               "Parse all files, and keep nothing in CFGTOOL_CACHE_DIR (~/.cache/cfgtool)");
  add_spec_flags(app, flags.spec);
  add_schema_flags(app, flags.schema);
  for (const char* name : {"--schema-uri", "--coerce", "--with-defaults"})
    app.get_option(name)->needs("--schema");
}

std::string print(Composition& composition, const ResolveFlags& flags) {
  const CfgPart part = flags.hydra.cfg.value_or(CfgPart::kJob);
  // With --cfg, Hydra's own rule holds: unresolved unless --resolve.
  const bool resolve = flags.hydra.cfg ? flags.hydra.resolve : !flags.no_resolve;
  return flags.as_json() ? print_cfg_json(composition, part, resolve, flags.hydra.package)
                         : print_cfg(composition, part, resolve, flags.hydra.package);
}

/// \throws ConfigError with everything that does not fit
void hold_against_schema(Composition& composition, const Schema& schema, const ApplyOptions& apply) {
  const std::vector<Diagnostic> warnings =
      only_warnings(validate(composition, &schema, {false, apply}), composition.sources);
  composition.warnings.insert(composition.warnings.end(), warnings.begin(), warnings.end());
}

/// The attention mapping where none was named: the schema's, if it has one.
std::string usual_mapping(const Schema* schema) {
  return schema && schema->root().member("x-attention") != kNoNode ? schema->file() : "verl";
}

}  // namespace

std::vector<CompletionFlag> resolve_command_flags() {
  ResolveFlags flags;
  CLI::App app;
  declare(app, flags);
  std::vector<CompletionFlag> offered = completion_flags(app);
  offer_devices(offered);
  return offered;
}

int resolve_command(const std::vector<std::string>& words) {
  ResolveFlags flags;
  CLI::App app("Composes a configuration and prints it", "cfgtool resolve");
  declare(app, flags);
  const auto show = [&](const std::vector<Diagnostic>& diagnostics, const SourceMap* sources) {
    write_stderr(render(diagnostics, sources, {flags.hydra.diagnostic_format(), may_color(STDERR_FILENO)}));
  };
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags.hydra);
  const ComposeRequest request = flags.hydra.request();
  write_stderr(missing_config_note(flags.hydra, request));
  if (flags.no_cache) flags.schema.cache_folder.clear();
  const auto store = std::make_shared<FileStore>(flags.schema.cache_folder);
  if (flags.hydra.app_help || flags.hydra.hydra_help) {
    const Help help = flags.hydra.app_help ? app_help(store, request, flags_help(app), flags.hydra.resolve)
                                           : hydra_help(store, request, flags_help(app));
    show(help.warnings, help.sources.get());
    write_stdout(help.text);
    store->save_caches();
    return 0;
  }
  if (!flags.hydra.info.empty()) {
    write_stdout(flags.as_json() ? print_info_json(store, request, flags.hydra.info)
                                 : print_info(store, request, flags.hydra.info));
    store->save_caches();
    return 0;
  }
  const auto schema = flags.schema.schema.empty() ? nullptr : flags.schema.read();
  Composition composition = compose_finding_all(store, request);
  if (schema) hold_against_schema(composition, *schema, flags.schema.apply());
  if (flags.spec.mapping.empty()) flags.spec.mapping = usual_mapping(schema.get());
  if (flags.spec.spec) {
    const SpecReport report = report_spec(std::move(composition), flags.spec, flags.as_json());
    write_stdout(report.text);
    // In one go: a SARIF document holds all of them.
    std::vector<Diagnostic> problems = report.warnings;
    problems.insert(problems.end(), report.refusals.begin(), report.refusals.end());
    store->save_caches();
    if (report.refusals.empty()) {
      show(problems, report.sources.get());
      return 0;
    }
    ConfigError refused(std::move(problems));
    refused.set_sources(report.sources);
    throw refused;
  }
  const std::string text = print(composition, flags);
  show(composition.warnings, composition.sources.get());
  write_stdout(text);
  store->save_caches();
  return 0;
}

}  // namespace cfgtool
