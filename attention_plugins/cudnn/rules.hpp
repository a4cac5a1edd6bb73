/// \file
/// What cuDNN's fused attention can do by rules that need no library: ours, from NVIDIA's documentation, cudnn-frontend
/// and experiments, each with its source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention::cudnn {

struct Refusal {
  int32_t reason = ATTN_REASON_NONE;
  std::string text;  ///< one sentence: what was found, what is supported, on which device
};

/// For messages: "a100 (compute capability 8.0)".
std::string name_device(const std::string& device, int32_t compute_capability);

/// \param compute_capability major * 10 + minor \param device its name, for the text
/// Nothing if no rule forbids it.
std::optional<Refusal> refuse_by_rules(const attn_problem& problem, int32_t compute_capability,
                                       const std::string& device);

/// Whether a problem that is supported is within the support matrix of NVIDIA's documentation.
bool is_documented(const attn_problem& problem, int32_t compute_capability);

/// Wrong results that were reported: cuDNN computes such a problem without an error, and not correctly.
/// \param cudnn_version as cudnnGetVersion() gives it, such as 91900
/// The text names the bug's place on the web, the versions that have it, and what to do.
std::optional<Refusal> find_known_bug(const attn_problem& problem, int32_t compute_capability, int64_t cudnn_version,
                                      const std::string& device);

}  // namespace cfgtool::attention::cudnn
