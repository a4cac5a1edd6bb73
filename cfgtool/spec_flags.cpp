#include "cfgtool/spec_flags.hpp"

#include <CLI/CLI.hpp>

namespace cfgtool {

attention::LoadOptions SpecFlags::load_options() const {
  attention::LoadOptions options;
  for (const std::string& path : plugin_paths)
    options.command_line_paths.push_back({path, "--attention-plugin-path"});
  options.allow_writable_by_others = allow_writable_plugins;
  return options;
}

void add_spec_flags(CLI::App& app, SpecFlags& flags) {
  constexpr const char* kGroup = "The specification";
  CLI::Option* spec =
      app.add_flag("--spec", flags.spec,
                   "Print the resolved specification: the configuration, its hash, and the attention of each role")
          ->group(kGroup);
  // What would change the configuration's bytes has no place beside its hash.
  for (const char* other : {"--cfg", "--resolve", "--no-resolve", "--package"})
    spec->excludes(app.get_option(other));
  app.add_option("--attention-mapping", flags.mapping,
                 "Which keys say what about attention: a framework's name, or a mapping file")
      ->type_name("NAME|FILE")
      ->capture_default_str()
      ->needs(spec)
      ->group(kGroup);
  app.add_option("--attention-plugin-path", flags.plugin_paths, "A plugin or a folder of plugins; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false)
      ->needs(spec)
      ->group(kGroup);
  app.add_flag("--allow-writable-plugins", flags.allow_writable_plugins, "Load plugins that other users could change")
      ->needs(spec)
      ->group(kGroup);
}

}  // namespace cfgtool
