#include "attention_plugins/cudnn/handle.hpp"

#include <cuda_runtime_api.h>

#include <string>

#include "attention_plugins/cudnn/kernels.hpp"

namespace cfgtool::attention::cudnn {

CurrentDevice::CurrentDevice(int32_t device) : device_(device) {
  if (cudaGetDevice(&former_) != cudaSuccess || (former_ != device && cudaSetDevice(device) != cudaSuccess))
    throw Failure(ATTN_STATUS_BACKEND_FAILED, ATTN_REASON_DEVICE,
                  "CUDA cannot use device " + std::to_string(device) + ": " + cudaGetErrorString(cudaGetLastError()));
}

CurrentDevice::~CurrentDevice() {
  if (former_ != device_) cudaSetDevice(former_);
}

Handle::Handle(const Library& library, int32_t device) : library_(library), device_(device) {
  const CurrentDevice current(device);
  // Here rather than at the first run, which may be captured.
  if (const int error = load_kernels(); error != 0)
    throw Failure(
        ATTN_STATUS_BACKEND_FAILED, ATTN_REASON_DEVICE,
        std::string("the plugin's own kernels do not load: ") + cudaGetErrorString(static_cast<cudaError_t>(error)));
  library.check(library.create(&raw_), "making a handle");
}

Handle::~Handle() {
  try {
    const CurrentDevice current(device_);
    library_.destroy(raw_);
  } catch (const Failure&) {
    // The process ends, and CUDA with it: nothing is left to be given back.
  }
}

}  // namespace cfgtool::attention::cudnn
