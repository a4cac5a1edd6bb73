/// \file
/// The NVIDIA driver without the CUDA toolkit: memory, streams and events of a GPU through libcuda.so.1, loaded at run
/// time. All functions that call it throw CudaError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace cfgtool::attention {

/// The driver is missing, or a call of it failed. The text names the function and CUDA's error.
class CudaError : public std::exception {
 public:
  explicit CudaError(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// libcuda.so.1. The library stays loaded: it starts threads that outlive a dlclose.
class CudaDriver {
 public:
  CudaDriver();
  bool is_there() const { return library_ != nullptr; }

  /// Null if it has no such function.
  template <typename Function>
  Function find(const char* name) const {
    return reinterpret_cast<Function>(address_of(name));
  }

  /// Calls a function of cuda.h by the name that the library exports ("cuMemAlloc_v2"). The arguments must have its
  /// parameters' types, or ones of the same size: CUdevice is int, CUdeviceptr is uint64_t, handles are void*.
  template <typename... Arguments>
  void call(const char* name, Arguments... arguments) const {
    const auto function = find<int (*)(Arguments...)>(name);
    if (function == nullptr) throw CudaError(missing(name));
    if (const int result = function(arguments...); result != 0) throw CudaError(failure(name, result));
  }

 private:
  void* address_of(const char* name) const;
  std::string missing(const char* name) const;
  std::string failure(const char* name, int result) const;

  void* library_;
};

/// A GPU's primary context, which CUDA's runtime uses too. Made current in the thread that makes it.
class CudaContext {
 public:
  explicit CudaContext(int ordinal);
  ~CudaContext();
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  const CudaDriver& driver() const { return driver_; }
  void make_current() const;  ///< in this thread
  void synchronize() const;   ///< waits for all work on the GPU

 private:
  CudaDriver driver_;
  int device_ = 0;
  void* context_ = nullptr;
};

/// Memory of a GPU, whose context must outlive it. Aligned to 256 bytes; of 0 bytes there is none.
class CudaMemory {
 public:
  CudaMemory(const CudaContext& context, size_t bytes);
  ~CudaMemory();
  CudaMemory(CudaMemory&& other) noexcept
      : context_(other.context_), bytes_(other.bytes_), address_(std::exchange(other.address_, 0)) {}
  CudaMemory& operator=(CudaMemory&&) = delete;

  void* data() const { return reinterpret_cast<void*>(address_); }
  size_t size() const { return bytes_; }

  /// All three are done when they return, for streams of any kind, and wait for what the GPU does.
  void copy_from(const void* host);
  void copy_to(void* host) const;
  void fill(std::byte value);

 private:
  const CudaContext* context_;
  size_t bytes_;
  uint64_t address_ = 0;
};

/// A stream that does not wait for the default stream.
class CudaStream {
 public:
  explicit CudaStream(const CudaContext& context);
  ~CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  void* handle() const { return stream_; }  ///< a cudaStream_t
  void synchronize() const;
  bool is_idle() const;  ///< whether all of its work is done

 private:
  const CudaContext& context_;
  void* stream_ = nullptr;
};

/// A place in a stream's work, with its time.
class CudaEvent {
 public:
  explicit CudaEvent(const CudaContext& context);
  ~CudaEvent();
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  void record(const CudaStream& stream);
  void synchronize() const;
  double seconds_since(const CudaEvent& start) const;  ///< of two that have happened; to half a microsecond

 private:
  const CudaContext& context_;
  void* event_ = nullptr;
};

}  // namespace cfgtool::attention
