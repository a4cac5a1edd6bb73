/// \file
/// All that running a problem on a device needs: for each pass its graph, cuDNN's compiled plan and a workspace.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "attention_plugins/cudnn/engines.hpp"
#include "attention_plugins/cudnn/passes.hpp"
#include "attention_plugins/cudnn/runtime.hpp"

namespace cfgtool::attention::cudnn {

/// cuDNN's engines for one pass, the best first.
struct PassEngines {
  Pass pass;
  Graph graph;
  std::vector<EngineConfig> configs;
};

/// Asks cuDNN's heuristics. `library` and the driver have been loaded. Throws Failure where a pass has no engine.
std::vector<PassEngines> find_engines(Runtime& runtime, const Library& library, const Device& device,
                                      const attn_problem& problem);

struct PassPlan {
  Pass pass;
  Graph graph;
  ExecutionPlan plan;
  Workspace workspace;
  std::vector<int64_t> constants;  ///< by tensor of the graph, in the first bytes of each: what cuDNN gets by value
};

/// Does not change once made.
struct CompiledPlan {
  const Library& library;
  attn_problem problem;
  Handle* handle = nullptr;  ///< the runtime's; null for a described device: such a plan is not run
  std::vector<PassPlan> passes;

  const PassPlan* find(Pass pass) const;
};

std::shared_ptr<const CompiledPlan> compile_plan(Runtime& runtime, const Library& library, const Device& device,
                                                 const attn_problem& problem);

/// One pass of a saved plan: the engine's number and cuDNN's JSON.
struct SavedPass {
  int64_t engine = 0;
  std::string json;
};

/// `saved` has one for each pass of the problem, in order. Throws Failure.
std::shared_ptr<const CompiledPlan> restore_plan(Runtime& runtime, const Library& library, const Device& device,
                                                 const attn_problem& problem, const std::vector<SavedPass>& saved);

}  // namespace cfgtool::attention::cudnn
