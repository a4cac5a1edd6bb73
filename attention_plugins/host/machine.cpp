#include "attention_plugins/host/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "attention_plugins/host/cuda_driver.hpp"
#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {
namespace {

// The few declarations of the driver's cuda.h that are needed: with the driver but without the toolkit there is no
// header. CUresult and CUdevice are ints.
using CuInit = int (*)(unsigned int flags);
using CuDeviceGetCount = int (*)(int* count);
using CuDeviceGet = int (*)(int* device, int ordinal);
using CuDeviceGetName = int (*)(char* name, int length, int device);
using CuDeviceGetAttribute = int (*)(int* value, int attribute, int device);
constexpr int kNoDevice = 100;       // CUDA_ERROR_NO_DEVICE
constexpr int kAttributeMajor = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
constexpr int kAttributeMinor = 76;

CudaDevice read_device(const CudaDriver& driver, int ordinal) {
  CudaDevice device{fmt::format("CUDA device {}", ordinal), 0};
  int handle = 0;
  const auto get = driver.find<CuDeviceGet>("cuDeviceGet");
  const auto get_name = driver.find<CuDeviceGetName>("cuDeviceGetName");
  const auto get_attribute = driver.find<CuDeviceGetAttribute>("cuDeviceGetAttribute");
  if (get == nullptr || get(&handle, ordinal) != 0) return device;
  std::array<char, 128> name{};
  if (get_name != nullptr && get_name(name.data(), static_cast<int>(name.size() - 1), handle) == 0)
    device.name = name.data();
  int major = 0;
  int minor = 0;
  if (get_attribute != nullptr && get_attribute(&major, kAttributeMajor, handle) == 0 &&
      get_attribute(&minor, kAttributeMinor, handle) == 0) {
    device.compute_capability = major * 10 + minor;
  }
  return device;
}

/// Fills machine.cuda or machine.no_cuda.
void look_for_cuda(Machine& machine) {
  const CudaDriver driver;
  if (!driver.is_there()) {
    machine.no_cuda = "no NVIDIA driver (libcuda.so.1) on this machine";
    return;
  }
  const auto init = driver.find<CuInit>("cuInit");
  const auto get_count = driver.find<CuDeviceGetCount>("cuDeviceGetCount");
  if (init == nullptr || get_count == nullptr) {
    machine.no_cuda = "libcuda.so.1 on this machine is no NVIDIA driver: it lacks cuInit or cuDeviceGetCount";
    return;
  }
  int count = 0;
  int result = init(0);
  if (result == 0) result = get_count(&count);
  if (result != 0 && result != kNoDevice) {
    machine.no_cuda = fmt::format("the NVIDIA driver on this machine does not start (CUDA error {})", result);
    return;
  }
  for (int ordinal = 0; ordinal < count; ++ordinal)
    machine.cuda.push_back(read_device(driver, ordinal));
  if (machine.cuda.empty()) machine.no_cuda = "the NVIDIA driver finds no GPU on this machine";
}

}  // namespace

std::vector<attn_device> Machine::devices() const {
  std::vector<attn_device> all;
  if (!cuda.empty()) {
    attn_device device{};
    device.size = sizeof(device);
    device.kind = ATTN_DEVICE_CUDA;
    device.compute_capability = cuda.front().compute_capability;
    device.name = cuda.front().name.c_str();
    all.push_back(device);
  }
  all.push_back(cpu_device(workers));
  return all;
}

Machine look_at_machine() {
  Machine machine;
  machine.workers = std::max(std::thread::hardware_concurrency(), 1U);
  look_for_cuda(machine);
  return machine;
}

std::string describe(const attn_device& device) {
  const std::string kind = device_kind_name(device.kind);
  return device.kind == ATTN_DEVICE_CPU ? kind : fmt::format("{}:{} ({})", kind, device.index, device.name);
}

}  // namespace cfgtool::attention
