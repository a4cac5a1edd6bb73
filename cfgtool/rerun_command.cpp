/// \file
/// `cfgtool rerun DIR`: composes again what a run's folder was composed from, Hydra's own folders included.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "cfgtool/command.hpp"
#include "cfgtool/launch.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/help.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/info.hpp"
#include "config_engine/run_folder.hpp"
#include "config_engine/run_record.hpp"

namespace cfgtool {

namespace {

struct RerunFlags {
  HydraFlags hydra;
  std::string folder;
  bool no_resolve = false;
  bool json = false;
  bool quiet = false;
};

void declare(CLI::App& app, RerunFlags& flags) {
  app.footer(
      "Prints the configuration, as `cfgtool resolve` does. With --run the command that `cfgtool run` ran runs again, "
      "in a\n"
      "new folder; with `-- COMMAND` that command. Further overrides come behind those of the run, -cp and -cn take "
      "the\n"
      "place of the run's.\n\n"
      "Examples:\n"
      "  cfgtool rerun outputs/2026-01-02/03-04-05\n"
      "  cfgtool rerun outputs/2026-01-02/03-04-05 trainer.seed=8 --cfg job\n"
      "  cfgtool rerun outputs/2026-01-02/03-04-05 --run");
  app.add_option("DIR", flags.folder, "A run's folder, or the .hydra in it")->required();
  add_hydra_flags(app, flags.hydra);
  app.get_option("--run")->description("Run the command of the run again, in a new folder");
  app.add_flag("--no-resolve", flags.no_resolve, "Print interpolations as they are written");
  app.add_flag("--json", flags.json, "Print JSON");
  app.add_flag("-q,--quiet", flags.quiet, "Do not say where the new run is");
}

/// The run's request, with what the flags say differently.
ComposeRequest changed_request(const RunRecord& record, const HydraFlags& flags) {
  ComposeRequest request = record.request();
  const ComposeRequest asked = flags.request();
  const HydraFlags unsaid;
  if (!flags.config_path.empty()) {
    request.config_dirs = asked.config_dirs;
  } else {
    request.config_dirs.insert(request.config_dirs.end(), asked.config_dirs.begin(), asked.config_dirs.end());
  }
  if (asked.config_name) request.config_name = asked.config_name;
  request.overrides.insert(request.overrides.end(), asked.overrides.begin(), asked.overrides.end());
  if (flags.job_name != unsaid.job_name) request.job_name = asked.job_name;
  if (!flags.version_base.empty()) request.version_base = asked.version_base;
  if (!flags.pkg_path.empty()) request.pkg_path = asked.pkg_path;
  if (!flags.python_version.empty()) request.context.python_version = asked.context.python_version;
  request.extended |= asked.extended;
  request.context.keep_unknown_resolvers |= asked.context.keep_unknown_resolvers;
  return request;
}

/// Relative folders of the run begin where it was composed.
void enter_working_folder(const RunRecord& record, const std::string& folder, const ShowDiagnostics& show) {
  std::error_code failed;
  std::filesystem::current_path(record.working_folder, failed);
  if (failed) {
    Diagnostic warning;
    warning.severity = Severity::kWarning;
    warning.stage = Stage::kRequest;
    warning.code = "run-record";
    warning.message =
        fmt::format("the run's working folder '{}' is gone: relative paths begin here", record.working_folder);
    const ConfigError placed = error_at(std::move(warning), SourceKind::kFlag, "DIR", folder);
    show(placed.diagnostics(), placed.sources().get());
  }
}

std::string print(Composition& composition, const RerunFlags& flags) {
  const CfgPart part = flags.hydra.cfg.value_or(CfgPart::kJob);
  const bool resolve = flags.hydra.cfg ? flags.hydra.resolve : !flags.no_resolve;
  return flags.json ? print_cfg_json(composition, part, resolve, flags.hydra.package)
                    : print_cfg(composition, part, resolve, flags.hydra.package);
}

void make_program_absolute(std::vector<std::string>& command) {
  std::error_code ignored;
  if (command.front().find('/') != std::string::npos && command.front().find('{') == std::string::npos)
    command.front() = std::filesystem::absolute(command.front(), ignored).string();
}

/// --info and --hydra-help.
int print_about(const ComposeRequest& request, const RerunFlags& flags) {
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  if (flags.hydra.hydra_help) {
    CLI::App app;
    RerunFlags unused;
    declare(app, unused);
    write_stdout(hydra_help(store, request, flags_help(app)).text);
  } else {
    write_stdout(flags.json ? print_info_json(store, request, flags.hydra.info)
                            : print_info(store, request, flags.hydra.info));
  }
  return 0;
}

int rerun(const RerunFlags& flags, std::vector<std::string> command) {
  const auto show = [&](const std::vector<Diagnostic>& problems, const SourceMap* sources) {
    write_stderr(render(problems, sources, {flags.hydra.diagnostic_format(), may_color(STDERR_FILENO)}));
  };
  const RunRecord record = read_run_record(flags.folder);
  if (flags.hydra.run && command.empty()) command = record.command;
  if (flags.hydra.run && command.empty()) {
    refuse_usage(
        fmt::format("'{}' was not made by `cfgtool run`: no command is known; type it behind `--`", flags.folder), {},
        flags.folder);
  }
  ComposeRequest request = changed_request(record, flags.hydra);
  const bool only_prints = flags.hydra.cfg || flags.json || !flags.hydra.info.empty() || flags.hydra.hydra_help;
  if (only_prints && !command.empty()) {
    refuse_usage("--cfg, --json, --info and --hydra-help print: no command can run with them");
  }
  // A program that is typed now is meant as it is seen from here.
  if (!command.empty() && !flags.hydra.run) make_program_absolute(command);
  enter_working_folder(record, flags.folder, show);
  if (!flags.hydra.info.empty() || flags.hydra.hydra_help) return print_about(request, flags);
  request.run_job = !command.empty();
  if (request.run_job) request.context.stop_clock();
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  Composition composition = compose_finding_all(store, request);
  store->save_caches();
  show(composition.warnings, composition.sources.get());
  composition.warnings.clear();
  if (request.run_job) {
    return launch(*store, std::move(composition), request, command, {true, !flags.quiet, show});
  }
  set_output_dir(composition, record.output_dir);
  write_stdout(print(composition, flags));
  return 0;
}

}  // namespace

std::vector<CompletionFlag> rerun_command_flags() {
  RerunFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int rerun_command(const std::vector<std::string>& all_words) {
  RerunFlags flags;
  std::vector<std::string> words = all_words;
  const std::vector<std::string> command = take_command(words);
  CLI::App app(
      "Composes again what a run's folder was composed from:\n  cfgtool rerun DIR [FLAG | OVERRIDE]... [-- COMMAND "
      "[WORD]...]",
      "cfgtool rerun");
  declare(app, flags);
  add_version_flag(app, version_text("cfgtool", ""));
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags.hydra);
  return rerun(flags, command);
}

}  // namespace cfgtool
