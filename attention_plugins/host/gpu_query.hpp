/// \file
/// Reads the figures of a GPU of this machine from the driver.
#pragma once

#include <stdexcept>

#include "attention_plugins/host/gpu_description.hpp"

namespace cfgtool::attention {

/// There is no driver or no GPU here, or it does not say what is asked.
struct GpuQueryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// There are GPUs here, but not that many.
struct NoSuchGpu : GpuQueryError {
  using GpuQueryError::GpuQueryError;
};

/// \param ordinal CUDA's number of the GPU \throws GpuQueryError
GpuDescription query_gpu(int ordinal);

}  // namespace cfgtool::attention
