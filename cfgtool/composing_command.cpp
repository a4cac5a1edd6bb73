#include "cfgtool/composing_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cfgtool/command.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/suggest.hpp"

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

void check_beginnings(const std::vector<std::string>& beginnings, const std::vector<std::string>& names,
                      const std::string& code, const std::shared_ptr<SourceMap>& sources) {
  const std::string what = code.substr(0, code.find('-'));
  std::vector<Diagnostic> problems;
  for (const std::string& beginning : beginnings) {
    if (std::ranges::any_of(names, [&](const std::string& name) { return name.starts_with(beginning); })) continue;
    Diagnostic& diagnostic = problems.emplace_back();
    diagnostic.stage = Stage::kCompose;
    diagnostic.code = code;
    diagnostic.message = fmt::format("No {} begins with '{}'", what, beginning);
    diagnostic.labels.push_back({sources->add(SourceKind::kFlag, "BEGINNING", beginning),
                                 static_cast<uint32_t>(std::max<size_t>(beginning.size(), 1)),
                                 {}});
    if (std::string hint = did_you_mean(beginning, names); !hint.empty()) diagnostic.notes.push_back(std::move(hint));
  }
  if (problems.empty()) return;
  ConfigError error(std::move(problems));
  error.set_sources(sources);
  throw error;
}

void add_json_flags(CLI::App& app, bool& json) {
  app.add_option_function<std::string>(
         "--format", [&json](const std::string& name) { json = name == "json"; }, "text or json: one object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  app.add_flag("--json", json, "Short for --format json");
}

}  // namespace cfgtool
