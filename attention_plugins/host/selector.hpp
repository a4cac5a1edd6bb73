/// \file
/// Which plugin computes a problem under the name that the configuration gives, or why none does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention_plugins/host/plugin.hpp"

namespace cfgtool::attention {

/// One plugin's answer about one of its implementations.
struct Candidate {
  std::shared_ptr<const Plugin> plugin;
  size_t implementation = 0;  ///< index into plugin->implementations()
  Answer answer;

  const std::string& name() const { return plugin->implementations()[implementation].name; }
};

struct Selection {
  Verdict verdict = Verdict::kNo;   ///< kCannotTell if none says yes and at least one cannot tell
  std::optional<Candidate> chosen;  ///< the first in search order that says yes; there exactly with kYes
  std::vector<Candidate> refusals;  ///< those asked that did not say yes, in search order
  bool name_known = false;          ///< some loaded plugin provides that name
  std::string problem_fault;        ///< the problem itself is wrong, and no plugin was asked; else empty
  int32_t problem_fault_reason = ATTN_REASON_NONE;

  /// Only when nothing was chosen: implementations that answer yes to this problem on this device.
  std::vector<Candidate> supported_here;
};

/// Asks the plugins that provide `name` in turn, until one says yes. Never chooses another name: what works instead is
/// only reported.
Selection select(std::string_view name, const attn_device& device, const attn_problem& problem, int32_t level,
                 const std::vector<std::shared_ptr<const Plugin>>& plugins);

/// All names that the plugins provide, each once, sorted; of one kind of device, or of all (0).
std::vector<std::string> provided_names(const std::vector<std::shared_ptr<const Plugin>>& plugins,
                                        int32_t device_kind = 0);

/// Why nothing can be said about any GPU, if no plugin is for GPUs: a build without CUDA has none. Else nothing.
std::optional<std::string> why_no_gpu_answers(const std::vector<std::shared_ptr<const Plugin>>& plugins);

/// For people: one line per refusal, "PLUGIN: sentence".
std::vector<std::string> refusal_lines(const Selection& selection);

}  // namespace cfgtool::attention
