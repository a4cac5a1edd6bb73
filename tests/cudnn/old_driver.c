/* A libcuda.so.1 that says it is a driver for CUDA 12.2 with one device. It can do nothing else. */
#include <stddef.h>
#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int cuInit(unsigned int flags);
EXPORT int cuInit(unsigned int flags) {
  return (int)flags;
}

EXPORT int cuDriverGetVersion(int* version);
EXPORT int cuDriverGetVersion(int* version) {
  *version = 12020;
  return 0;
}

EXPORT int cuDeviceGetCount(int* count);
EXPORT int cuDeviceGetCount(int* count) {
  *count = 1;
  return 0;
}

EXPORT int cuDeviceGet(int* device, int index);
EXPORT int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}

EXPORT int cuDeviceGetName(char* name, int size, int device);
EXPORT int cuDeviceGetName(char* name, int size, int device) {
  (void)device;
  snprintf(name, (size_t)size, "a GPU of the tests");
  return 0;
}

EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device);
EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  (void)device;
  *bytes = 80000000000U;
  return 0;
}

EXPORT int cuDeviceGetAttribute(int* value, int attribute, int device);
EXPORT int cuDeviceGetAttribute(int* value, int attribute, int device) {
  enum { kMajor = 75, kMinor = 76 };
  (void)device;
  *value = attribute == kMajor ? 9 : attribute == kMinor ? 0 : attribute;
  return 0;
}

EXPORT int cuGetErrorString(int error, const char** text);
EXPORT int cuGetErrorString(int error, const char** text) {
  (void)error;
  *text = "an error of the tests";
  return 0;
}
