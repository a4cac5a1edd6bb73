#include "attention_plugins/cudnn/compiled_plan.hpp"

#include <cstring>

#include "attention_plugins/cudnn/operation_graph.hpp"

namespace cfgtool::attention::cudnn {

namespace {

std::vector<int64_t> constants_of(const Graph& graph) {
  std::vector<int64_t> constants(graph.tensors.size());
  for (size_t i = 0; i < constants.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (!tensor.constant) continue;
    const auto whole = static_cast<int32_t>(tensor.type == Type::kInt32 ? *tensor.constant : 0);
    static_assert(sizeof(whole) == sizeof(*tensor.constant));
    const void* source = tensor.type == Type::kInt32 ? static_cast<const void*>(&whole) : &*tensor.constant;
    std::memcpy(&constants[i], source, sizeof(whole));
  }
  return constants;
}

/// An empty plan for the device, with a handle if it can be run.
std::shared_ptr<CompiledPlan> begin_plan(Runtime& runtime, const Library& library, const Device& device,
                                         const attn_problem& problem) {
  Handle* handle = device.index >= 0 ? &runtime.handle(device.index) : nullptr;
  return std::make_shared<CompiledPlan>(CompiledPlan{library, problem, handle, {}});
}

void add_pass(CompiledPlan& compiled, Pass pass, Graph graph, ExecutionPlan plan) {
  Workspace workspace(graph, compiled.problem, pass, plan.workspace_bytes);
  std::vector<int64_t> constants = constants_of(graph);
  compiled.passes.push_back({pass, std::move(graph), std::move(plan), std::move(workspace), std::move(constants)});
}

template <typename Work>
void on_device(const Device& device, const Work& work) {
  std::optional<CurrentDevice> current;
  if (device.index >= 0) current.emplace(device.index);
  work();
}

}  // namespace

const PassPlan* CompiledPlan::find(Pass pass) const {
  for (const PassPlan& plan : passes)
    if (plan.pass == pass) return &plan;
  return nullptr;
}

std::vector<PassEngines> find_engines(Runtime& runtime, const Library& library, const Device& device,
                                      const attn_problem& problem) {
  const Descriptor& properties = runtime.properties(device);
  const bool deterministic = (problem.flags & ATTN_FLAG_DETERMINISTIC) != 0;
  std::vector<PassEngines> found;
  for (const Pass pass : passes_of(problem)) {
    Graph graph = make_graph(problem, pass, device.compute_capability);
    const Descriptor operations = make_operation_graph(library, graph, problem.alignment);
    const std::string where = device.name + ", " + name_of(pass) + " pass";
    const bool is_ordered = deterministic && pass == Pass::kBackward && device.compute_capability / 10 == 10;
    auto configs = is_ordered ? find_ordered_engine(operations, properties, device.compute_capability, where)
                              : find_engines(operations, properties, deterministic, where);
    found.push_back({pass, std::move(graph), std::move(configs)});
  }
  return found;
}

std::shared_ptr<const CompiledPlan> compile_plan(Runtime& runtime, const Library& library, const Device& device,
                                                 const attn_problem& problem) {
  std::vector<PassEngines> engines = find_engines(runtime, library, device, problem);
  const std::shared_ptr<CompiledPlan> compiled = begin_plan(runtime, library, device, problem);
  const Target target{&runtime.properties(device), compiled->handle ? compiled->handle->raw() : nullptr};
  on_device(device, [&] {
    for (PassEngines& pass : engines) {
      ExecutionPlan plan = compile(pass.configs, target);
      add_pass(*compiled, pass.pass, std::move(pass.graph), std::move(plan));
    }
  });
  return compiled;
}

std::shared_ptr<const CompiledPlan> restore_plan(Runtime& runtime, const Library& library, const Device& device,
                                                 const attn_problem& problem, const std::vector<SavedPass>& saved) {
  const std::shared_ptr<CompiledPlan> compiled = begin_plan(runtime, library, device, problem);
  const Target target{&runtime.properties(device), compiled->handle ? compiled->handle->raw() : nullptr};
  const std::vector<Pass> passes = passes_of(problem);
  on_device(device, [&] {
    for (size_t i = 0; i < passes.size(); ++i) {
      ExecutionPlan plan = deserialize(library, saved.at(i).json, saved.at(i).engine, target);
      add_pass(*compiled, passes[i], make_graph(problem, passes[i], device.compute_capability), std::move(plan));
    }
  });
  return compiled;
}

}  // namespace cfgtool::attention::cudnn
