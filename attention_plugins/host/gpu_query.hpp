/// \file
/// Which GPUs this machine has, and their figures, as the driver says.
#pragma once

#include <stdexcept>
#include <string>

#include "attention_plugins/host/cuda_driver.hpp"
#include "attention_plugins/host/gpu_description.hpp"

namespace cfgtool::attention {

/// Starts the driver and counts the GPUs. \return why there are none, one sentence; empty if there are
std::string count_gpus(const CudaDriver& driver, int& count);

/// There is no driver or no GPU here.
struct NoGpu : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// There are GPUs here, but not that many.
struct NoSuchGpu : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// \param ordinal CUDA's number of the GPU \throws NoGpu, NoSuchGpu, CudaError
GpuDescription query_gpu(int ordinal);

}  // namespace cfgtool::attention
