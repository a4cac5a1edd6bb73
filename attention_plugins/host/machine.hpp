/// \file
/// Which devices attention could run on: those of this machine, or one GPU that is elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/abi/attention_problem.h"
#include "attention_plugins/host/device_file.hpp"

namespace cfgtool::attention {

struct CudaDevice {
  std::string name;                ///< as the driver calls it
  int32_t compute_capability = 0;  ///< major * 10 + minor
};

struct Machine {
  std::vector<CudaDevice> cuda;  ///< by CUDA ordinal
  std::string no_cuda;           ///< why there are none, one sentence; empty if there are
  uint32_t workers = 1;          ///< threads for kernels on the CPU
  /// Not null: what is asked is whether something runs on that GPU, and nothing of this machine counts.
  std::shared_ptr<const KnownDevice> described;

  /// The first CUDA device, if there is one, then the CPU; or the described device alone. Their texts live as long as
  /// this object.
  std::vector<attn_device> devices() const;
  /// One of `cuda`.
  attn_device cuda_device(size_t ordinal) const;
  /// ATTN_LEVEL_…: how closely may be asked. Of a described device that is not verified only rules are believed.
  int32_t level(int32_t asked) const;
};

/// A machine that is elsewhere, of which only the GPU counts.
Machine described_machine(std::shared_ptr<const KnownDevice> device);

/// Asks the system, and the NVIDIA driver if it is installed. Needs no CUDA toolkit.
Machine look_at_machine();

/// "cpu", "cuda:0 (NVIDIA H100 80GB HBM3)", or "h100" for a described one.
std::string describe(const attn_device& device);

}  // namespace cfgtool::attention
