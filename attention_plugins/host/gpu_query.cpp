#include "attention_plugins/host/gpu_query.hpp"

#include <fmt/format.h>

#include <array>

namespace cfgtool::attention {
namespace {

// Of the driver's cuda.h, which is not there without the toolkit.
constexpr int kStubLibrary = 34;     // CUDA_ERROR_STUB_LIBRARY
constexpr int kNoDevice = 100;       // CUDA_ERROR_NO_DEVICE
constexpr int kAttributeMajor = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
constexpr int kAttributeMinor = 76;

int attribute(const CudaDriver& driver, int number, int device) {
  int value = 0;
  driver.call("cuDeviceGetAttribute", &value, number, device);
  return value;
}

}  // namespace

std::string count_gpus(const CudaDriver& driver, int& count) {
  count = 0;
  const std::string no_driver = "no NVIDIA driver (libcuda.so.1) on this machine";
  if (!driver.is_there()) return no_driver;
  const auto init = driver.find<int (*)(unsigned int)>("cuInit");
  const auto get_count = driver.find<int (*)(int*)>("cuDeviceGetCount");
  if (init == nullptr || get_count == nullptr)
    return "libcuda.so.1 on this machine is no NVIDIA driver: it lacks cuInit or cuDeviceGetCount";
  int result = init(0);
  if (result == 0) result = get_count(&count);
  // A plugin that asks cuDNN without a driver loads the toolkit's stub in its place, under the driver's name.
  if (result == kStubLibrary) return no_driver;
  if (result != 0 && result != kNoDevice)
    return fmt::format("the NVIDIA driver on this machine does not start (CUDA error {})", result);
  return count > 0 ? "" : "the NVIDIA driver finds no GPU on this machine";
}

GpuDescription query_gpu(int ordinal) {
  const CudaDriver driver;
  int count = 0;
  if (const std::string none = count_gpus(driver, count); !none.empty()) throw NoGpu(none);
  if (ordinal < 0 || ordinal >= count)
    throw NoSuchGpu(fmt::format("there is no GPU {} here: the driver counts {}, from 0", ordinal, count));
  int device = 0;
  driver.call("cuDeviceGet", &device, ordinal);
  GpuDescription gpu;
  std::array<char, 256> name{};
  driver.call("cuDeviceGetName", name.data(), static_cast<int>(name.size() - 1), device);
  gpu.name = name.data();
  gpu.compute_capability = attribute(driver, kAttributeMajor, device) * 10 + attribute(driver, kAttributeMinor, device);
  size_t memory = 0;
  driver.call("cuDeviceTotalMem_v2", &memory, device);
  gpu.total_global_memory_bytes = static_cast<int64_t>(memory);
  int version = 0;
  driver.call("cuDriverGetVersion", &version);
  gpu.driver_version = version;
  for (const SizeFigure& figure : kSizeFigures)
    if (figure.attribute != 0) gpu.*figure.value = attribute(driver, figure.attribute, device);
  for (const DimFigure& figure : kDimFigures)
    for (int i = 0; i < 3; ++i)
      (gpu.*figure.value)[static_cast<size_t>(i)] = attribute(driver, figure.attribute + i, device);
  for (const FlagFigure& figure : kFlagFigures)
    gpu.*figure.value = attribute(driver, figure.attribute, device) != 0;
  return gpu;
}

}  // namespace cfgtool::attention
