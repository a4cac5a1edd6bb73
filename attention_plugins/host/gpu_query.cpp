#include "attention_plugins/host/gpu_query.hpp"

#include <fmt/format.h>

#include <array>

#include "attention_plugins/host/cuda_driver.hpp"

namespace cfgtool::attention {
namespace {

template <typename Function>
Function must_find(const Driver& driver, const char* name) {
  const auto function = driver.find<Function>(name);
  if (function == nullptr) throw GpuQueryError(fmt::format("the NVIDIA driver on this machine lacks {}", name));
  return function;
}

void must_succeed(int result, const std::string& what) {
  if (result != 0) throw GpuQueryError(fmt::format("the NVIDIA driver does not give {} (CUDA error {})", what, result));
}

class Query {
 public:
  Query(const Driver& driver, int ordinal) : get_(must_find<CuDeviceGetAttribute>(driver, "cuDeviceGetAttribute")) {
    must_succeed(must_find<CuDeviceGet>(driver, "cuDeviceGet")(&device_, ordinal), fmt::format("GPU {}", ordinal));
  }

  int device() const { return device_; }
  int attribute(int number, const char* what) const {
    int value = 0;
    must_succeed(get_(&value, number, device_), what);
    return value;
  }

 private:
  CuDeviceGetAttribute get_;
  int device_ = 0;
};

}  // namespace

GpuDescription query_gpu(int ordinal) {
  const Driver driver;
  int count = 0;
  const std::string none = driver.start(count);
  if (!none.empty()) throw GpuQueryError(none);
  if (ordinal < 0 || ordinal >= count)
    throw NoSuchGpu(fmt::format("there is no GPU {} here: the driver counts {}, from 0", ordinal, count));
  const Query query(driver, ordinal);
  GpuDescription gpu;
  std::array<char, 256> name{};
  must_succeed(must_find<CuDeviceGetName>(driver, "cuDeviceGetName")(name.data(), static_cast<int>(name.size() - 1),
                                                                     query.device()),
               "the GPU's name");
  gpu.name = name.data();
  gpu.compute_capability = query.attribute(kAttributeMajor, "the compute capability") * 10 +
                           query.attribute(kAttributeMinor, "the compute capability");
  size_t memory = 0;
  must_succeed(must_find<CuDeviceTotalMem>(driver, "cuDeviceTotalMem_v2")(&memory, query.device()),
               "the size of the GPU's memory");
  gpu.total_global_memory_bytes = static_cast<int64_t>(memory);
  int version = 0;
  must_succeed(must_find<CuDriverGetVersion>(driver, "cuDriverGetVersion")(&version), "its version");
  gpu.driver_version = version;
  for (const SizeFigure& figure : kSizeFigures)
    if (figure.attribute != 0) gpu.*figure.value = query.attribute(figure.attribute, figure.name);
  for (const DimFigure& figure : kDimFigures)
    for (int i = 0; i < 3; ++i)
      (gpu.*figure.value)[static_cast<size_t>(i)] = query.attribute(figure.attribute + i, figure.name);
  for (const FlagFigure& figure : kFlagFigures)
    gpu.*figure.value = query.attribute(figure.attribute, figure.name) != 0;
  return gpu;
}

}  // namespace cfgtool::attention
