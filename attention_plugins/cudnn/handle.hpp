/// \file
/// cuDNN's handle of a device of this machine, and the device that CUDA calls of this thread are about.
#pragma once

#include <cstdint>
#include <mutex>

#include "attention_plugins/cudnn/library.hpp"

namespace cfgtool::attention::cudnn {

/// Makes a device the current one of this thread, and puts the former back.
class CurrentDevice {
 public:
  /// Throws Failure.
  explicit CurrentDevice(int32_t device);
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int32_t device_;
  int former_ = 0;
};

/// cuDNN's state for one device, which each run gives its stream: one at a time. It is made for that device, whichever
/// is current. There is one for all plans, since taking one down waits for the device.
class Handle {
 public:
  Handle(const Library& library, int32_t device);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  cudnnHandle_t raw() const { return raw_; }
  std::mutex& running() { return running_; }

 private:
  const Library& library_;
  int32_t device_;
  cudnnHandle_t raw_ = nullptr;
  std::mutex running_;
};

}  // namespace cfgtool::attention::cudnn
