/// \file
/// `cfgtool run … -- COMMAND`: what Hydra does for its own programs, for any command.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cfgtool/command.hpp"
#include "cfgtool/launch.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/help.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/info.hpp"

namespace cfgtool {

namespace {

void declare(CLI::App& app, HydraFlags& flags, bool& quiet) {
  app.footer(
      "The folder is that of hydra.run.dir (outputs/<date>/<time>). Its .hydra holds config.yaml, hydra.yaml and\n"
      "overrides.yaml as Hydra writes them, resolved.yaml with all interpolations evaluated, and lock.json for\n"
      "`cfgtool verify`. The command runs there, unlike a job of Hydra's (with hydra.job.chdir=false: here), and takes "
      "cfgtool's place: it gets "
      "all\n"
      "signals, and its exit code is the exit code.\n\n"
      "In the command stand for something:\n"
      "  {config}       the path of resolved.yaml; also in the variable CFGTOOL_CONFIG\n"
      "  {config:json}  the same as a JSON file\n"
      "  {dir}          the run's folder; also in CFGTOOL_RUN_DIR\n"
      "  {cwd}          the folder that cfgtool was started in\n"
      "  {key:a.b}      a value: strings as they are, everything else as JSON\n"
      "Other braces mean nothing; {{config}} gives {config}.\n\n"
      "Examples:\n"
      "  cfgtool run -cp conf -cn config db=postgres -- python3 {cwd}/train.py --config {config}\n"
      "  cfgtool run -cp conf -cn config -- torchrun --nproc-per-node {key:trainer.n_gpus} {cwd}/train.py {config}");
  add_hydra_flags(app, flags);
  app.add_flag("-q,--quiet", quiet, "Do not say where the run is");
}

}  // namespace

std::vector<CompletionFlag> run_command_flags() {
  HydraFlags flags;
  bool quiet = false;
  CLI::App app;
  declare(app, flags, quiet);
  return completion_flags(app);
}

int run_command(const std::vector<std::string>& all_words) {
  HydraFlags flags;
  bool quiet = false;
  std::vector<std::string> words = all_words;
  const std::vector<std::string> command = take_command(words);
  CLI::App app(
      "Composes a configuration, makes the run's folder and runs a command in it:\n  cfgtool run [FLAG | OVERRIDE]... "
      "-- COMMAND [WORD]...",
      "cfgtool run");
  declare(app, flags, quiet);
  add_version_flag(app, version_text("cfgtool", ""));
  flags.resolve_alone = false;
  const auto show = [&](const std::vector<Diagnostic>& diagnostics, const SourceMap* sources) {
    write_stderr(render(diagnostics, sources, {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  };
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags);
  ComposeRequest request = flags.request();
  write_stderr(missing_config_note(flags, request));
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  if (!flags.info.empty()) {
    write_stdout(print_info(store, request, flags.info));
    return 0;
  }
  if (flags.hydra_help) {
    write_stdout(hydra_help(store, request, flags_help(app)).text);
    return 0;
  }
  if (!flags.cfg && flags.package) {
    refuse_usage("--package says what --cfg prints, and stands with it only",
                 "{key:…} in the command gives it a value");
  }
  if (!flags.cfg && command.empty()) refuse_usage("no command: it stands behind `--`", "cfgtool run … -- COMMAND");
  request.run_job = !flags.cfg;
  if (request.run_job) request.context.stop_clock();
  Composition composition = compose_finding_all(store, request);
  store->save_caches();
  show(composition.warnings, composition.sources.get());
  composition.warnings.clear();
  if (flags.cfg) {
    write_stdout(print_cfg(composition, *flags.cfg, flags.resolve, flags.package));
    return 0;
  }
  return launch(*store, std::move(composition), request, command, {false, !quiet, show});
}

}  // namespace cfgtool
