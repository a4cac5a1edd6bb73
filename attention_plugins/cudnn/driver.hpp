/// \file
/// Which libcuda.so.1 this process has: a real driver, the toolkit's stub, or our null driver. A process has one only,
/// and cuDNN takes it at its first call, so it is chosen before.
#pragma once

#include <cstdint>
#include <string>

#include "attention_plugins/cudnn/failure.hpp"

namespace cfgtool::attention::cudnn {

enum class DriverKind {
  kNone,  ///< cuDNN would answer "no" to everything
  kReal,
  kStub,  ///< heuristics work; a plan cannot be finished
  kNull,  ///< null_driver/: heuristics work and plans can be finished, for a check, never to be run
};

struct Driver {
  DriverKind kind = DriverKind::kNone;
  void* handle = nullptr;
  std::string path;
  std::string why;           ///< kNone: what was looked for. kReal without a device: the driver's words
  int32_t cuda_version = 0;  ///< kReal: the newest CUDA that it can run, such as 13000
  int32_t device_count = 0;  ///< kReal
};

/// What a driver is needed for.
enum class DriverUse {
  kDevice,      ///< a device of this machine: a real one, or none
  kHeuristics,  ///< of a described device
  kCompile,     ///< the same, and finishing a plan
};

/// Takes the libcuda that the process has, or the real one of the machine; else loads the null driver (kCompile), or
/// the toolkit's stub (kHeuristics, and where the null driver is missing): `stub` if it is not empty, else that of
/// toolkit_library_folders().
Driver find_driver(DriverUse use, const std::string& stub);

/// Throws Failure (cannot tell) where a device of this machine cannot be used: no driver, too old for the CUDA that
/// `library_name` was built for, or fewer devices.
void check_device(const Driver& driver, int32_t index, int32_t needed_cuda_version, const std::string& library_name);

}  // namespace cfgtool::attention::cudnn
