/// \file
/// cuDNN's engines for a graph: which its heuristics name, and plans that one of them has compiled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/cudnn/descriptor.hpp"

namespace cfgtool::attention::cudnn {

/// What a plan is made for: a device by its properties or, to be run, the handle of a device of this machine.
struct Target {
  const Descriptor* properties = nullptr;  ///< never null
  cudnnHandle_t handle = nullptr;          ///< null: the plan cannot be run
};

/// Properties of a described device (cuDNN's JSON), or of device `index` of this machine. The first such call loads
/// most of cuDNN.
Descriptor described_properties(const Library& library, const std::string& cudnn_json);
Descriptor device_properties(const Library& library, int32_t index);

struct EngineConfig {
  Descriptor config;
  int64_t engine = 0;  ///< its number within cuDNN
};

/// Those that cuDNN thinks best first. Throws Failure if there is none: refused with cuDNN's reasons, or cannot tell
/// where it lacks a library.
/// \param deterministic leaves out engines that say they are not
/// \param device its name, for messages
std::vector<EngineConfig> find_engines(const Descriptor& operation_graph, const Descriptor& properties,
                                       bool deterministic, const std::string& device);

/// The engine that cudnn-frontend names itself, without asking the heuristics, for deterministic gradients on Blackwell
/// (override_heuristics_query in CompositeSDPABackwardNode): the one that sums them in a fixed order there. Throws
/// Failure: refused where cuDNN does not take the graph with it.
std::vector<EngineConfig> find_ordered_engine(const Descriptor& operation_graph, const Descriptor& properties,
                                              int32_t compute_capability, const std::string& device);

/// A compiled engine.
struct ExecutionPlan {
  Descriptor descriptor;
  int64_t engine = 0;
  uint64_t workspace_bytes = 0;

  std::string serialized() const;  ///< cuDNN's JSON, with the kernel's code
};

/// The first of the configurations that compiles. Throws the first one's Failure if none does.
ExecutionPlan compile(const std::vector<EngineConfig>& configs, const Target& target);

/// From what serialized() gave. Throws Failure.
ExecutionPlan deserialize(const Library& library, const std::string& json, int64_t engine, const Target& target);

}  // namespace cfgtool::attention::cudnn
