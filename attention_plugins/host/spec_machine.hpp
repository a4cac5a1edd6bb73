/// \file
/// Where a specification's roles would run: on the GPU that its configuration or a flag names, or on this machine.
#pragma once

#include <memory>

#include "attention_plugins/host/device_catalogue.hpp"
#include "attention_plugins/host/machine.hpp"
#include "schemas/attention_spec.hpp"

namespace cfgtool::attention {

/// The one way for a program from a specification to a machine: with it, a configuration that names a device is refused
/// where its roles cannot run there.
/// \param sources what `spec.sources` is, to which the device's file is added
/// \throws ConfigError with `sources`: no such device, at the place that names it, or its file is wrong
Machine machine_for(const AttentionSpec& spec, const DeviceFolders& folders, const std::shared_ptr<SourceMap>& sources);

}  // namespace cfgtool::attention
