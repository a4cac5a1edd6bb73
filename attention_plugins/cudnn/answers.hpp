/// \file
/// Questions to the plugin, the rules that answer them without a library, and the texts of answers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "attention_plugins/cudnn/compiled_plan.hpp"
#include "attention_plugins/cudnn/rules.hpp"

namespace cfgtool::attention::cudnn {

/// Of the cuDNN whose headers this plugin was compiled with.
constexpr int64_t kBuiltWithVersion = CUDNN_MAJOR * 10000 + CUDNN_MINOR * 100 + CUDNN_PATCHLEVEL;

struct Question {
  Device device;
  const attn_problem& problem;
};

// Both throw Failure (refused).
void check_rules(const Question& question);
void check_known_bugs(const Question& question, int64_t cudnn_version);

/// The engines that cuDNN thinks best, or that were compiled.
struct ChosenEngine {
  Pass pass;
  int64_t engine;
};
std::vector<ChosenEngine> chosen(const std::vector<PassEngines>& engines);
std::vector<ChosenEngine> chosen(const CompiledPlan& compiled);

/// "cudnn 9.19.0 forward engine 2, backward engine 6".
std::string engine_text(const Library& library, const std::vector<ChosenEngine>& engines);

/// A yes by rules alone. \param level that was asked for
std::string rules_text(const Question& question, bool is_documented, int32_t level);

/// A yes of cuDNN's. \param level that was reached
std::string engines_text(const Question& question, const Library& library, const std::vector<ChosenEngine>& engines,
                         bool is_documented, int32_t level);

/// The words to add where heuristics say yes and nothing was compiled because of the driver or a missing library.
/// Throws `failure` where it is the engine that does not compile.
std::string why_not_compiled(const Device& device, const Driver& driver, const Failure& failure);

/// Copies as much as fits, and a NUL.
template <size_t kSize>
void write_text(char (&to)[kSize], const std::string& text) {
  const size_t count = text.copy(to, kSize - 1);
  to[count] = '\0';
}

}  // namespace cfgtool::attention::cudnn
