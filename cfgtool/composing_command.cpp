#include "cfgtool/composing_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cfgtool/command.hpp"
#include "config_engine/diagnostic_render.hpp"

namespace cfgtool {

int run_composing_command(CLI::App& app, const std::vector<std::string>& words, HydraFlags& flags,
                          const std::function<int(const ShowDiagnostics& show)>& work) {
  const ShowDiagnostics show = [&](const std::vector<Diagnostic>& diagnostics, const SourceMap* sources) {
    write_stderr(render(diagnostics, sources, {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  };
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags);
  return work(show);
}

}  // namespace cfgtool
