#include "config_engine/hydra_main.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "config_engine/completion_flags.hpp"
#include "config_engine/completion_shell.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/info.hpp"

namespace cfgtool {

namespace {

constexpr int kExitInternal = 70;

void print_to(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

int finish_output() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return 0;
  print_to(stderr, "error[output]: cannot write to stdout\n");
  return 1;
}

std::string from_base(const HydraApp& app, const std::string& path) {
  if (path.empty() || app.base_dir.empty() || path.find("://") != std::string::npos) return path;
  return (std::filesystem::path(app.base_dir) / path).string();
}

int run(const HydraApp& app, HydraFlags& flags, const std::function<int(const Config&)>& job) {
  flags.config_path = from_base(app, flags.config_path);
  ComposeRequest request = flags.request();
  request.context.resolvers = app.resolvers;
  const auto store = std::make_shared<FileStore>();
  if (!flags.info.empty()) {
    print_to(stdout, print_info(store, request, flags.info));
    return finish_output();
  }
  Composition composition = compose(store, request);
  print_to(stderr, render(composition.warnings, composition.sources.get(),
                          {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  composition.warnings.clear();
  if (flags.cfg) {
    print_to(stdout, print_cfg(composition, *flags.cfg, flags.resolve, flags.package));
    return finish_output();
  }
  return job(Config(std::move(composition)));
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

int hydra_main(int argc, const char* const* argv, const HydraApp& app, const std::function<int(const Config&)>& job) {
  HydraFlags flags;
  flags.job_name = app.name.empty() && argc > 0 ? std::filesystem::path(argv[0]).stem().string() : app.name;
  flags.config_path = app.config_path;
  flags.config_name = app.config_name;
  flags.version_base = app.version_base;
  CLI::App cli(app.description, flags.job_name);
  cli.footer("Anything else is an override: KEY=VALUE, +KEY=VALUE, ++KEY=VALUE, ~KEY, GROUP=OPTION");
  add_hydra_flags(cli, flags);
  cli.add_flag_callback(
         "--shell-completion", [] {}, "(-sc) Completion in a shell: install=SHELL or uninstall=SHELL prints its script")
      ->group("Hydra's flags");
  if (app.add_flags) app.add_flags(cli);
  try {
    const std::vector<std::string> words = expand_short_flags(argc, argv);
    if (asks_for_completion(words)) return complete_in_shell(cli, app, flags, argv[0], words);
    if (!parse_flags(cli, words)) return 0;
    take_overrides(cli, flags);
    return run(app, flags, job);
  } catch (const ConfigError& error) {
    print_to(stderr,
             render(error.diagnostics(), error.sources().get(), {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
    return exit_code_of(error);
  } catch (const std::exception& error) {
    print_to(stderr, fmt::format("error[internal]: {}\n", error.what()));
    return kExitInternal;
  }
}

}  // namespace cfgtool
