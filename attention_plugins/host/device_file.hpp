/// \file
/// A GPU that is elsewhere, as a file describes it. attention_plugins/devices/README.md has the form.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "attention_plugins/abi/attention_problem.h"
#include "attention_plugins/host/gpu_description.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"

namespace cfgtool::attention {

struct KnownDevice {
  std::string name;  ///< what --device takes: the file's name without its ending
  std::filesystem::path file;
  GpuDescription gpu;
  std::string description;  ///< `gpu` as JSON
  /// Whether a library is believed that answers for these figures: they were read from the device, or its answers were
  /// compared with recorded ones. Else rules alone answer.
  bool verified = false;
  std::string note;                            ///< for people; may be empty
  std::map<std::string, std::string> sources;  ///< where a figure comes from, by its name

  /// A described device. Its texts belong to this object.
  attn_device device() const;
};

/// Where a device was named, for errors about it.
struct DeviceNaming {
  SourcePos pos;
  Stage stage = Stage::kRequest;  ///< of errors: kRequest for a flag, kResolve for a key of the configuration
  std::string key;                ///< the configuration's key; else empty
};

/// Reads and checks a file; its text becomes part of `sources`. \throws ConfigError (without sources) with all that is
/// wrong with it, each with its place; codes `device-…`, or `json-…` where it is no JSON
KnownDevice read_device_file(SourceMap& sources, const std::filesystem::path& file, const DeviceNaming& named);

/// The text of a file that describes a GPU whose figures were all read from the device. \param source how
std::string device_file_text(const GpuDescription& gpu, const std::string& source);

}  // namespace cfgtool::attention
