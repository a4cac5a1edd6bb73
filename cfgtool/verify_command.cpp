/// \file
/// `cfgtool verify DIR`: says whether the inputs of a run still give the same configuration.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cfgtool/command.hpp"
#include "cfgtool/verify.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

constexpr int kExitDifferent = 1;

struct VerifyFlags {
  std::string folder;
  bool json = false;
  HydraFlags hydra;  // for the format of errors
};

void declare(CLI::App& app, VerifyFlags& flags) {
  app.footer(
      "Composes again from the command line that the run's folder holds, and compares. lock.json in it knows the "
      "hashes of\n"
      "all files that were read: what changed is named with the values that it changes. A folder that Hydra itself "
      "made\n"
      "has no such file; then only the values are compared. What counts is the job's configuration, not the hydra "
      "node.\n\n"
      "Exit code: 0 the same, 1 different or not composed any more, 2 not the folder of a run, or a damaged one.\n\n"
      "Example:\n"
      "  cfgtool verify outputs/2026-01-02/03-04-05");
  app.add_option("DIR", flags.folder, "A run's folder, or the .hydra in it")->required();
  app.add_flag("--json", flags.json, "Print JSON");
  add_error_format_flag(app, flags.hydra.error_format);
}

}  // namespace

std::vector<CompletionFlag> verify_command_flags() {
  VerifyFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int verify_command(const std::vector<std::string>& words) {
  VerifyFlags flags;
  CLI::App app("Says whether the inputs of a run still give the same configuration", "cfgtool verify");
  declare(app, flags);
  add_version_flag(app, version_text("cfgtool", ""));
  const auto show = [&](const ConfigError& error) {
    write_stderr(render(error.diagnostics(), error.sources().get(),
                        {flags.hydra.diagnostic_format(), may_color(STDERR_FILENO)}));
  };
  if (!parse_flags(app, words)) return 0;
  const Verification verification = verify_run(flags.folder);
  write_stdout(flags.json ? print_json(verification)
                          : print_text(verification, flags.folder, may_color(STDOUT_FILENO)));
  if (verification.error) show(*verification.error);
  return verification.is_same ? 0 : kExitDifferent;
}

}  // namespace cfgtool
