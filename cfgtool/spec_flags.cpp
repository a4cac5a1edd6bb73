#include "cfgtool/spec_flags.hpp"

#include <CLI/CLI.hpp>

#include "cfgtool/device_flags.hpp"

namespace cfgtool {

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
                 "Which keys say what about attention: a framework's name, a mapping file, or a schema with "
                 "x-attention (default: that of --schema, else verl)")
      ->type_name("NAME|FILE")
      ->needs(spec)
      ->group(kGroup);
  app.add_option("--model", flags.model,
                 "A Hugging Face config.json, or its folder, that gives the sizes in place of the model that the "
                 "configuration names")
      ->type_name("PATH")
      ->needs(spec)
      ->group(kGroup);
  app.add_option("--attention-device", flags.device,
                 "Whether the roles would run on that GPU, which need not be here: a name of `cfgtool attention "
                 "device`, or a file")
      ->type_name("DEVICE")
      ->needs(spec)
      ->group(kGroup);
  add_device_path_flag(app, flags.device_folders)->needs(spec)->group(kGroup);
  for (CLI::Option* option : add_plugin_flags(app, flags.plugins))
    option->needs(spec)->group(kGroup);
}

}  // namespace cfgtool
