/// \file
/// Asks cudnn-frontend and the cuDNN library beside it which problems they would run on which devices, without a GPU.
/// Prints one JSON object a line. Usage: cudnn_answers STUB_DRIVER DEVICES PROBLEMS: a stub libcuda.so, device files
/// separated by commas (in the form of attention_plugins/devices), and a file of problems.
#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cudnn_frontend/thirdparty/nlohmann/json.hpp"
#include "graphs.hpp"

namespace fe = cudnn_frontend;
using Json = nlohmann::json;

namespace {

struct Device {
  std::string name;
  int capability = 0;
  std::shared_ptr<fe::DeviceProperties> properties;
};

/// Our description in the words of CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION.
Json to_cudnn(const Json& d) {
  return {{"version", 1},
          {"schemaVersion", 1},
          {"deviceName", d.at("name")},
          {"cudaDeviceId", 0},
          {"deviceVer", d.at("compute_capability").get<int>() * 10},
          {"driverVer", d.at("driver_version")},
          {"multiProcessorCount", d.at("multiprocessor_count")},
          {"maxSharedMemoryPerBlockOptin", d.at("shared_memory_per_block_optin_bytes")},
          {"totalGlobalMem", d.at("total_global_memory_bytes")},
          {"maxGridSize", d.at("grid_dim")},
          {"maxBlockSize", d.at("block_dim")},
          {"regsPerBlock", d.at("registers_per_block")},
          {"warpSize", d.at("warp_size")},
          {"maxCtasPerSM", d.at("blocks_per_multiprocessor")},
          {"pciDeviceId", 0},
          {"isTccDriver", d.at("tcc_driver").get<bool>() ? 1 : 0},
          {"smClockRateKHz", d.at("clock_khz")},
          {"memClockRateKHz", d.at("memory_clock_khz")},
          {"l2CacheSize", d.at("l2_cache_bytes")},
          {"maxSharedMemoryPerBlock", d.at("shared_memory_per_block_bytes")},
          {"reservedSharedMemoryPerBlock", d.at("reserved_shared_memory_per_block_bytes")},
          {"maxRegistersPerSM", d.at("registers_per_multiprocessor")},
          {"maxThreadsPerBlock", d.at("threads_per_block")},
          {"maxThreadsPerSM", d.at("threads_per_multiprocessor")},
          {"supportCoopLaunch", d.at("cooperative_launch").get<bool>() ? 1 : 0},
          {"maxSharedMemoryPerSM", d.at("shared_memory_per_multiprocessor_bytes")}};
}

Device read_device(const std::filesystem::path& path) {
  std::ifstream stream(path);
  if (!stream) throw std::runtime_error("cannot read " + path.string());
  const Json description = Json::parse(stream).at("description");
  const std::string text = to_cudnn(description).dump();
  Device device{path.stem(), description.at("compute_capability"), std::make_shared<fe::DeviceProperties>()};
  auto error = device.properties->deserialize(std::vector<uint8_t>(text.begin(), text.end()));
  if (error.is_bad()) throw std::runtime_error(path.string() + ": " + error.get_message());
  return device;
}

Json refusal(const char* step, fe::error_t& error) {
  return {{"engines", 0}, {"text", std::string("[") + step + "] " + error.get_message()}};
}

Json ask(Graph& graph, const Device& device) {
  graph.set_device_properties(device.properties);
  if (auto error = graph.validate(); error.is_bad()) return refusal("validate", error);
  if (auto error = graph.build_operation_graph(); error.is_bad()) return refusal("graph", error);
  if (auto error = graph.create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK}); error.is_bad())
    return refusal("heuristics", error);
  if (auto error = graph.check_support(); error.is_bad()) return refusal("support", error);
  return {{"engines", graph.get_execution_plan_count()}, {"text", ""}};
}

Json answer(const Problem& problem, const Device& device) {
  try {
    Json forward = ask(*make_forward(problem, device.capability), device);
    if (!problem.backward || forward["engines"] == 0) return forward;
    return ask(*make_backward(problem, device.capability), device);
  } catch (const std::exception& error) {
    return {{"engines", 0}, {"text", std::string("[exception] ") + error.what()}};
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw std::invalid_argument("usage: cudnn_answers STUB_DRIVER DEVICES PROBLEMS");
  // Its soname is libcuda.so.1, so cuDNN finds it instead of a driver. Without any it would answer no to everything.
  if (!dlopen("libcuda.so.1", RTLD_NOW) && !dlopen(argv[1], RTLD_NOW)) throw std::runtime_error(dlerror());
  std::vector<Device> devices;
  std::istringstream paths(argv[2]);
  for (std::string path; std::getline(paths, path, ',');)
    devices.push_back(read_device(path));
  const std::vector<Problem> problems = read_problems(argv[3]);
  std::cout << Json{{"cudnn", fe::detail::get_backend_version()}, {"frontend", CUDNN_FRONTEND_VERSION}} << "\n";
  for (const Problem& problem : problems)
    for (const Device& device : devices) {
      Json line = answer(problem, device);
      line["problem"] = problem.name;
      line["device"] = device.name;
      std::cout << line << std::endl;
    }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "cudnn_answers: " << error.what() << "\n";
  return 1;
}
