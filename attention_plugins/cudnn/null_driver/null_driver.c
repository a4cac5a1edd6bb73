/*
 * The null driver: a libcuda.so.1 that can do nothing. cuDNN asks the driver to load a kernel that it has compiled
 * before it calls a plan finished; on a machine without a driver, this one says yes to that, so that compiling can be
 * checked. Everything else says what the toolkit's stub says: 34, CUDA_ERROR_STUB_LIBRARY. It is loaded by the plugin
 * cudnn alone, in a process that has no other libcuda, and nothing is ever run with it.
 *
 * The names are all that cuDNN 9.19 looks up in libcuda.so.1: it prints a line for each one that is missing.
 */
#include <stddef.h>

enum { kSuccess = 0, kStubLibrary = 34 };

#define EXPORT __attribute__((visibility("default")))
#define NOT_AVAILABLE(name) \
  EXPORT int name(void);    \
  EXPORT int name(void) {   \
    return kStubLibrary;    \
  }

/* By this the plugin knows it. */
EXPORT extern const int cfgtool_null_driver;
const int cfgtool_null_driver = 1;

static int something;

EXPORT int cuLibraryLoadData(void** library, const void* code, void** jit_options, void** jit_values,
                             unsigned int jit_count, void** options, void** values, unsigned int count);
EXPORT int cuLibraryLoadData(void** library, const void* code, void** jit_options, void** jit_values,
                             unsigned int jit_count, void** options, void** values, unsigned int count) {
  (void)code, (void)jit_options, (void)jit_values, (void)jit_count, (void)options, (void)values, (void)count;
  *library = &something;
  return kSuccess;
}

EXPORT int cuLibraryUnload(void* library);
EXPORT int cuLibraryUnload(void* library) {
  (void)library;
  return kSuccess;
}

EXPORT int cuLibraryGetKernel(void** kernel, void* library, const char* name);
EXPORT int cuLibraryGetKernel(void** kernel, void* library, const char* name) {
  (void)library, (void)name;
  *kernel = &something;
  return kSuccess;
}

EXPORT int cuGetErrorString(int error, const char** text);
EXPORT int cuGetErrorString(int error, const char** text) {
  (void)error;
  *text = "this is cfgtool's null driver";
  return kSuccess;
}

EXPORT int cuGetErrorName(int error, const char** text);
EXPORT int cuGetErrorName(int error, const char** text) {
  (void)error;
  *text = "CUDA_ERROR_STUB_LIBRARY";
  return kSuccess;
}

NOT_AVAILABLE(cuCtxGetCurrent)
NOT_AVAILABLE(cuCtxGetDevice)
NOT_AVAILABLE(cuCtxGetLimit)
NOT_AVAILABLE(cuCtxPopCurrent)
NOT_AVAILABLE(cuCtxPushCurrent)
NOT_AVAILABLE(cuDeviceGet)
NOT_AVAILABLE(cuDeviceGetAttribute)
NOT_AVAILABLE(cuDeviceGetCount)
NOT_AVAILABLE(cuDevicePrimaryCtxRelease)
NOT_AVAILABLE(cuDevicePrimaryCtxReset)
NOT_AVAILABLE(cuDevicePrimaryCtxRetain)
NOT_AVAILABLE(cuDriverGetVersion)
NOT_AVAILABLE(cuFuncGetAttribute)
NOT_AVAILABLE(cuFuncSetAttribute)
NOT_AVAILABLE(cuInit)
NOT_AVAILABLE(cuKernelGetAttribute)
NOT_AVAILABLE(cuKernelGetFunction)
NOT_AVAILABLE(cuKernelSetAttribute)
NOT_AVAILABLE(cuLaunchCooperativeKernel)
NOT_AVAILABLE(cuLaunchKernel)
NOT_AVAILABLE(cuLaunchKernelEx)
NOT_AVAILABLE(cuLibraryLoadFromFile)
NOT_AVAILABLE(cuLinkAddData)
NOT_AVAILABLE(cuLinkAddData_v2)
NOT_AVAILABLE(cuLinkAddFile_v2)
NOT_AVAILABLE(cuLinkComplete)
NOT_AVAILABLE(cuLinkCreate)
NOT_AVAILABLE(cuLinkCreate_v2)
NOT_AVAILABLE(cuLinkDestroy)
NOT_AVAILABLE(cuMemcpyDtoH_v2)
NOT_AVAILABLE(cuModuleGetFunction)
NOT_AVAILABLE(cuModuleGetGlobal_v2)
NOT_AVAILABLE(cuModuleLoadData)
NOT_AVAILABLE(cuModuleLoadDataEx)
NOT_AVAILABLE(cuModuleLoadFatBinary)
NOT_AVAILABLE(cuModuleUnload)
NOT_AVAILABLE(cuOccupancyMaxActiveBlocksPerMultiprocessor)
NOT_AVAILABLE(cuOccupancyMaxPotentialClusterSize)
NOT_AVAILABLE(cuStreamGetCtx)
NOT_AVAILABLE(cuStreamSynchronize)
NOT_AVAILABLE(cuTensorMapEncodeTiled)
