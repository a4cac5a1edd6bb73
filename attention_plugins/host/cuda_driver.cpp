#include "attention_plugins/host/cuda_driver.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace cfgtool::attention {
namespace {

constexpr unsigned int kNonBlocking = 1;  // CU_STREAM_NON_BLOCKING
constexpr int kNotReady = 600;            // CUDA_ERROR_NOT_READY

/// What a driver function frees with in a destructor, where its error helps nobody: the context may be gone.
template <typename Argument>
void release(const CudaContext& context, const char* name, Argument argument) {
  if (const auto function = context.driver().find<int (*)(Argument)>(name)) function(argument);
}

}  // namespace

CudaDriver::CudaDriver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {}

void* CudaDriver::address_of(const char* name) const {
  return library_ == nullptr ? nullptr : dlsym(library_, name);
}

std::string CudaDriver::missing(const char* name) const {
  if (!is_there()) return "no NVIDIA driver (libcuda.so.1) on this machine";
  return fmt::format("libcuda.so.1 on this machine has no {}", name);
}

std::string CudaDriver::failure(const char* name, int result) const {
  using GetText = int (*)(int, const char**);
  const char* code = nullptr;
  const char* text = nullptr;
  if (const auto get = find<GetText>("cuGetErrorName")) get(result, &code);
  if (const auto get = find<GetText>("cuGetErrorString")) get(result, &text);
  if (code == nullptr) return fmt::format("{} failed: CUDA error {}", name, result);
  return fmt::format("{} failed: {} ({})", name, text == nullptr ? "CUDA error" : text, code);
}

CudaContext::CudaContext(int ordinal) {
  driver_.call("cuInit", 0U);
  driver_.call("cuDeviceGet", &device_, ordinal);
  driver_.call("cuDevicePrimaryCtxRetain", &context_, device_);
  make_current();
}

CudaContext::~CudaContext() {
  release(*this, "cuDevicePrimaryCtxRelease_v2", device_);
}

void CudaContext::make_current() const {
  driver_.call("cuCtxSetCurrent", context_);
}

void CudaContext::synchronize() const {
  driver_.call("cuCtxSynchronize");
}

CudaMemory::CudaMemory(const CudaContext& context, size_t bytes) : context_(&context), bytes_(bytes) {
  if (bytes > 0) context.driver().call("cuMemAlloc_v2", &address_, bytes);
}

CudaMemory::~CudaMemory() {
  if (address_ != 0) release(*context_, "cuMemFree_v2", address_);
}

// A copy from ordinary memory may return before it has arrived, and other streams do not wait for the default stream:
// so all of them wait.
void CudaMemory::copy_from(const void* host) {
  if (bytes_ == 0) return;
  context_->driver().call("cuMemcpyHtoD_v2", address_, host, bytes_);
  context_->synchronize();
}

void CudaMemory::copy_to(void* host) const {
  if (bytes_ == 0) return;
  context_->synchronize();
  context_->driver().call("cuMemcpyDtoH_v2", host, address_, bytes_);
}

void CudaMemory::fill(std::byte value) {
  if (bytes_ == 0) return;
  context_->driver().call("cuMemsetD8_v2", address_, static_cast<unsigned char>(value), bytes_);
  context_->synchronize();
}

CudaStream::CudaStream(const CudaContext& context) : context_(context) {
  context.driver().call("cuStreamCreate", &stream_, kNonBlocking);
}

CudaStream::~CudaStream() {
  release(context_, "cuStreamDestroy_v2", stream_);
}

void CudaStream::synchronize() const {
  context_.driver().call("cuStreamSynchronize", stream_);
}

bool CudaStream::is_idle() const {
  const auto query = context_.driver().find<int (*)(void*)>("cuStreamQuery");
  if (query != nullptr && query(stream_) == kNotReady) return false;
  context_.driver().call("cuStreamQuery", stream_);
  return true;
}

CudaEvent::CudaEvent(const CudaContext& context) : context_(context) {
  context.driver().call("cuEventCreate", &event_, 0U);
}

CudaEvent::~CudaEvent() {
  release(context_, "cuEventDestroy_v2", event_);
}

void CudaEvent::record(const CudaStream& stream) {
  context_.driver().call("cuEventRecord", event_, stream.handle());
}

void CudaEvent::synchronize() const {
  context_.driver().call("cuEventSynchronize", event_);
}

double CudaEvent::seconds_since(const CudaEvent& start) const {
  float milliseconds = 0;
  context_.driver().call("cuEventElapsedTime", &milliseconds, start.event_, event_);
  return static_cast<double>(milliseconds) / 1e3;
}

}  // namespace cfgtool::attention
