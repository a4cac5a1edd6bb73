/// \file
/// `cfgtool validate`: holds a composed configuration, all that can be composed, or files against a schema.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "cfgtool/command.hpp"
#include "cfgtool/schema_flags.hpp"
#include "cfgtool/validation_report.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "schemas/all_options.hpp"
#include "schemas/schema.hpp"
#include "schemas/schema_discovery.hpp"
#include "schemas/validation.hpp"

namespace cfgtool {

namespace {

struct ValidateFlags {
  HydraFlags hydra;
  SchemaFlags schema;
  bool strict = false;
  bool all_options = false;
  bool skip_unknown = false;
  size_t jobs = std::max(std::thread::hardware_concurrency(), 1U);
  ReportFlags report;

  ValidateOptions options() const { return {strict, schema.apply()}; }
};

void declare(CLI::App& app, ValidateFlags& flags) {
  app.footer(
      "With -cp or -cn, a configuration is composed and everything else is an override; otherwise everything else is "
      "a\n"
      "file, YAML or JSON (.json). All problems are reported at once, on stdout.\n\n"
      "Without --schema, the schema is what the primary config, or the file, names in a comment at its top\n"
      "(# yaml-language-server: $schema=PATH), or what cfgtool.yaml in the repository names for it.\n\n"
      "Exit code: 0 everything fits, 1 something does not, or the schema is wrong, 2 wrong usage.\n\n"
      "Examples:\n"
      "  cfgtool validate -cp conf -cn ppo_trainer --schema verl/ppo_trainer trainer.nnodes=2\n"
      "  cfgtool validate -cp conf --all-options\n"
      "  cfgtool validate --schema model.schema.yaml conf/model/*.yaml\n"
      "  cfgtool validate -cp conf -cn config --schema config.schema.yaml --format sarif");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_schema_flags(app, flags.schema);
  app.add_flag(
      "--strict", flags.strict,
      "Also refuse ??? that are left, interpolations that cannot be followed here, and keys that the schema does "
      "not name");
  app.add_flag("--skip-unknown", flags.skip_unknown, "Leave out files that no schema is known for");
  app.add_flag("--all-options", flags.all_options,
               "Compose every primary config (or that of -cn) with every option of every group");
  app.add_option("-j,--jobs", flags.jobs, "How many to compose at the same time, with --all-options")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  add_report_flags(app, flags.report);
}

/// The schemas that are needed, each read once.
class Schemas {
 public:
  explicit Schemas(const SchemaFlags& flags) : flags_(flags) {
    if (!flags.schema.empty()) named_ = flags.read();
  }

  /// \param subject a file, or a request to compose. nullptr: it has none
  template <typename Subject>
  std::shared_ptr<const Schema> of(const Subject& subject) {
    if (named_) return named_;
    const auto sources = std::make_shared<SourceMap>();
    try {
      const std::optional<DiscoveredSchema> found = discover_schema(subject, *sources);
      if (!found) return nullptr;
      std::shared_ptr<const Schema>& schema = discovered_[found->file];
      if (!schema) schema = Schema::read(found->file, flags_.options(), sources, found->named_at);
      return schema;
    } catch (ConfigError& error) {
      if (!error.sources()) error.set_sources(sources);
      throw;
    }
  }

 private:
  const SchemaFlags& flags_;
  std::shared_ptr<const Schema> named_;
  std::map<std::string, std::shared_ptr<const Schema>> discovered_;
};

/// \param kind and name of where the schema could have been named
ConfigError no_schema(const std::string& subject, SourceKind kind, const std::string& name, const std::string& text) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "schema-unnamed";
  diagnostic.message = fmt::format("no schema is known for {}", subject);
  diagnostic.fix = "--schema FILE";
  return error_at(std::move(diagnostic), kind, name, text);
}

/// What people call a composed configuration: its name, and what was changed in it.
std::string name_of(const HydraFlags& flags) {
  std::string name = flags.config_name.value_or("");
  for (const std::string& override : flags.overrides)
    name += (name.empty() ? "" : " ") + override;
  return name.empty() ? flags.config_path : name;
}

/// 2 if something could not even be looked at.
int exit_code(const std::vector<CheckedItem>& items) {
  int code = 0;
  for (const CheckedItem& item : items) {
    for (const Diagnostic& problem : item.validation.problems) {
      if (problem.severity == Severity::kError) code = std::max(code, problem.stage == Stage::kRequest ? 2 : 1);
    }
  }
  return code;
}

class Checker {
 public:
  explicit Checker(const ValidateFlags& flags) : flags_(flags), schemas_(flags.schema) {}

  std::vector<CheckedItem> check() {
    if (flags_.all_options) {
      check_all_options();
    } else if (flags_.hydra.name_configs()) {
      check_composed();
    } else {
      check_files();
    }
    return std::move(items_);
  }

  /// `2 configurations`; known when all is checked.
  std::string checked() const { return counted(checked_, flags_.hydra.name_configs() ? "configuration" : "file"); }

 private:
  template <typename Work>
  void add(const std::string& name, const Work& work) {
    const auto begin = std::chrono::steady_clock::now();
    Validation validation = work();
    items_.push_back({name, std::move(validation), std::chrono::steady_clock::now() - begin, name});
    ++checked_;
  }

  std::string folders() const {
    std::vector<std::string> all = flags_.hydra.config_dirs;
    if (!flags_.hydra.config_path.empty()) all.insert(all.begin(), flags_.hydra.config_path);
    return fmt::format("'{}'", fmt::join(all, "' and '"));
  }

  /// The primary config's, as far as that can be told from its name.
  std::string config_file(const std::string& config_name) const {
    const std::string folder = flags_.hydra.config_path.empty() ? "" : flags_.hydra.config_path + "/";
    return folder + config_name + (config_name.ends_with(".yaml") ? "" : ".yaml");
  }

  void check_composed() {
    const ComposeRequest request = flags_.hydra.request();
    if (!request.config_name) refuse_usage("no configuration was named", "-cn NAME, or --all-options");
    const auto schema = schemas_.of(request);
    if (!schema)
      throw no_schema(fmt::format("the config '{}'", *request.config_name), SourceKind::kFlag, "--config-name",
                      *request.config_name);
    const auto store = std::make_shared<FileStore>(default_cache_folder());
    add(name_of(flags_.hydra), [&] { return validate(store, request, schema.get(), flags_.options()); });
    items_.back().file = config_file(*request.config_name);
    store->save_caches();
  }

  void check_files() {
    if (flags_.hydra.overrides.empty()) refuse_usage("nothing to validate: give files, or -cp and -cn");
    if (flags_.schema.coerce || flags_.schema.with_defaults) {
      refuse_usage(fmt::format("{} is for configurations that are composed, not for files",
                               flags_.schema.coerce ? "--coerce" : "--with-defaults"),
                   "-cp FOLDER -cn NAME");
    }
    for (const std::string& file : flags_.hydra.overrides) {
      try {
        const auto schema = schemas_.of(file);
        if (!schema && flags_.skip_unknown) continue;
        add(file, [&] {
          if (schema) return validate_file(file, *schema, flags_.options());
          const ConfigError unnamed = no_schema(fmt::format("'{}'", file), SourceKind::kFile, file, {});
          return Validation{unnamed.diagnostics(), unnamed.sources(), nullptr};
        });
      } catch (const ConfigError& error) {
        add_wrong_schema(file, error);
      }
    }
  }

  /// That a schema is wrong is said once, and does not hide what is wrong with what has another.
  void add_wrong_schema(const std::string& name, const ConfigError& error) {
    if (wrong_schemas_.insert(render(error.diagnostics(), error.sources().get())).second)
      items_.push_back({name, {error.diagnostics(), error.sources(), nullptr}});
  }

  void check_all_options() {
    if (!flags_.hydra.name_configs()) refuse_usage("--all-options needs the folder with the configs", "-cp FOLDER");
    AllOptionsRequest request;
    request.compose = flags_.hydra.request();
    request.schema_of = [&](const std::string& config_name) {
      ComposeRequest one = request.compose;
      one.config_name = config_name;
      try {
        return schemas_.of(one);
      } catch (const ConfigError& error) {
        add_wrong_schema("-cn " + config_name, error);
        return std::shared_ptr<const Schema>();
      }
    };
    request.validate = flags_.options();
    request.threads = flags_.jobs;
    const bool shows_progress = isatty(STDERR_FILENO) != 0;
    if (shows_progress) request.progress = show_progress;
    const auto begin = std::chrono::steady_clock::now();
    AllOptionsReport report = validate_all_options(request);
    if (shows_progress) write_stderr("\r\033[K");
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    for (VariantProblems& found : report.problems)
      items_.push_back({found.variant.command_line(),
                        {std::move(found.problems), found.sources, nullptr},
                        {},
                        config_file(found.variant.config_name)});
    checked_ = report.composed;
    if (checked_ == 0) {
      Diagnostic diagnostic;
      diagnostic.code = "configs-missing";
      diagnostic.message = "there is no config in " + folders();
      throw error_at(std::move(diagnostic), SourceKind::kFlag, "--config-path", flags_.hydra.config_path);
    }
    if (items_.empty()) items_.push_back({fmt::format("{} with all options", flags_.hydra.config_path), {}, time, {}});
    write_stderr(fmt::format("{} composed in {:.1f} s, {} with problems\n", counted(checked_, "configuration"),
                             time.count(), report.with_problems));
  }

  static void show_progress(size_t done, size_t all) {
    constexpr size_t kWidth = 30;
    const size_t filled = all == 0 ? 0 : done * kWidth / all;
    write_stderr(fmt::format("\r\033[K[{}{}] {}/{} configurations", std::string(filled, '#'),
                             std::string(kWidth - filled, ' '), done, all));
  }

  const ValidateFlags& flags_;
  Schemas schemas_;
  std::vector<CheckedItem> items_;
  std::set<std::string> wrong_schemas_;
  size_t checked_ = 0;
};

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
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags.hydra);
  Checker checker(flags);
  const std::vector<CheckedItem> items = checker.check();
  write_stdout(validation_report(items, checker.checked(), flags.report.chosen(), may_color(STDOUT_FILENO)));
  return exit_code(items);
}

}  // namespace cfgtool
