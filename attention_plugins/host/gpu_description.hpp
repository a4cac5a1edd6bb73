/// \file
/// The figures of a GPU that decide what can run on it, and their JSON: what plugins get of a GPU that is elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cfgtool::attention {

struct GpuDescription {
  std::string name;                ///< as the driver calls it
  int64_t compute_capability = 0;  ///< major * 10 + minor
  int64_t multiprocessor_count = 0;
  int64_t total_global_memory_bytes = 0;
  int64_t l2_cache_bytes = 0;
  int64_t shared_memory_per_block_bytes = 0;
  int64_t shared_memory_per_block_optin_bytes = 0;  ///< for a kernel that asks for more
  int64_t shared_memory_per_multiprocessor_bytes = 0;
  int64_t reserved_shared_memory_per_block_bytes = 0;  ///< by the driver
  int64_t registers_per_block = 0;                     ///< of 32 bits
  int64_t registers_per_multiprocessor = 0;
  int64_t threads_per_block = 0;
  int64_t threads_per_multiprocessor = 0;
  int64_t blocks_per_multiprocessor = 0;
  int64_t warp_size = 0;
  int64_t clock_khz = 0;
  int64_t memory_clock_khz = 0;
  int64_t driver_version = 0;  ///< as cuDriverGetVersion gives it, such as 13000
  std::array<int64_t, 3> block_dim{}, grid_dim{};
  bool cooperative_launch = false;
  bool tcc_driver = false;
};

/// A figure that is one number. `attribute` is the one that cuDeviceGetAttribute knows it by; 0: none.
struct SizeFigure {
  const char* name;
  int64_t GpuDescription::*value;
  int attribute;
  int64_t least = 1;
  int64_t most = INT32_MAX;
};

/// Attribute numbers are those of the driver's cuda.h.
inline constexpr SizeFigure kSizeFigures[] = {
    {"compute_capability", &GpuDescription::compute_capability, 0, 10, 999},
    {"multiprocessor_count", &GpuDescription::multiprocessor_count, 16},
    {"total_global_memory_bytes", &GpuDescription::total_global_memory_bytes, 0, 1, int64_t{1} << 50},
    {"l2_cache_bytes", &GpuDescription::l2_cache_bytes, 38},
    {"shared_memory_per_block_bytes", &GpuDescription::shared_memory_per_block_bytes, 8},
    {"shared_memory_per_block_optin_bytes", &GpuDescription::shared_memory_per_block_optin_bytes, 97},
    {"shared_memory_per_multiprocessor_bytes", &GpuDescription::shared_memory_per_multiprocessor_bytes, 81},
    {"reserved_shared_memory_per_block_bytes", &GpuDescription::reserved_shared_memory_per_block_bytes, 111, 0},
    {"registers_per_block", &GpuDescription::registers_per_block, 12},
    {"registers_per_multiprocessor", &GpuDescription::registers_per_multiprocessor, 82},
    {"threads_per_block", &GpuDescription::threads_per_block, 1},
    {"threads_per_multiprocessor", &GpuDescription::threads_per_multiprocessor, 39},
    {"blocks_per_multiprocessor", &GpuDescription::blocks_per_multiprocessor, 106},
    {"warp_size", &GpuDescription::warp_size, 10},
    {"clock_khz", &GpuDescription::clock_khz, 13, 0},
    {"memory_clock_khz", &GpuDescription::memory_clock_khz, 36, 0},
    {"driver_version", &GpuDescription::driver_version, 0},
};

/// A figure for x, y and z, with the attributes `attribute`, `attribute` + 1 and `attribute` + 2.
struct DimFigure {
  const char* name;
  std::array<int64_t, 3> GpuDescription::*value;
  int attribute;
};
inline constexpr DimFigure kDimFigures[] = {
    {"block_dim", &GpuDescription::block_dim, 2},
    {"grid_dim", &GpuDescription::grid_dim, 5},
};

struct FlagFigure {
  const char* name;
  bool GpuDescription::*value;
  int attribute;
};
inline constexpr FlagFigure kFlagFigures[] = {
    {"cooperative_launch", &GpuDescription::cooperative_launch, 95},
    {"tcc_driver", &GpuDescription::tcc_driver, 35},
};

/// "name", then the names of all figures, in the order of the tables.
std::vector<std::string> figure_names();

/// attn_device.description: one object with all figures by these names.
std::string to_json(const GpuDescription& gpu);

}  // namespace cfgtool::attention
