/// \file
/// Which GPUs the compiled code runs on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cfgtool::attention::cuda_eager {

/// What this plugin was built with and for.
struct Build {
  std::string toolkit;                ///< version of CUDA, such as "13.0.88"
  int32_t oldest_known;               ///< the oldest architecture that the toolkit compiles for
  std::vector<int32_t> compiled_for;  ///< major * 10 + minor, the oldest first; the newest also as PTX
};

/// From CUDA_EAGER_TOOLKIT, CUDA_EAGER_OLDEST_ARCHITECTURE and CUDA_EAGER_ARCHITECTURES, which the build defines.
Build this_build();

/// Code for an architecture runs on later ones of the same major version; PTX on all later ones. Why a device cannot
/// run it, one sentence; empty if it can. \param device its name
std::string why_not(const Build& build, int32_t compute_capability, const std::string& device);

}  // namespace cfgtool::attention::cuda_eager
