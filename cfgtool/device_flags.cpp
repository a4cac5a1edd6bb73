#include "cfgtool/device_flags.hpp"

#include <CLI/CLI.hpp>

namespace cfgtool {

CLI::Option* add_device_path_flag(CLI::App& app, attention::DeviceFolders& folders) {
  return app
      .add_option("--attention-device-path", folders.command_line, "A folder with files of GPUs; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

void offer_devices(std::vector<CompletionFlag>& flags, const std::vector<std::string>& more) {
  for (CompletionFlag& flag : flags) {
    const bool is_device = flag.names.front() == "--device";
    if (!is_device && flag.names.front() != "--attention-device") continue;
    flag.value = FlagValue::kFile;
    flag.choices = attention::usual_device_names();
    if (is_device) flag.choices.insert(flag.choices.end(), more.begin(), more.end());
  }
}

}  // namespace cfgtool
