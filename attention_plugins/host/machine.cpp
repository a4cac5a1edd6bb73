#include "attention_plugins/host/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "attention_plugins/host/gpu_query.hpp"
#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {
namespace {

// The few declarations of the driver's cuda.h that are needed: with the driver but without the toolkit there is no
// header. CUresult and CUdevice are ints.
using CuDeviceGet = int (*)(int* device, int ordinal);
using CuDeviceGetName = int (*)(char* name, int length, int device);
using CuDeviceGetAttribute = int (*)(int* value, int attribute, int device);
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
  int count = 0;
  machine.no_cuda = count_gpus(driver, count);
  for (int ordinal = 0; ordinal < count; ++ordinal)
    machine.cuda.push_back(read_device(driver, ordinal));
}

}  // namespace

attn_device Machine::cuda_device(size_t ordinal) const {
  attn_device device{};
  device.size = sizeof(device);
  device.kind = ATTN_DEVICE_CUDA;
  device.index = static_cast<int32_t>(ordinal);
  device.compute_capability = cuda[ordinal].compute_capability;
  device.name = cuda[ordinal].name.c_str();
  return device;
}

std::vector<attn_device> Machine::devices() const {
  if (described) return {described->device()};
  std::vector<attn_device> all;
  if (!cuda.empty()) all.push_back(cuda_device(0));
  all.push_back(cpu_device(workers));
  return all;
}

int32_t Machine::level(int32_t asked) const {
  return described && !described->verified ? ATTN_LEVEL_RULES : asked;
}

Machine described_machine(std::shared_ptr<const KnownDevice> device) {
  Machine machine;
  machine.no_cuda = fmt::format("only {} is asked about", device->name);
  machine.described = std::move(device);
  return machine;
}

Machine look_at_machine() {
  Machine machine;
  machine.workers = std::max(std::thread::hardware_concurrency(), 1U);
  look_for_cuda(machine);
  return machine;
}

std::string describe(const attn_device& device) {
  if (device.index < 0) return device.name;
  const std::string kind = device_kind_name(device.kind);
  return device.kind == ATTN_DEVICE_CPU ? kind : fmt::format("{}:{} ({})", kind, device.index, device.name);
}

}  // namespace cfgtool::attention
