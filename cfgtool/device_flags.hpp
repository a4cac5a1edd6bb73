/// \file
/// The flag that says where GPUs are described, and what completes their names.
#pragma once

#include <vector>

#include "attention_plugins/host/device_catalogue.hpp"
#include "config_engine/completion.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cfgtool {

/// Declares --attention-device-path on `app`; the caller may group it.
CLI::Option* add_device_path_flag(CLI::App& app, attention::DeviceFolders& folders);

/// Gives the flags that take a GPU's name, --device and --attention-device, the names that are known. \param more words
/// that --device takes besides
void offer_devices(std::vector<CompletionFlag>& flags, const std::vector<std::string>& more = {});

}  // namespace cfgtool
