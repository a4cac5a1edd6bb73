/* A libcuda.so.1 for tests: one GPU whose attribute N has the value 1000 + N, and only the functions that describing a
 * GPU needs. With FAKE_DRIVER_ERROR=N, cuInit fails with that error; with FAKE_DRIVER_GPUS=N there are N GPUs. */
#include <stdio.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int cuInit(unsigned int flags);
EXPORT int cuDriverGetVersion(int* version);
EXPORT int cuDeviceGetCount(int* count);
EXPORT int cuDeviceGet(int* device, int ordinal);
EXPORT int cuDeviceGetName(char* name, int length, int device);
EXPORT int cuDeviceGetAttribute(int* value, int attribute, int device);
EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device);

static int number(const char* variable, int otherwise) {
  const char* text = getenv(variable);
  return text == NULL ? otherwise : atoi(text);
}

int cuInit(unsigned int flags) {
  (void)flags;
  return number("FAKE_DRIVER_ERROR", 0);
}

int cuDriverGetVersion(int* version) {
  *version = 13010;
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = number("FAKE_DRIVER_GPUS", 1);
  return *count > 0 ? 0 : 100;
}

int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal + 7; /* a CUdevice is no ordinal */
  return 0;
}

int cuDeviceGetName(char* name, int length, int device) {
  snprintf(name, (size_t)length, "Fake \"GPU\" %d", device);
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  if (device < 7) return 101; /* CUDA_ERROR_INVALID_DEVICE */
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 10 ? 32 : 1000 + attribute;
  return 0;
}

int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  (void)device;
  *bytes = (size_t)80 << 30;
  return 0;
}
