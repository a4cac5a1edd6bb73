/// \file
/// Descriptions of GPUs: ours (attention_plugins/devices/README.md) read from a machine, and turned into cuDNN's.
#pragma once

#include <cstdint>
#include <string>

#include "attention_plugins/cudnn/driver.hpp"

namespace cfgtool::attention::cudnn {

/// major * 10 + minor of device `index`, which check_device has accepted.
int32_t compute_capability(const Driver& driver, int32_t index);

/// Our description of that device, as JSON.
std::string describe_device(const Driver& driver, int32_t index);

/// The compute capability in our description. Throws Failure (refused).
int32_t described_compute_capability(const std::string& description);

/// The JSON that cuDNN's descriptor of device properties takes. Throws Failure (refused) where `description` is not
/// JSON, or lacks a field or has one of the wrong type, with the field's name.
std::string cudnn_description(const std::string& description);

}  // namespace cfgtool::attention::cudnn
