#include "config_engine/hydra_main.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

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
  if (app.add_flags) app.add_flags(cli);
  try {
    if (!parse_flags(cli, expand_short_flags(argc, argv))) return 0;
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
