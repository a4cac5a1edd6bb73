#include "attention_plugins/host/cuda_driver.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace cfgtool::attention {
namespace {

constexpr int kStubLibrary = 34;  // CUDA_ERROR_STUB_LIBRARY
constexpr int kNoDevice = 100;    // CUDA_ERROR_NO_DEVICE

}  // namespace

Driver::Driver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {}

void* Driver::symbol(const char* name) const {
  return library_ == nullptr ? nullptr : dlsym(library_, name);
}

std::string Driver::start(int& count) const {
  count = 0;
  const std::string no_driver = "no NVIDIA driver (libcuda.so.1) on this machine";
  if (library_ == nullptr) return no_driver;
  const auto init = find<CuInit>("cuInit");
  const auto get_count = find<CuDeviceGetCount>("cuDeviceGetCount");
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

}  // namespace cfgtool::attention
