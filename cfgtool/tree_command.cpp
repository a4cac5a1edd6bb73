/// \file
/// `cfgtool tree`: draws the defaults lists.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cfgtool/command.hpp"
#include "cfgtool/composing_command.hpp"
#include "cfgtool/defaults_drawing.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

struct TreeFlags {
  HydraFlags hydra;
  std::string format = "text";
  bool json = false;
  bool with_hydra = false;
};

void declare(CLI::App& app, TreeFlags& flags) {
  app.footer(
      "Each line is an entry of a defaults list, in the order in which configs are merged: the later wins, and _self_\n"
      "is where a config's own values stand. What an override chose says what the file says instead. Entries that are\n"
      "optional and not there, that must be chosen, or that an override took out stay in the drawing. What cannot be\n"
      "found is drawn and reported; then the exit code is 1.\n\n"
      "Examples:\n"
      "  cfgtool tree -cp conf -cn config db=postgres\n"
      "  cfgtool tree -cp conf -cn config --format mermaid\n"
      "  cfgtool tree -cp conf -cn config --format dot | dot -Tsvg > defaults.svg");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_version_flag(app, version_text("cfgtool", ""));
  app.add_option("--format", flags.format, "text, mermaid, dot (Graphviz) or json")
      ->check(CLI::IsMember({"text", "mermaid", "dot", "json"}).description(""))
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "Short for --format json");
  app.add_flag("--hydra", flags.with_hydra, "Draw Hydra's own defaults as well");
}

std::string draw(const std::vector<DrawnDefault>& roots, const TreeFlags& flags) {
  if (flags.json || flags.format == "json")
    return as_json(roots).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (flags.format == "mermaid") return as_mermaid(roots);
  return flags.format == "dot" ? as_dot(roots) : as_text(roots, may_color(STDOUT_FILENO));
}

}  // namespace

std::vector<CompletionFlag> tree_command_flags() {
  TreeFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int tree_command(const std::vector<std::string>& words) {
  TreeFlags flags;
  CLI::App app("Draws the defaults lists: which config brings which, and who chose it", "cfgtool tree");
  declare(app, flags);
  return run_composing_command(app, words, flags.hydra, [&](const ShowDiagnostics& show) {
    ComposeRequest request = flags.hydra.request();
    write_stderr(missing_config_note(flags.hydra, request));
    std::vector<Diagnostic> problems;
    request.skip_missing = true;
    request.passed_over = &problems;
    request.with_hydra = flags.with_hydra;
    const auto store = std::make_shared<FileStore>(default_cache_folder());
    const Composition composition = compose_defaults(store, request);
    write_stdout(draw(drawn_defaults(composition, request.version_base, flags.with_hydra), flags));
    show(composition.warnings, composition.sources.get());
    show(problems, composition.sources.get());
    store->save_caches();
    return has_errors(problems) ? 1 : 0;
  });
}

}  // namespace cfgtool
