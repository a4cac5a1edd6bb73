/// \file
/// NVIDIA's driver, found when the program runs: with the driver but without the toolkit there is no header.
#pragma once

#include <string>

namespace cfgtool::attention {

/// libcuda.so.1, which stays loaded: it starts threads that outlive a dlclose.
class Driver {
 public:
  Driver();

  /// Starts it and counts the GPUs. \return why there are none, one sentence; empty if there are
  std::string start(int& count) const;

  /// A function by its name and type, or nullptr. CUresult and CUdevice are ints.
  template <typename Function>
  Function find(const char* name) const {
    return reinterpret_cast<Function>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  void* library_;
};

// The few declarations of the driver's cuda.h that are needed. All return a CUresult, 0 if all is well.
using CuInit = int (*)(unsigned int flags);
using CuDriverGetVersion = int (*)(int* version);
using CuDeviceGetCount = int (*)(int* count);
using CuDeviceGet = int (*)(int* device, int ordinal);
using CuDeviceGetName = int (*)(char* name, int length, int device);
using CuDeviceGetAttribute = int (*)(int* value, int attribute, int device);
using CuDeviceTotalMem = int (*)(size_t* bytes, int device);
inline constexpr int kAttributeMajor = 75;  ///< CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
inline constexpr int kAttributeMinor = 76;

}  // namespace cfgtool::attention
