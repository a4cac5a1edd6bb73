#include "tests/gpu/device_kernel.hpp"

#include <cstdlib>

namespace attention_test {

using namespace cfgtool::attention;

namespace {

constexpr auto kNaNs = std::byte{0xff};

/// The build's, or another that the environment names.
const char* plugin_path(const char* variable, const char* built) {
  const char* path = std::getenv(variable);
  return path == nullptr ? built : path;
}

void add_plugin(std::vector<GpuImplementation>& all, const char* path) {
  const auto plugin = Plugin::load({path, "the test"}, {}, {});
  for (size_t i = 0; i < plugin->implementations().size(); ++i) {
    if (plugin->implementations()[i].device_kind == ATTN_DEVICE_CUDA) all.push_back({plugin, i});
  }
}

}  // namespace

attn_problem for_gpu(attn_problem problem) {
  problem.alignment = 16;
  return problem;
}

Gpu& Gpu::first() {
  static Gpu gpu;
  return gpu;
}

Gpu::Gpu() : machine_(look_at_machine()), device_(machine_.devices().front()), context_(0) {
  add_plugin(all_, plugin_path("GPU_TESTS_EAGER_PLUGIN", GPU_TESTS_EAGER));
  const char* const cudnn = plugin_path("GPU_TESTS_CUDNN_PLUGIN", GPU_TESTS_CUDNN);
  if (cudnn[0] != '\0') add_plugin(all_, cudnn);
}

bool Gpu::is_fake() const {
  return machine_.cuda.front().name == "fake GPU of the tests";
}

void DeviceKernel::forward(const ForwardTensors& tensors, const attn_extras& extras) {
  CudaCopies copies(Gpu::first().context(), plan().problem());
  kernel_.workspace().fill(kNaNs);
  kernel_.forward(copies.copy(tensors), copies.copy(extras));
  copies.copy_back();
}

void DeviceKernel::backward(const BackwardTensors& tensors, const attn_extras& extras) {
  CudaCopies copies(Gpu::first().context(), plan().problem());
  kernel_.workspace().fill(kNaNs);
  kernel_.backward(copies.copy(tensors), copies.copy(extras));
  copies.copy_back();
}

Answer ask(const GpuImplementation& implementation, const attn_problem& problem) {
  return implementation.plugin->query(implementation.index, Gpu::first().device(), for_gpu(problem),
                                      ATTN_LEVEL_COMPILE);
}

}  // namespace attention_test
