// The plugin "cudnn": its options, its answers, and its table.
#include <cstdio>
#include <cstring>
#include <new>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/cudnn/answers.hpp"
#include "attention_plugins/cudnn/plan_cache.hpp"
#include "attention_plugins/cudnn/run.hpp"
#include "attention_plugins/cudnn/saved_plan.hpp"

using namespace cfgtool::attention::cudnn;

struct attn_instance {
  explicit attn_instance(const Options& options) : runtime(options), plans(options.plan_cache) {}
  Runtime runtime;
  PlanCache plans;  // after the runtime, whose library its plans use
};

struct attn_plan {
  std::shared_ptr<const CompiledPlan> compiled;
  std::string key;
};

namespace {

constexpr uint32_t kImplementationCount = 2;

/// No exception leaves the plugin.
template <typename Work>
attn_status answered(attn_answer* answer, const Work& work) {
  try {
    work();
    return ATTN_STATUS_OK;
  } catch (const Failure& failure) {
    answer->reason = failure.reason();
    write_text(answer->text, failure.what());
    return failure.status();
  } catch (const std::bad_alloc&) {
    answer->reason = ATTN_REASON_RESOURCES;
    write_text(answer->text, "out of memory");
    return ATTN_STATUS_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    answer->reason = ATTN_REASON_OTHER;
    write_text(answer->text, std::string("an unexpected error: ") + error.what());
    return ATTN_STATUS_BACKEND_FAILED;
  }
}

attn_status open_plugin(const attn_host*, const char* options, attn_instance** instance, attn_answer* answer) {
  return answered(answer, [&] { *instance = new attn_instance(parse_options(options)); });
}

void close_plugin(attn_instance* instance) {
  delete instance;
}

void describe_plan(const CompiledPlan& compiled, attn_answer* answer) {
  if (const PassPlan* pass = compiled.find(Pass::kForward)) answer->forward_workspace_bytes = pass->workspace.bytes();
  if (const PassPlan* pass = compiled.find(Pass::kBackward)) answer->backward_workspace_bytes = pass->workspace.bytes();
  write_text(answer->engine, engine_text(compiled.library, chosen(compiled)));
}

/// flash_attention_2 and sdpa are the same here: cuDNN's fused engines, and nothing else.
void check_implementation(uint32_t implementation) {
  if (implementation >= kImplementationCount)
    throw Failure(ATTN_STATUS_BAD_ARGUMENT, ATTN_REASON_OTHER,
                  "there is no implementation " + std::to_string(implementation));
}

/// The device as plans are keyed by it.
Device identify_for_plan(attn_instance& instance, const attn_device& device) {
  Device known = instance.runtime.identify(device);
  if (known.index >= 0) known.description = instance.runtime.describe_device(known.index);
  return known;
}

std::shared_ptr<const CompiledPlan> cached_plan(attn_instance& instance, const Library& library, const Device& device,
                                                const attn_problem& problem) {
  const std::string key = std::to_string(device.index) + "\n" + plan_key(problem, device, library.version);
  return instance.plans.get(key, [&] { return compile_plan(instance.runtime, library, device, problem); });
}

attn_status query(attn_instance* instance, uint32_t implementation, const attn_device* device,
                  const attn_problem* problem, int32_t level, attn_answer* answer) {
  return answered(answer, [&] {
    answer->level = ATTN_LEVEL_RULES;
    check_implementation(implementation);
    const Question question{instance->runtime.identify(*device), *problem};
    check_rules(question);
    answer->documented = is_documented(*problem, question.device.compute_capability) ? 1 : 0;
    if (level == ATTN_LEVEL_RULES || (question.device.index < 0 && question.device.description.empty())) {
      check_known_bugs(question, kBuiltWithVersion);
      write_text(answer->text, rules_text(question, answer->documented != 0, level));
      return;
    }
    const bool compiles = level >= ATTN_LEVEL_COMPILE;
    const Library& library = instance->runtime.library(question.device, compiles);
    answer->level = ATTN_LEVEL_HEURISTICS;
    check_known_bugs(question, library.version);
    std::vector<ChosenEngine> engines =
        chosen(find_engines(instance->runtime, library, question.device, question.problem));
    write_text(answer->engine, engine_text(library, engines));
    std::string note;
    if (compiles) {
      try {
        const auto compiled = cached_plan(*instance, library, identify_for_plan(*instance, *device), question.problem);
        answer->level = ATTN_LEVEL_COMPILE;
        engines = chosen(*compiled);
        describe_plan(*compiled, answer);
      } catch (const Failure& failure) {
        note = why_not_compiled(question.device, instance->runtime.driver(), failure);
      }
    }
    write_text(answer->text, engines_text(question, library, engines, answer->documented != 0, answer->level) + note);
  });
}

/// What plan and load_plan have in common: the same questions as a query, then a plan.
template <typename Make>
attn_status make_plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                      const attn_problem* problem, attn_plan** result, attn_answer* answer, const Make& make) {
  return answered(answer, [&] {
    check_implementation(implementation);
    const Question question{identify_for_plan(*instance, *device), *problem};
    check_rules(question);
    const Library& library = instance->runtime.library(question.device, true);
    check_known_bugs(question, library.version);
    const std::string key = plan_key(*problem, question.device, library.version);
    auto plan = std::make_unique<attn_plan>(attn_plan{make(library, question, key), key});
    describe_plan(*plan->compiled, answer);
    *result = plan.release();
  });
}

attn_status plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                 const attn_problem* problem, attn_plan** result, attn_answer* answer) {
  return make_plan(instance, implementation, device, problem, result, answer,
                   [&](const Library& library, const Question& question, const std::string&) {
                     return cached_plan(*instance, library, question.device, question.problem);
                   });
}

void free_plan(attn_plan* plan) {
  delete plan;
}

attn_status forward(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                    const attn_run* run, attn_answer* answer) {
  return answered(answer, [&] { run_forward(*plan->compiled, *tensors, *extras, *run); });
}

attn_status backward(attn_plan* plan, const attn_backward_tensors* tensors, const attn_extras* extras,
                     const attn_run* run, attn_answer* answer) {
  return answered(answer, [&] { run_backward(*plan->compiled, *tensors, *extras, *run); });
}

void write_all(const attn_writer& writer, const std::string& bytes) {
  if (writer.write(writer.context, bytes.data(), bytes.size()) != 0)
    throw Failure(ATTN_STATUS_OUT_OF_MEMORY, ATTN_REASON_RESOURCES, "what was written was not taken");
}

attn_status save_plan(attn_plan* plan, const attn_writer* writer, attn_answer* answer) {
  return answered(answer, [&] {
    std::vector<SavedPass> passes;
    for (const PassPlan& pass : plan->compiled->passes)
      passes.push_back({pass.plan.engine, pass.plan.serialized()});
    write_all(*writer, write_plan(plan->key, passes));
  });
}

attn_status load_plan(attn_instance* instance, uint32_t implementation, const attn_device* device,
                      const attn_problem* problem, const void* bytes, uint64_t byte_count, attn_plan** result,
                      attn_answer* answer) {
  return make_plan(instance, implementation, device, problem, result, answer,
                   [&](const Library& library, const Question& question, const std::string& key) {
                     const auto saved = read_plan(bytes, byte_count, key, passes_of(*problem).size());
                     return restore_plan(instance->runtime, library, question.device, question.problem, saved);
                   });
}

attn_status describe_device(attn_instance* instance, int32_t kind, int32_t index, const attn_writer* writer,
                            attn_answer* answer) {
  return answered(answer, [&] {
    if (kind != ATTN_DEVICE_CUDA) throw Failure(ATTN_STATUS_REFUSED, ATTN_REASON_DEVICE, "knows CUDA devices only");
    write_all(*writer, instance->runtime.describe_device(index));
  });
}

constexpr attn_implementation kFlashAttention2{sizeof(attn_implementation), ATTN_DEVICE_CUDA, "flash_attention_2",
                                               "cuDNN's fused attention, or a refusal with the reason"};
constexpr attn_implementation kScaledDotProduct{sizeof(attn_implementation), ATTN_DEVICE_CUDA, "sdpa",
                                                "cuDNN's fused attention; says which engine, and why not"};
constexpr const attn_implementation* kImplementations[] = {&kFlashAttention2, &kScaledDotProduct};

constexpr attn_plugin kPlugin{sizeof(attn_plugin),
                              ATTN_ABI,
                              "cudnn",
                              kPluginVersion,
                              "fused attention on NVIDIA GPUs through cuDNN 9, and whether it would run there",
                              kImplementationCount,
                              0,
                              kImplementations,
                              open_plugin,
                              close_plugin,
                              query,
                              plan,
                              free_plan,
                              forward,
                              backward,
                              save_plan,
                              load_plan,
                              describe_device};

}  // namespace

const attn_plugin* attn_plugin_entry(uint32_t) {
  return &kPlugin;
}
