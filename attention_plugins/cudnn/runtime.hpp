/// \file
/// What an opened plugin has: its options and, loaded when first needed, cuDNN, a driver and the devices' properties.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "attention_plugins/cudnn/descriptor.hpp"
#include "attention_plugins/cudnn/driver.hpp"
#include "attention_plugins/cudnn/handle.hpp"
#include "attention_plugins/cudnn/library.hpp"

namespace cfgtool::attention::cudnn {

struct Options {
  std::string library;     ///< file or folder of cuDNN; empty: looked for
  std::string stub;        ///< the stub of libcuda; empty: looked for
  size_t plan_cache = 64;  ///< compiled plans that are kept
};

/// "library=PATH stub=PATH plan_cache=N", separated by spaces or commas, each at most once. Throws Failure.
Options parse_options(const std::string& text);

/// The device that a question is about.
struct Device {
  int32_t index = -1;  ///< -1: described
  int32_t compute_capability = 0;
  std::string name;
  std::string description;  ///< our JSON; empty if a described device has none
};

/// Safe to use from several threads.
class Runtime {
 public:
  explicit Runtime(Options options) : options_(std::move(options)) {}

  const Options& options() const { return options_; }

  /// Of the driver only the compute capability of a device of this machine is asked, and only if it is not given.
  /// Throws Failure.
  Device identify(const attn_device& device);

  /// Loads the driver that questions about the device need, then cuDNN. Throws Failure (cannot tell) where one is
  /// missing, or where they do not fit each other or the device.
  const Library& library(const Device& device, bool compile);

  /// The driver that library() has found.
  Driver driver();

  /// After library(). Throws Failure if the description is not enough.
  const Descriptor& properties(const Device& device);

  /// After library(), for a device of this machine. Lives as long as this object. Throws Failure.
  Handle& handle(int32_t index);

  /// The driver's description of a device of this machine. Throws Failure.
  std::string describe_device(int32_t index);

 private:
  const Driver& load_driver(DriverUse use);
  const Library& load_library();

  Options options_;
  std::mutex mutex_;
  Driver driver_;
  std::unique_ptr<const Library> library_;
  std::map<std::string, Descriptor> properties_;  ///< by description, or index
  std::map<int32_t, Handle> handles_;             ///< by device
};

}  // namespace cfgtool::attention::cudnn
