#include "config_engine/hydra_main.hpp"
#include "config_engine/compose_all.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "config_engine/command_line.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/completion_shell.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/help.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/info.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/run_folder.hpp"

namespace cfgtool {

namespace {

constexpr int kExitInternal = 70;

void print_to(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

/// \throws ConfigError if stdout does not take what was printed (a full disk)
int finish_output() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return 0;
  throw_error(Stage::kCompose, "output", "cannot write to stdout");
}

std::string from_base(const HydraApp& app, const std::string& path) {
  if (path.empty() || app.base_dir.empty() || path.find("://") != std::string::npos) return path;
  return (std::filesystem::path(app.base_dir) / path).string();
}

using JobFunction = std::function<int(const Job&)>;

void print_warnings(const HydraFlags& flags, std::vector<Diagnostic>& warnings, const SourceMap* sources) {
  print_to(stderr, render(warnings, sources, {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  warnings.clear();
}

/// Python's repr() of the list.
std::string quoted_words(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words)
    quoted.push_back(python_repr(std::string_view(word)));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

/// hydra: JobReturn.return_value \throws ConfigError for every exception
int run_job(const JobFunction& job, const Job& arguments, const ComposeRequest& request) {
  try {
    return job(arguments);
  } catch (const ConfigError&) {
    throw;  // says where
  } catch (const std::exception& error) {
    Diagnostic diagnostic;
    diagnostic.code = "job-failed";
    diagnostic.message = error.what();
    diagnostic.notes.push_back("Error executing job with overrides: " + quoted_words(request.overrides));
    throw ConfigError(std::move(diagnostic));
  }
}

/// hydra: run_job in hydra/core/utils.py
int run(const FileStore& store, Composition composition, const ComposeRequest& request, const HydraFlags& flags,
        const JobFunction& job) {
  check_verbose(composition);
  const RunFolder folder = make_run_folder(composition);
  const RunRecord record = record_run(store, composition, request);
  enter_run_folder(composition, folder, !request.version_base.at_least(1, 2));
  std::vector<Diagnostic> warnings;
  const Logger log = open_job_log(composition, request.job_name, &warnings);
  print_warnings(flags, warnings, composition.sources.get());
  save_run(composition, folder, record);
  set_job_environment(composition);
  return run_job(job, {Config(std::move(composition)), log, folder.path}, request);
}

/// The options of `cli` that are not among `others`.
std::vector<const CLI::Option*> options_beside(const std::vector<const CLI::Option*>& others, const CLI::App& cli) {
  std::vector<const CLI::Option*> own;
  for (const CLI::Option* option : cli.get_options()) {
    if (std::find(others.begin(), others.end(), option) == others.end()) own.push_back(option);
  }
  return own;
}

/// \param own_flags the text about the program's own flags
int show_help(const HydraFlags& flags, const ComposeRequest& request, const CLI::App& cli,
              const std::string& own_flags) {
  const auto store = std::make_shared<FileStore>();
  const std::string all_flags = flags_help(cli);
  const Help help =
      flags.app_help ? app_help(store, request, all_flags, flags.resolve) : hydra_help(store, request, all_flags);
  print_to(stderr, render(help.warnings, help.sources.get(), {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  print_to(stdout, help.text + (help.shows_flags ? std::string() : own_flags));
  return finish_output();
}

int answer(const HydraApp& app, HydraFlags& flags, const CLI::App& cli, const std::string& own_flags,
           const JobFunction& job) {
  flags.config_path = from_base(app, flags.config_path);
  ComposeRequest request = flags.request();
  request.context.resolvers = app.resolvers;
  if (flags.app_help || flags.hydra_help) return show_help(flags, request, cli, own_flags);
  request.run_job = !flags.cfg && flags.info.empty();
  if (request.run_job) request.context.stop_clock();
  const auto store = std::make_shared<FileStore>();
  if (!flags.info.empty()) {
    print_to(stdout, print_info(store, request, flags.info));
    return finish_output();
  }
  Composition composition = compose_finding_all(store, request);
  print_warnings(flags, composition.warnings, composition.sources.get());
  if (flags.cfg) {
    print_to(stdout, print_cfg(composition, *flags.cfg, flags.resolve, flags.package));
    return finish_output();
  }
  if (app.check) {
    std::vector<Diagnostic> warnings = only_warnings(app.check(composition), composition.sources);
    print_warnings(flags, warnings, composition.sources.get());
  }
  return run(*store, std::move(composition), request, flags, job);
}

/// Answers --shell-completion; `words` are those behind the program's name.
int complete_in_shell(CLI::App& cli, const HydraApp& app, const HydraFlags& flags, const std::string& program,
                      const std::vector<std::string>& words) {
  const auto store = std::make_shared<FileStore>(default_cache_folder());
  const auto complete_line = [&](const ShellLine& line) {
    CompletionRequest request;
    // As in Hydra, flags beside --shell-completion hold as well.
    std::copy_if(words.begin(), words.end(), std::back_inserter(request.words),
                 [](const std::string& word) { return word != "--shell-completion" && !word.starts_with("query="); });
    request.words.insert(request.words.end(), line.words.begin() + 1, line.words.end());
    request.word = line.word;
    request.flags = completion_flags(cli);
    if (!app.config_path.empty()) request.defaults.config_dirs = {app.config_path};
    if (!app.config_name.empty()) request.defaults.config_name = app.config_name;
    request.defaults.version_base = parse_version_base(app.version_base);
    request.defaults.job_name = flags.job_name;
    request.defaults.context.resolvers = app.resolvers;
    request.base_dir = app.base_dir;
    request.known_keys = app.known_keys;
    return complete(store, request);
  };
  print_to(stdout, answer_completion(program, words, complete_line));
  const int exit_code = finish_output();
  store->save_caches();
  return exit_code;
}

}  // namespace

int hydra_main(int argc, const char* const* argv, const HydraApp& app, const JobFunction& job) {
  HydraFlags flags;
  flags.job_name = app.name.empty() && argc > 0 ? std::filesystem::path(argv[0]).stem().string() : app.name;
  flags.config_path = app.config_path;
  if (!app.config_name.empty()) flags.config_name = app.config_name;
  flags.version_base = app.version_base;
  CLI::App cli(app.description, flags.job_name);
  cli.footer("Anything else is an override: KEY=VALUE, +KEY=VALUE, ++KEY=VALUE, ~KEY, GROUP=OPTION");
  add_hydra_flags(cli, flags);
  flags.resolve_alone = false;
  cli.set_help_flag();  // CLI11's, which knows nothing of the configuration
  cli.add_flag("-h,--help", flags.app_help, "Print the program's help")->group("Hydra's flags");
  add_version_flag(cli, version_text(flags.job_name, app.version));
  cli.add_flag_callback(
         "--shell-completion", [] {}, "(-sc) Completion in a shell: install=SHELL or uninstall=SHELL prints its script")
      ->group("Hydra's flags");
  const CLI::App& declared = cli;
  const std::vector<const CLI::Option*> hydras = declared.get_options();
  if (app.add_flags) app.add_flags(cli);
  const std::vector<const CLI::Option*> own = options_beside(hydras, cli);
  const std::string own_flags =
      own.empty() ? std::string() : CLI::Formatter().make_group("Flags of this program", false, own) + "\n";
  const CommandLine typed(argc, argv);
  try {
    const std::vector<std::string> words = expand_short_flags(argc, argv);
    if (asks_for_completion(words)) return complete_in_shell(cli, app, flags, argv[0], words);
    if (!parse_flags(cli, words)) return 0;
    take_overrides(cli, flags);
    return answer(app, flags, cli, own_flags, job);
  } catch (const ConfigError& error) {
    std::fflush(stdout);  // what the job printed came first
    print_to(stderr, typed.render(error, may_color(STDERR_FILENO)));
    return exit_code_of(error);
  } catch (const std::exception& error) {
    print_to(stderr, typed.render(internal_error(error), may_color(STDERR_FILENO)));
    return kExitInternal;
  }
}

int hydra_main(int argc, const char* const* argv, const HydraApp& app, const std::function<int(const Config&)>& job) {
  return hydra_main(argc, argv, app, JobFunction([&](const Job& run) { return job(run.config); }));
}

}  // namespace cfgtool
