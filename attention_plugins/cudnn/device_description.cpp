#include "attention_plugins/cudnn/device_description.hpp"

#include <cuda.h>

#include <array>
#include <nlohmann/json.hpp>

#include "attention_plugins/cudnn/shared_object.hpp"

namespace cfgtool::attention::cudnn {

namespace {

using Json = nlohmann::json;

struct Row {
  const char* field;  ///< in our description
  const char* cudnn;  ///< in cuDNN's
  CUdevice_attribute attribute;
};

constexpr Row kNumbers[] = {
    {"multiprocessor_count", "multiProcessorCount", CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT},
    {"l2_cache_bytes", "l2CacheSize", CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE},
    {"shared_memory_per_block_bytes", "maxSharedMemoryPerBlock", CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK},
    {"shared_memory_per_block_optin_bytes", "maxSharedMemoryPerBlockOptin",
     CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN},
    {"shared_memory_per_multiprocessor_bytes", "maxSharedMemoryPerSM",
     CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR},
    {"reserved_shared_memory_per_block_bytes", "reservedSharedMemoryPerBlock",
     CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK},
    {"registers_per_block", "regsPerBlock", CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK},
    {"registers_per_multiprocessor", "maxRegistersPerSM", CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR},
    {"threads_per_block", "maxThreadsPerBlock", CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK},
    {"threads_per_multiprocessor", "maxThreadsPerSM", CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR},
    {"blocks_per_multiprocessor", "maxCtasPerSM", CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR},
    {"warp_size", "warpSize", CU_DEVICE_ATTRIBUTE_WARP_SIZE},
    {"clock_khz", "smClockRateKHz", CU_DEVICE_ATTRIBUTE_CLOCK_RATE},
    {"memory_clock_khz", "memClockRateKHz", CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE},
};

constexpr Row kFlags[] = {
    {"cooperative_launch", "supportCoopLaunch", CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH},
    {"tcc_driver", "isTccDriver", CU_DEVICE_ATTRIBUTE_TCC_DRIVER},
};

struct Triple {
  const char* field;
  const char* cudnn;
  std::array<CUdevice_attribute, 3> attributes;
};

constexpr Triple kTriples[] = {
    {"block_dim",
     "maxBlockSize",
     {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z}},
    {"grid_dim",
     "maxGridSize",
     {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z}},
};

/// The driver's questions about one device.
class DeviceReader {
 public:
  DeviceReader(const Driver& driver, int32_t index) : handle_(driver.handle) {
    find("cuDeviceGetAttribute", get_attribute_);
    decltype(cuDeviceGet)* get = nullptr;
    find("cuDeviceGet", get);
    check(get(&device_, index));
  }

  int64_t attribute(CUdevice_attribute attribute) const {
    int value = 0;
    check(get_attribute_(&value, attribute, device_));
    return value;
  }

  int32_t compute_capability() const {
    return static_cast<int32_t>(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 +
                                attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
  }

  std::string name() const {
    decltype(cuDeviceGetName)* get = nullptr;
    find("cuDeviceGetName", get);
    std::array<char, 256> text{};
    check(get(text.data(), static_cast<int>(text.size()) - 1, device_));
    return text.data();
  }

  uint64_t memory_bytes() const {
    int (*get)(size_t*, CUdevice) = nullptr;
    find("cuDeviceTotalMem_v2", get);
    size_t bytes = 0;
    check(get(&bytes, device_));
    return bytes;
  }

 private:
  template <typename Function>
  void find(const char* symbol, Function*& function) const {
    if (!find_function(handle_, symbol, function))
      throw runtime_missing(std::string("the CUDA driver has no function ") + symbol);
  }
  static void check(int error) {
    if (error != 0)
      throw Failure(ATTN_STATUS_BACKEND_FAILED, ATTN_REASON_DEVICE,
                    "the CUDA driver reports error " + std::to_string(error) + " when asked about the device");
  }

  void* handle_;
  decltype(cuDeviceGetAttribute)* get_attribute_ = nullptr;
  CUdevice device_ = 0;
};

Failure bad_field(const std::string& field, const char* wanted) {
  return {ATTN_STATUS_REFUSED, ATTN_REASON_DEVICE,
          "the device's description has no field '" + field + "' that is " + wanted +
              "; attention_plugins/devices/README.md lists the fields"};
}

const Json& field(const Json& description, const char* name, bool (Json::*is_type)() const, const char* wanted) {
  const auto found = description.find(name);
  if (found == description.end() || !((*found).*is_type)()) throw bad_field(name, wanted);
  return *found;
}

const Json& number(const Json& description, const char* name) {
  const Json& value = field(description, name, &Json::is_number_integer, "a whole number");
  if (value < 0) throw bad_field(name, "a whole number");
  return value;
}

Json parse(const std::string& description) {
  Json json = Json::parse(description, nullptr, false);
  if (!json.is_object())
    throw Failure(ATTN_STATUS_REFUSED, ATTN_REASON_DEVICE, "the device's description is no JSON object");
  return json;
}

}  // namespace

int32_t compute_capability(const Driver& driver, int32_t index) {
  return DeviceReader(driver, index).compute_capability();
}

std::string describe_device(const Driver& driver, int32_t index) {
  const DeviceReader device(driver, index);
  Json json{{"name", device.name()},
            {"compute_capability", device.compute_capability()},
            {"total_global_memory_bytes", device.memory_bytes()},
            {"driver_version", driver.cuda_version}};
  for (const Row& row : kNumbers)
    json[row.field] = device.attribute(row.attribute);
  for (const Row& row : kFlags)
    json[row.field] = device.attribute(row.attribute) != 0;
  for (const Triple& triple : kTriples)
    for (const CUdevice_attribute attribute : triple.attributes)
      json[triple.field].push_back(device.attribute(attribute));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int32_t described_compute_capability(const std::string& description) {
  const Json ours = parse(description);
  return number(ours, "compute_capability").get<int32_t>();
}

std::string cudnn_description(const std::string& description) {
  const Json ours = parse(description);
  Json json{{"version", 1}, {"schemaVersion", 1}, {"cudaDeviceId", 0}, {"pciDeviceId", 0}};
  json["deviceName"] = field(ours, "name", &Json::is_string, "a text");
  json["deviceVer"] = number(ours, "compute_capability").get<int64_t>() * 10;
  json["driverVer"] = number(ours, "driver_version");
  json["totalGlobalMem"] = number(ours, "total_global_memory_bytes");
  for (const Row& row : kNumbers)
    json[row.cudnn] = number(ours, row.field);
  for (const Row& row : kFlags)
    json[row.cudnn] = field(ours, row.field, &Json::is_boolean, "true or false").get<bool>() ? 1 : 0;
  for (const Triple& triple : kTriples) {
    const Json& values = field(ours, triple.field, &Json::is_array, "three whole numbers");
    for (const Json& value : values)
      if (!value.is_number_integer() || value < 0) throw bad_field(triple.field, "three whole numbers");
    if (values.size() != triple.attributes.size()) throw bad_field(triple.field, "three whole numbers");
    json[triple.cudnn] = values;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cfgtool::attention::cudnn
