/// \file
/// Which devices of this machine attention could run on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention_plugins/abi/attention_problem.h"

namespace cfgtool::attention {

struct CudaDevice {
  std::string name;                ///< as the driver calls it
  int32_t compute_capability = 0;  ///< major * 10 + minor
};

struct Machine {
  std::vector<CudaDevice> cuda;  ///< by CUDA ordinal
  std::string no_cuda;           ///< why there are none, one sentence; empty if there are
  uint32_t workers = 1;          ///< threads for kernels on the CPU

  /// The first CUDA device, if there is one, then the CPU. Their texts live as long as this object.
  std::vector<attn_device> devices() const;
};

/// Asks the system, and the NVIDIA driver if it is installed. Needs no CUDA toolkit.
Machine look_at_machine();

/// "cpu" or "cuda:0 (NVIDIA H100 80GB HBM3)".
std::string describe(const attn_device& device);

}  // namespace cfgtool::attention
