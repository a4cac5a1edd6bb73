/// \file
/// `cfgtool diff`: the values in which two compositions differ, and why.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cfgtool/command.hpp"
#include "cfgtool/composing_command.hpp"
#include "cfgtool/diff_report.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/diagnostic_render.hpp"

namespace cfgtool {

namespace {

constexpr int kExitDifferent = 1;
constexpr int kExitNotCompared = 2;

struct DiffFlags {
  HydraFlags hydra;
  std::string revisions;
  bool no_resolve = false;
  bool stat = false;
  bool json = false;
};

void declare(CLI::App& app, DiffFlags& flags) {
  app.footer(
      "What is before the first `--` holds for both sides. Behind each `--` are the overrides of one side, which come\n"
      "after the common ones, and Hydra's flags: -cp, -cd, -cn. An override's number counts those of its side, the\n"
      "common ones first.\n\n"
      "Instead, the values that two runs' folders hold are compared; or the folders of -cp and -cd are taken\n"
      "from two revisions of git, or from one and the working tree. Folders of hydra.searchpath are read as they "
      "are.\n\n"
      "A value that an interpolation gives is shown with where that is written and what it reads.\n\n"
      "Exit code: 0 no difference, 1 differences, 2 they could not be compared.\n\n"
      "Examples:\n"
      "  cfgtool diff -cp conf -cn config trainer.seed=7 -- db=mysql -- db=postgres\n"
      "  cfgtool diff -cp conf -- -cn small -- -cn large\n"
      "  cfgtool diff outputs/2026-01-02/03-04-05 outputs/2026-01-02/04-05-06\n"
      "  cfgtool diff -cp conf -cn config --revisions v1.0..HEAD --stat");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_version_flag(app, version_text("cfgtool", ""));
  app.add_option("--revisions", flags.revisions, "Two revisions of git, or one to hold against the working tree")
      ->type_name("A..B|A");
  app.add_flag("--no-resolve", flags.no_resolve, "Compare interpolations as they are written");
  app.add_flag("--stat", flags.stat, "Only how many values differ, and by which files and overrides");
  add_json_flags(app, flags.json);
}

/// The words before the first `--`, and those behind each.
std::vector<std::vector<std::string>> split_at_dashes(const std::vector<std::string>& words) {
  std::vector<std::vector<std::string>> parts(1);
  for (const std::string& word : words) {
    if (word == "--") {
      parts.emplace_back();
    } else {
      parts.back().push_back(word);
    }
  }
  return parts;
}

/// \param parts as split_at_dashes gives them; the first has been read into `flags`
void compose_sides(const DiffFlags& flags, const std::vector<std::vector<std::string>>& parts, DiffSides& sides) {
  const bool resolve = !flags.no_resolve;
  const std::vector<std::string>& words = flags.hydra.overrides;
  if (!flags.revisions.empty()) {
    if (parts.size() > 1) refuse_usage("--revisions compares revisions: there are no sides behind `--` then");
    compose_revisions(flags.hydra, flags.revisions, resolve, sides);
  } else if (parts.size() == 3) {
    compose_words(flags.hydra, parts[1], parts[2], resolve, sides);
  } else if (parts.size() != 1) {
    refuse_usage(fmt::format("there must be two sides, each behind a `--`, not {}", parts.size() - 1),
                 "cfgtool diff FLAGS -- A... -- B...");
  } else if (words.size() == 2 && std::none_of(words.begin(), words.end(), reads_as_override)) {
    if (flags.hydra.name_configs()) refuse_usage("runs know their configs: -cp, -cn and -cd are not for them");
    compose_runs(words[0], words[1], resolve, sides);
  } else {
    refuse_usage("what is to be compared? Two sides, each behind a `--`; two folders of runs; or --revisions",
                 "cfgtool diff FLAGS -- A... -- B...");
  }
}

std::string report(const DiffFlags& flags, const DiffSides& sides, const std::vector<TreeDifference>& found) {
  if (flags.stat) return flags.json ? diff_stat_json(sides, found) : diff_stat_text(sides, found);
  if (flags.json) return diff_json(sides, found);
  return diff_text(sides, found, may_color(STDOUT_FILENO), isatty(STDOUT_FILENO) != 0);
}

/// Of both sides. In JSON a revision's name may have what must be escaped.
std::vector<RevisionFolder> all_folders(const DiffSides& sides, DiagnosticFormat format) {
  std::vector<RevisionFolder> all = sides.left.folders;
  all.insert(all.end(), sides.right.folders.begin(), sides.right.folders.end());
  if (format == DiagnosticFormat::kText || format == DiagnosticFormat::kGithub) return all;
  for (RevisionFolder& folder : all) {
    const std::string quoted = nlohmann::json(folder.revision).dump();
    folder.revision = quoted.substr(1, quoted.size() - 2);
  }
  return all;
}

}  // namespace

std::vector<CompletionFlag> diff_command_flags() {
  DiffFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int diff_command(const std::vector<std::string>& words) {
  DiffFlags flags;
  CLI::App app(
      "Says in which values two compositions differ, and why:\n"
      "  cfgtool diff [FLAG | OVERRIDE]... -- [FLAG | OVERRIDE]... -- [FLAG | OVERRIDE]...\n"
      "  cfgtool diff DIR DIR\n"
      "  cfgtool diff [FLAG | OVERRIDE]... --revisions A..B",
      "cfgtool diff");
  declare(app, flags);
  DiffSides sides;
  const auto show = [&](const std::vector<Diagnostic>& diagnostics, const SourceMap* sources) {
    const DiagnosticFormat format = flags.hydra.diagnostic_format();
    write_stderr(with_revision_paths(render(diagnostics, sources, {format, may_color(STDERR_FILENO)}),
                                     all_folders(sides, format)));
  };
  const std::vector<std::vector<std::string>> parts = split_at_dashes(words);
  if (!parse_flags(app, parts[0])) return 0;
  take_overrides(app, flags.hydra);
  std::vector<TreeDifference> found;
  try {
    compose_sides(flags, parts, sides);
    found = differences(sides.left.values, sides.right.values);
  } catch (const BothSidesError& error) {
    show(error.left.diagnostics(), error.left.sources().get());
    show(error.right.diagnostics(), error.right.sources().get());
    return kExitNotCompared;
  } catch (const ConfigError& error) {
    if (!error.sources()) throw;  // the command line is the place
    show(error.diagnostics(), error.sources().get());
    return kExitNotCompared;
  }
  write_stdout(report(flags, sides, found));
  for (const DiffSide* side : {&sides.left, &sides.right})
    show(side->composition.warnings, side->composition.sources.get());
  return found.empty() ? 0 : kExitDifferent;
}

}  // namespace cfgtool
