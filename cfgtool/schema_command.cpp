/// \file
/// `cfgtool schema infer|check|docs`: makes a first schema from a configuration, looks at a schema itself, shows one to
/// people.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "cfgtool/command.hpp"
#include "cfgtool/schema_flags.hpp"
#include "cfgtool/validation_report.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/parse_cache.hpp"
#include "config_engine/write_file.hpp"
#include "schemas/schema_docs.hpp"
#include "schemas/schema_folders.hpp"
#include "schemas/schema_infer.hpp"
#include "schemas/schema_lint.hpp"

namespace cfgtool {

namespace {

constexpr int kExitUsage = 2;

/// Where the result goes.
struct OutFlags {
  std::string file;
  bool force = false;

  bool to_file() const { return !file.empty(); }
  /// Before the work, which may take a while. \throws ConfigError, code output
  void refuse_existing() const {
    std::error_code ignored;
    if (to_file() && !force && std::filesystem::exists(std::filesystem::symlink_status(file, ignored)))
      throw output_error(fmt::format("'{}' is there already; --force replaces it", file), "--out", file);
  }
  /// \throws ConfigError, code output
  void write(const std::string& text) const {
    if (!to_file()) {
      write_stdout(text);
      return;
    }
    try {
      write_whole_file(file, text);
    } catch (const std::system_error& error) {
      throw output_error(fmt::format("cannot write '{}': {}", file, error.code().message()), "--out", file);
    }
  }
};

void add_out_flags(CLI::App& app, OutFlags& flags) {
  app.add_option("--out", flags.file, "Write to this file instead of stdout")->type_name("FILE");
  app.add_flag("--force", flags.force, "With --out: replace a file that is there");
}

// --- infer ---

struct InferFlags {
  HydraFlags hydra;
  OutFlags out;
  InferOptions options;
};

void declare_infer(CLI::App& app, InferFlags& flags) {
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  app.add_flag("--closed", flags.options.closed, "Refuse keys that were not seen (additionalProperties: false)");
  add_out_flags(app, flags.out);
  app.footer(
      "The configuration is composed as it is, and with every option of every group that has a place in it, one at a\n"
      "time; a group that an override chooses stays so. Options that do not compose are named as warnings on stderr.\n"
      "The schema accepts everything that it was made from.\n\n"
      "Exit code: 0 made, 1 the configuration does not compose or FILE cannot be written, 2 wrong usage.\n\n"
      "Examples:\n"
      "  cfgtool schema infer -cp conf -cn config > config.schema.yaml\n"
      "  cfgtool schema infer -cp conf -cn config db=mysql --closed --out config.schema.yaml\n"
      "  cfgtool validate -cp conf -cn config --schema config.schema.yaml");
}

void warn_of_skipped(const InferredSchema& schema, const HydraFlags& flags) {
  for (const InferredSchema::Skipped& skipped : schema.skipped) {
    Diagnostic warning = skipped.error.diagnostics().front();
    warning.severity = Severity::kWarning;
    warning.notes.insert(warning.notes.begin(), fmt::format("left out: {} does not compose", skipped.words));
    write_stderr(
        render({warning}, skipped.error.sources().get(), {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  }
}

int infer(CLI::App& app, const std::vector<std::string>& words) {
  InferFlags flags;
  declare_infer(app, flags);
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags.hydra);
  const ComposeRequest request = flags.hydra.request();
  if (!request.config_name) refuse_usage("no configuration was named", "-cp FOLDER -cn NAME");
  flags.out.refuse_existing();
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  const InferredSchema schema = infer_schema(store, request, flags.options);
  warn_of_skipped(schema, flags.hydra);
  flags.out.write(schema.yaml);
  if (flags.out.to_file())
    write_stdout(fmt::format("{}: {} from {}\n", flags.out.file, counted(schema.keys, "key"),
                             counted(schema.compositions, "composition")));
  store->save_caches();
  return 0;
}

// --- check ---

struct CheckFlags {
  std::vector<std::string> files;
  SchemaFlags schema;
  ReportFlags report;
  bool strict = false;
  std::string error_format;
};

void declare_check(CLI::App& app, CheckFlags& flags) {
  app.add_option("FILE", flags.files, "Schemas, as YAML or JSON (.json), or names such as verl/ppo_trainer")
      ->required();
  add_schema_uri_flag(app, flags.schema);
  add_report_flags(app, flags.report);
  app.add_flag("--strict", flags.strict, "Also fail where there are warnings");
  add_error_format_flag(app, flags.error_format);
  app.footer(
      "Errors are what makes a file no schema: of draft-07, with references that lead somewhere and patterns that can "
      "be\n"
      "read. Warnings are what is allowed but probably a mistake.\n\n"
      "Exit code: 0 no errors, 1 errors, 2 wrong usage.\n\n"
      "Examples:\n"
      "  cfgtool schema check config.schema.yaml\n"
      "  cfgtool schema check --format github schemas/*.schema.yaml");
}

int check(CLI::App& app, const std::vector<std::string>& words) {
  CheckFlags flags;
  declare_check(app, flags);
  if (!parse_flags(app, words)) return 0;
  std::vector<CheckedItem> items;
  for (const std::string& file : flags.files) {
    const auto begin = std::chrono::steady_clock::now();
    const auto sources = std::make_shared<SourceMap>();
    CheckedItem item{file, {}};
    item.validation.problems = lint_schema(find_schema(file).string(), flags.schema.options(), sources);
    item.validation.sources = sources;
    item.time = std::chrono::steady_clock::now() - begin;
    items.push_back(std::move(item));
  }
  write_stdout(
      validation_report(items, counted(items.size(), "schema"), flags.report.chosen(), may_color(STDOUT_FILENO)));
  const bool failed = std::any_of(items.begin(), items.end(), [&](const CheckedItem& item) {
    return flags.strict ? !item.validation.problems.empty() : item.validation.has_errors();
  });
  return failed ? 1 : 0;
}

// --- docs ---

struct DocsFlags {
  std::string file;
  HydraFlags hydra;
  SchemaFlags schema;
  OutFlags out;
};

void declare_docs(CLI::App& app, DocsFlags& flags) {
  app.add_option("FILE", flags.file, "The schema, as YAML or JSON (.json), or a name such as verl/ppo_trainer")
      ->required();
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_schema_uri_flag(app, flags.schema);
  add_out_flags(app, flags.out);
  app.footer(
      "Prints Markdown: a table of keys for each mapping. With -cp and -cn the defaults are those of a configuration, "
      "and\n"
      "each key says where its default is set. Paths are seen from the working directory.\n\n"
      "Exit code: 0 written, 1 no schema, a configuration that does not compose, or a file that cannot be written,\n"
      "2 wrong usage.\n\n"
      "Examples:\n"
      "  cfgtool schema docs config.schema.yaml > config.md\n"
      "  cfgtool schema docs config.schema.yaml -cp conf -cn config db=mysql --out config.md --force");
}

int docs(CLI::App& app, const std::vector<std::string>& words) {
  DocsFlags flags;
  declare_docs(app, flags);
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags.hydra);
  if (!flags.hydra.name_configs() && !flags.hydra.overrides.empty())
    refuse_usage(fmt::format("'{}' overrides nothing: no configuration was named", flags.hydra.overrides[0]),
                 "-cp FOLDER -cn NAME", flags.hydra.overrides[0]);
  flags.out.refuse_existing();
  const auto schema = Schema::read(find_schema(flags.file).string(), flags.schema.options());
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  DocsOptions options;
  std::optional<Composition> composition;
  if (flags.hydra.name_configs()) {
    ComposeRequest request = flags.hydra.request();
    request.skip_missing = true;
    composition.emplace(compose_finding_all(store, request));
    options.composition = &*composition;
    options.config_name = request.config_name.value_or("");
  }
  flags.out.write(schema_docs(*schema, options));
  store->save_caches();
  return 0;
}

// --- All of them ---

using Action = int (*)(CLI::App& app, const std::vector<std::string>& words);
struct SchemaSubcommand {
  const char* name;
  const char* summary;
  Action run;
};
constexpr SchemaSubcommand kSubcommands[] = {
    {"infer", "makes a first schema from a configuration and the options of its groups", infer},
    {"check", "checks schemas themselves", check},
    {"docs", "prints all keys of a schema as Markdown", docs},
};

std::string help() {
  std::string text =
      "Makes, checks and documents schemas (JSON Schema draft-07, as YAML or JSON)\n\nUsage: cfgtool schema SUBCOMMAND "
      "[FLAG | OVERRIDE]...\n\nSubcommands:\n";
  for (const SchemaSubcommand& subcommand : kSubcommands)
    text += fmt::format("  {:10} {}\n", subcommand.name, subcommand.summary);
  return text +
         "\nExamples:\n"
         "  cfgtool schema infer -cp conf -cn config --out config.schema.yaml\n"
         "  cfgtool schema check config.schema.yaml\n"
         "  cfgtool schema docs config.schema.yaml -cp conf -cn config > config.md\n";
}

int run(const SchemaSubcommand& subcommand, const std::vector<std::string>& words) {
  CLI::App app(subcommand.summary, fmt::format("cfgtool schema {}", subcommand.name));
  add_version_flag(app, version_text("cfgtool", ""));
  return subcommand.run(app, words);
}

}  // namespace

std::vector<Subcommand> schema_subcommands() {
  std::vector<Subcommand> all;
  for (const SchemaSubcommand& subcommand : kSubcommands)
    all.push_back({subcommand.name, subcommand.summary, nullptr});
  return all;
}

std::vector<CompletionFlag> schema_command_flags(const std::string& name) {
  CLI::App app;
  InferFlags infer_flags;
  CheckFlags check_flags;
  DocsFlags docs_flags;
  if (name == "infer") declare_infer(app, infer_flags);
  if (name == "check") declare_check(app, check_flags);
  if (name == "docs") declare_docs(app, docs_flags);
  return completion_flags(app);
}

int schema_command(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    words.empty() ? write_stderr(help()) : write_stdout(help());
    return words.empty() ? kExitUsage : 0;
  }
  for (const SchemaSubcommand& subcommand : kSubcommands) {
    if (words[0] == subcommand.name) return run(subcommand, {words.begin() + 1, words.end()});
  }
  refuse_subcommand("cfgtool schema", words[0], schema_subcommands());
}

}  // namespace cfgtool
