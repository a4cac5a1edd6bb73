#include "attention_plugins/cudnn/driver.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "attention_plugins/cudnn/library.hpp"
#include "attention_plugins/cudnn/shared_object.hpp"

namespace cfgtool::attention::cudnn {

namespace {

constexpr const char* kDriverFile = "libcuda.so.1";
constexpr int kStubLibrary = 34;  // CUDA_ERROR_STUB_LIBRARY
constexpr int kNoDevice = 100;    // CUDA_ERROR_NO_DEVICE

/// Beside this plugin, where CMake puts it and `cmake --install` too.
std::string null_driver_file() {
  Dl_info info{};
  static const char kHere = 0;
  if (dladdr(&kHere, &info) == 0 || info.dli_fname == nullptr) return kDriverFile;
  return (std::filesystem::path(info.dli_fname).parent_path() / "cudnn_null_driver" / kDriverFile).string();
}

std::vector<std::string> stub_files(const std::string& named) {
  if (!named.empty()) return {named};
  std::vector<std::string> files;
  for (const auto& folder : toolkit_library_folders())
    files.push_back((folder / "stubs" / "libcuda.so").string());
  return files;
}

std::string error_text(void* handle, int error) {
  int (*get_error_string)(int, const char**) = nullptr;
  const char* text = nullptr;
  if (find_function(handle, "cuGetErrorString", get_error_string)) get_error_string(error, &text);
  return "error " + std::to_string(error) + (text != nullptr ? std::string(", ") + text : "");
}

/// What an opened libcuda is.
Driver identify(const SharedObject& object) {
  Driver driver;
  driver.kind = DriverKind::kNull;
  driver.handle = object.handle;
  driver.path = object.path;
  if (find_symbol(object.handle, "cfgtool_null_driver") != nullptr) return driver;

  int (*init)(unsigned int) = nullptr;
  if (!find_function(object.handle, "cuInit", init)) {
    driver.kind = DriverKind::kNone;
    driver.why = object.path + " is no CUDA driver";
    return driver;
  }
  const int error = init(0);
  driver.kind = error == kStubLibrary ? DriverKind::kStub : DriverKind::kReal;
  if (driver.kind == DriverKind::kStub) return driver;
  int (*get_version)(int*) = nullptr;
  int version = 0;
  if (find_function(object.handle, "cuDriverGetVersion", get_version) && get_version(&version) == 0)
    driver.cuda_version = version;
  int (*get_count)(int*) = nullptr;
  int count = 0;
  if (error == 0 && find_function(object.handle, "cuDeviceGetCount", get_count) && get_count(&count) == 0)
    driver.device_count = count;
  if (error != 0 && error != kNoDevice) driver.why = "the driver does not start: " + error_text(object.handle, error);
  return driver;
}

}  // namespace

Driver find_driver(DriverUse use, const std::string& stub) {
  const bool compiles = use == DriverUse::kCompile;
  const bool was_loaded = [] {
    void* handle = dlopen(kDriverFile, RTLD_NOW | RTLD_NOLOAD);
    if (handle != nullptr) dlclose(handle);
    return handle != nullptr;
  }();
  std::string why;
  if (const SharedObject object = open_first({kDriverFile}, why); object.handle != nullptr) {
    Driver driver = identify(object);
    // A stub on the loader's path that nobody uses yet makes room for what can do more.
    if (driver.kind != DriverKind::kStub || use == DriverUse::kHeuristics || was_loaded) return driver;
    dlclose(object.handle);
  }
  if (compiles)
    if (const SharedObject object = open_first({null_driver_file()}, why); object.handle != nullptr)
      return identify(object);

  Driver none;
  if (use == DriverUse::kDevice) {
    none.why = why;
    return none;
  }
  std::string why_no_stub;
  if (const SharedObject object = open_first(stub_files(stub), why_no_stub); object.handle != nullptr)
    return identify(object);
  none.why = "neither a driver (" + std::string(kDriverFile) +
             ") nor the CUDA toolkit's stub of one is here: " + (compiles ? why + "; " : "") + why_no_stub;
  return none;
}

void check_device(const Driver& driver, int32_t index, int32_t needed_cuda_version, const std::string& library_name) {
  const std::string device = "device " + std::to_string(index);
  if (driver.kind != DriverKind::kReal)
    throw runtime_missing("no NVIDIA driver (libcuda.so.1) runs here, so " + device +
                          " cannot be asked; describe a device instead");
  if (!driver.why.empty()) throw runtime_missing(device + " cannot be asked: " + driver.why);
  if (driver.cuda_version / 1000 < needed_cuda_version / 1000)
    throw runtime_missing("the driver (" + driver.path + ") runs CUDA up to " + cuda_version_text(driver.cuda_version) +
                          ", but " + library_name + " was built for CUDA " + cuda_version_text(needed_cuda_version) +
                          "; install a newer driver, or " + "a cuDNN for CUDA " +
                          std::to_string(driver.cuda_version / 1000));
  if (index >= driver.device_count)
    throw Failure(ATTN_STATUS_REFUSED, ATTN_REASON_DEVICE,
                  "this machine has " + std::to_string(driver.device_count) + " CUDA devices, and no " + device);
}

}  // namespace cfgtool::attention::cudnn
