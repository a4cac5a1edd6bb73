#include "attention_plugins/cuda_eager/runtime.hpp"

#include <cuda_runtime.h>

#include "attention_plugins/cuda_eager/passes.hpp"
#include "attention_plugins/geometry/checks.hpp"

namespace cfgtool::attention::cuda_eager {
namespace {

template <typename PhaseFunction>
__global__ void run_phase(int64_t count, PhaseFunction phase) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; index < count; index += step)
    phase(index);
}

/// Launches a kernel for each phase. After an error it launches no more.
struct Launches {
  cudaStream_t stream;
  cudaError_t& error;

  template <typename PhaseFunction>
  void operator()(int64_t count, const PhaseFunction& phase) const {
    constexpr int64_t kThreads = 256;
    constexpr int64_t kMostBlocks = 1 << 20;
    if (error != cudaSuccess || count == 0) return;
    const auto blocks = static_cast<unsigned>(std::min((count + kThreads - 1) / kThreads, kMostBlocks));
    PhaseFunction copy = phase;
    void* arguments[] = {&count, &copy};
    // Not the launch in angle brackets: what cudaGetLastError gives after it may be an older error of this thread.
    error = cudaLaunchKernel(run_phase<PhaseFunction>, dim3(blocks), dim3(kThreads), arguments, 0, stream);
  }
};

/// Asks about the kernel of each phase, which loads it.
struct Loads {
  cudaError_t& error;

  template <typename PhaseFunction>
  void operator()(int64_t, const PhaseFunction&) const {
    cudaFuncAttributes ignored{};
    if (error == cudaSuccess) error = cudaFuncGetAttributes(&ignored, run_phase<PhaseFunction>);
  }
};

attn_status failed(const char* what, cudaError_t error, attn_answer* answer) {
  return say(ATTN_STATUS_BACKEND_FAILED, answer, ATTN_REASON_OTHER, "%s: %s (%s)", what, cudaGetErrorString(error),
             cudaGetErrorName(error));
}

attn_status status_of(cudaError_t error, attn_answer* answer) {
  return error == cudaSuccess ? ATTN_STATUS_OK : failed("CUDA did not launch a kernel", error, answer);
}

}  // namespace

attn_status find_device(int32_t index, int32_t& compute_capability, attn_answer* answer) {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    return say(ATTN_STATUS_CANNOT_TELL, answer, ATTN_REASON_RUNTIME_MISSING,
               "no NVIDIA driver is installed; one for CUDA %d.%d or newer is needed", CUDART_VERSION / 1000,
               CUDART_VERSION % 1000 / 10);
  // From CUDA 11 on, a driver for any minor version runs what was compiled with any other of the same major version.
  if (driver / 1000 < CUDART_VERSION / 1000)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_RUNTIME_MISSING,
               "the NVIDIA driver is for CUDA %d.%d at most, but this was built with CUDA %d.%d", driver / 1000,
               driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
  if (compute_capability != 0) return ATTN_STATUS_OK;
  int major = 0;
  int minor = 0;
  cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, index);
  if (error != cudaSuccess) return failed("CUDA does not describe the device", error, answer);
  compute_capability = major * 10 + minor;
  return ATTN_STATUS_OK;
}

attn_status load_kernels(const CudaPlan& plan, int32_t index, attn_answer* answer) {
  int former = 0;
  cudaError_t error = cudaGetDevice(&former);
  if (error == cudaSuccess && former != index) error = cudaSetDevice(index);
  // The phases of one chunk are those of all.
  CudaPlan one = plan;
  one.forward_chunk_rows = one.backward_chunk_rows = one.all_rows();
  if ((one.problem.passes & ATTN_PASS_FORWARD) != 0) forward(one, {}, {}, nullptr, Loads{error});
  if ((one.problem.passes & ATTN_PASS_BACKWARD) != 0) backward(one, {}, {}, nullptr, Loads{error});
  if (former != index) cudaSetDevice(former);
  return error == cudaSuccess ? ATTN_STATUS_OK : failed("CUDA did not load a kernel", error, answer);
}

attn_status queue_forward(const CudaPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
                          const attn_run& run, attn_answer* answer) {
  cudaError_t error = cudaSuccess;
  forward(plan, tensors, extras, run.workspace, Launches{static_cast<cudaStream_t>(run.stream), error});
  return status_of(error, answer);
}

attn_status queue_backward(const CudaPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
                           const attn_run& run, attn_answer* answer) {
  cudaError_t error = cudaSuccess;
  backward(plan, tensors, extras, run.workspace, Launches{static_cast<cudaStream_t>(run.stream), error});
  return status_of(error, answer);
}

}  // namespace cfgtool::attention::cuda_eager
