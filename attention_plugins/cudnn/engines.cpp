#include "attention_plugins/cudnn/engines.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace cfgtool::attention::cudnn {

namespace {

constexpr int64_t kMostConfigs = 16;

/// "0 configurations" is a success for cuDNN; then its last error says why.
std::vector<EngineConfig> ask(const Descriptor& graph, const Descriptor& properties, cudnnBackendHeurMode_t mode,
                              bool deterministic) {
  const Library& library = graph.library();
  Descriptor heuristics(library, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "the heuristics");
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, properties);
  heuristics.finalize();
  std::vector<EngineConfig> found;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (int64_t i = 0; i < kMostConfigs; ++i) {
    found.push_back({Descriptor(library, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "an engine's configuration"), 0});
    raw.push_back(found.back().config.raw());
  }
  const int64_t count =
      heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, kMostConfigs, raw.data());
  found.erase(found.begin() + std::min(count, kMostConfigs), found.end());

  std::vector<EngineConfig> wanted;
  for (EngineConfig& config : found) {
    Descriptor engine(library, CUDNN_BACKEND_ENGINE_DESCRIPTOR, "an engine");
    cudnnBackendDescriptor_t raw_engine = engine.raw();
    config.config.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw_engine);
    config.engine = engine.get_int64(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
    const int64_t note_count =
        engine.get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes.size(), notes.data());
    bool varies = false;
    for (int64_t i = 0; i < note_count && i < static_cast<int64_t>(notes.size()); ++i)
      varies |= notes[static_cast<size_t>(i)] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
    if (!deterministic || !varies) wanted.push_back(std::move(config));
  }
  return wanted;
}

struct Knob {
  cudnnBackendKnobType_t type;
  int64_t value;
};

/// cudnn-frontend's choice for 128-wide heads: the warp-specialized kernel with two stages, under the names that the
/// knobs have in that version.
std::vector<Knob> ordered_knobs(int64_t version) {
  if (version < 92300) return {{CUDNN_KNOB_TYPE_KERNEL_CFG, 31}, {CUDNN_KNOB_TYPE_STAGES, 2}};
  return {{CUDNN_KNOB_TYPE_TILE_M, 3},   {CUDNN_KNOB_TYPE_TILE_N, 2},     {CUDNN_KNOB_TYPE_KERNEL_CFG, 2},
          {CUDNN_KNOB_TYPE_STREAM_K, 0}, {CUDNN_KNOB_TYPE_TILE_CGA_M, 0}, {CUDNN_KNOB_TYPE_STAGES, 2}};
}

EngineConfig configure(const Descriptor& graph, const Descriptor& properties, int64_t number,
                       const std::vector<Knob>& knobs) {
  const Library& library = graph.library();
  Descriptor engine(library, CUDNN_BACKEND_ENGINE_DESCRIPTOR, "an engine");
  engine.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph);
  engine.set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, number);
  engine.set(CUDNN_ATTR_ENGINE_DEVICEPROP, properties);
  engine.finalize();
  std::vector<Descriptor> choices;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const Knob& knob : knobs) {
    Descriptor choice(library, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, "an engine's knob");
    choice.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &knob.type);
    choice.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, knob.value);
    choice.finalize();
    raw.push_back(choice.raw());
    choices.push_back(std::move(choice));
  }
  EngineConfig result{Descriptor(library, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "an engine's configuration"), number};
  result.config.set(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  result.config.set(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(raw.size()),
                    raw.data());
  result.config.finalize();
  return result;
}

ExecutionPlan finish(Descriptor plan, int64_t engine, const Target& target) {
  if (target.handle != nullptr)
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &target.handle);
  else
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *target.properties);
  plan.finalize();
  const int64_t bytes = plan.get_int64(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  return {std::move(plan), engine, static_cast<uint64_t>(bytes)};
}

}  // namespace

Descriptor described_properties(const Library& library, const std::string& cudnn_json) {
  Descriptor properties(library, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "the device's properties");
  properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, static_cast<int64_t>(cudnn_json.size()),
                 cudnn_json.data());
  properties.finalize();
  return properties;
}

Descriptor device_properties(const Library& library, int32_t index) {
  Descriptor properties(library, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "the device's properties");
  properties.set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, 1, &index);
  properties.finalize();
  return properties;
}

std::vector<EngineConfig> find_engines(const Descriptor& operation_graph, const Descriptor& properties,
                                       bool deterministic, const std::string& device) {
  const Library& library = operation_graph.library();
  library.last_error();  // forgets what came before
  std::string why;
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    std::vector<EngineConfig> found = ask(operation_graph, properties, mode, deterministic);
    if (!found.empty()) return found;
    why += (why.empty() ? "" : "\n") + library.last_error();
  }
  const std::string reasons = one_line(why);
  const std::string text = library.name + " has no " + (deterministic ? "deterministic " : "") +
                           "fused engine for it on " + device +
                           (reasons.empty() ? ", and gives no reason" : ": " + reasons);
  if (lacks_runtime(why)) throw runtime_missing(text);
  throw Failure(ATTN_STATUS_REFUSED, reason_of(why), text);
}

std::vector<EngineConfig> find_ordered_engine(const Descriptor& operation_graph, const Descriptor& properties,
                                              int32_t compute_capability, const std::string& device) {
  const Library& library = operation_graph.library();
  const int64_t number = compute_capability > 103 ? 17 : 5;
  try {
    std::vector<EngineConfig> found;
    found.push_back(configure(operation_graph, properties, number, ordered_knobs(library.version)));
    return found;
  } catch (const Failure& failure) {
    if (failure.reason() == ATTN_REASON_RUNTIME_MISSING) throw;
    throw Failure(ATTN_STATUS_REFUSED, failure.reason(),
                  library.name + " does not take it with its deterministic engine " + std::to_string(number) + " on " +
                      device + ": " + failure.what());
  }
}

std::string ExecutionPlan::serialized() const {
  const int64_t size = descriptor.get(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 0, nullptr);
  std::string json(static_cast<size_t>(size), '\0');
  descriptor.get(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, size, json.data());
  return json;
}

ExecutionPlan compile(const std::vector<EngineConfig>& configs, const Target& target) {
  std::optional<Failure> first;
  for (const EngineConfig& config : configs) {
    try {
      Descriptor plan(config.config.library(), CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "compiling an engine");
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config.config);
      return finish(std::move(plan), config.engine, target);
    } catch (const Failure& failure) {
      if (!first) first = failure;
    }
  }
  throw *first;
}

ExecutionPlan deserialize(const Library& library, const std::string& json, int64_t engine, const Target& target) {
  Descriptor plan(library, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "loading a saved plan");
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, static_cast<int64_t>(json.size()),
           json.data());
  return finish(std::move(plan), engine, target);
}

}  // namespace cfgtool::attention::cudnn
