// libcuda.so.1 for tests of the GPU tests: one "GPU" whose memory is the host's, where copies are memcpy and work on a
// stream is done at once. It runs no kernels; a plugin under test brings its own. Never part of the product.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <new>

#define FAKE extern "C" __attribute__((visibility("default")))

namespace {

constexpr int kOk = 0;
constexpr int kInvalidValue = 1;
constexpr int kOutOfMemory = 2;
constexpr int kNotSupported = 801;
constexpr auto kAlignment = std::align_val_t{256};

struct FakeEvent {
  std::chrono::steady_clock::time_point time;
};

}  // namespace

FAKE int cuInit(unsigned int) {
  return kOk;
}
FAKE int cuDriverGetVersion(int* version) {
  *version = 13000;
  return kOk;
}
FAKE int cuGetErrorName(int error, const char** name) {
  *name = error == kOutOfMemory    ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == kNotSupported ? "CUDA_ERROR_NOT_SUPPORTED"
                                   : "CUDA_ERROR_INVALID_VALUE";
  return kOk;
}
FAKE int cuGetErrorString(int error, const char** text) {
  *text = error == kOutOfMemory    ? "out of memory"
          : error == kNotSupported ? "operation not supported"
                                   : "invalid argument";
  return kOk;
}

FAKE int cuDeviceGetCount(int* count) {
  *count = 1;
  return kOk;
}
FAKE int cuDeviceGet(int* device, int ordinal) {
  if (ordinal != 0) return kInvalidValue;
  *device = 0;
  return kOk;
}
FAKE int cuDeviceGetName(char* name, int length, int) {
  std::strncpy(name, "fake GPU of the tests", static_cast<size_t>(length));
  return kOk;
}
FAKE int cuDeviceGetAttribute(int* value, int attribute, int) {
  constexpr int kMajor = 75;
  constexpr int kMinor = 76;
  *value = attribute == kMajor ? 9 : attribute == kMinor ? 0 : 1;
  return kOk;
}
FAKE int cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = size_t{1} << 33;
  return kOk;
}

FAKE int cuDevicePrimaryCtxRetain(void** context, int) {
  static int the_context = 0;
  *context = &the_context;
  return kOk;
}
FAKE int cuDevicePrimaryCtxRelease_v2(int) {
  return kOk;
}
FAKE int cuCtxSetCurrent(void* context) {
  return context == nullptr ? kInvalidValue : kOk;
}
FAKE int cuCtxSynchronize() {
  return kOk;
}

FAKE int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  if (bytes == 0) return kInvalidValue;
  void* memory = ::operator new(bytes, kAlignment, std::nothrow);
  *address = reinterpret_cast<uint64_t>(memory);
  return memory == nullptr ? kOutOfMemory : kOk;
}
FAKE int cuMemFree_v2(uint64_t address) {
  ::operator delete(reinterpret_cast<void*>(address), kAlignment);
  return kOk;
}
FAKE int cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return kOk;
}
FAKE int cuMemcpyDtoH_v2(void* to, uint64_t from, size_t bytes) {
  std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return kOk;
}
FAKE int cuMemsetD8_v2(uint64_t address, unsigned char value, size_t bytes) {
  std::memset(reinterpret_cast<void*>(address), value, bytes);
  return kOk;
}

FAKE int cuStreamCreate(void** stream, unsigned int) {
  *stream = new char;
  return kOk;
}
FAKE int cuStreamDestroy_v2(void* stream) {
  delete static_cast<char*>(stream);
  return kOk;
}
FAKE int cuStreamSynchronize(void*) {
  return kOk;
}
FAKE int cuStreamQuery(void*) {
  return kOk;
}
// What runs at once cannot be recorded.
FAKE int cuStreamBeginCapture_v2(void*, int) {
  return kNotSupported;
}

FAKE int cuEventCreate(void** event, unsigned int) {
  *event = new FakeEvent{};
  return kOk;
}
FAKE int cuEventDestroy_v2(void* event) {
  delete static_cast<FakeEvent*>(event);
  return kOk;
}
FAKE int cuEventRecord(void* event, void*) {
  static_cast<FakeEvent*>(event)->time = std::chrono::steady_clock::now();
  return kOk;
}
FAKE int cuEventSynchronize(void*) {
  return kOk;
}
FAKE int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  const auto time = static_cast<FakeEvent*>(end)->time - static_cast<FakeEvent*>(start)->time;
  *milliseconds = std::chrono::duration<float, std::milli>(time).count();
  return kOk;
}
