#include "cfgtool/check_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/problem.hpp"
#include "attention_plugins/host/selector.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

using attention::Candidate;
using attention::Selection;
using attention::Verdict;
using Plugins = std::vector<std::shared_ptr<const attention::Plugin>>;

bool is_open(const Candidate& candidate) {
  return candidate.answer.verdict == Verdict::kCannotTell || candidate.answer.verdict == Verdict::kFailed;
}

/// What is made for another kind of device says nothing about this one.
std::vector<Candidate> refusals_for(const attn_device& device, const Selection& selection) {
  std::vector<Candidate> refusals;
  for (const Candidate& candidate : selection.refusals) {
    const auto& implementation = candidate.plugin->implementations()[candidate.implementation];
    if (implementation.device_kind == device.kind) refusals.push_back(candidate);
  }
  std::ranges::stable_partition(refusals, is_open);
  return refusals;
}

void take_absence(CheckAnswer& answer, const attn_device& device, const Selection& selection, const Plugins& plugins) {
  if (const auto why = attention::why_no_gpu_answers(plugins); why && device.kind == ATTN_DEVICE_CUDA) {
    answer.verdict = CheckVerdict::kCannotTell;
    answer.reasons.push_back({attention::reason_code(ATTN_REASON_RUNTIME_MISSING), "", *why});
    return;
  }
  const std::vector<std::string> known = attention::provided_names(plugins);
  const std::string known_words = known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "));
  if (selection.name_known) {
    answer.reasons.push_back({"not-provided", "",
                              fmt::format("no plugin provides {} on {}", answer.implementation,
                                          device.kind == ATTN_DEVICE_CUDA ? "GPUs" : "the CPU")});
    return;
  }
  answer.reasons.push_back(
      {"unknown-name", "", fmt::format("no plugin provides '{}'; known are: {}", answer.implementation, known_words)});
  answer.hint = did_you_mean(answer.implementation, known);
}

void take_refusals(CheckAnswer& answer, const attn_device& device, const Selection& selection, const Plugins& plugins) {
  if (!selection.problem_fault.empty()) {
    answer.reasons.push_back({attention::reason_code(selection.problem_fault_reason), "", selection.problem_fault});
    return;
  }
  const std::vector<Candidate> refusals = refusals_for(device, selection);
  for (const Candidate& refusal : refusals)
    answer.reasons.push_back(
        {attention::reason_code(refusal.answer.reason), refusal.plugin->name(), refusal.answer.text});
  if (refusals.empty()) return take_absence(answer, device, selection, plugins);
  const Candidate& first = refusals.front();
  if (is_open(first)) answer.verdict = CheckVerdict::kCannotTell;
  answer.plugin = first.plugin->name();
  answer.plugin_version = first.plugin->version();
  answer.answer = first.answer;
}

}  // namespace

const char* to_string(CheckVerdict verdict) {
  switch (verdict) {
    case CheckVerdict::kYes:
      return "yes";
    case CheckVerdict::kUndocumented:
      return "undocumented";
    case CheckVerdict::kNo:
      return "no";
    case CheckVerdict::kCannotTell:
      return "cannot-tell";
  }
  return "";
}

CheckAnswer ask(const CheckProblem& problem, const std::string& implementation, const CheckTarget& target,
                int32_t level, const Plugins& plugins) {
  CheckAnswer answer;
  answer.problem = &problem;
  answer.target = &target;
  answer.implementation = implementation;
  if (!target.missing.empty()) {
    answer.reasons.push_back({attention::reason_code(ATTN_REASON_DEVICE), "", target.missing});
    return answer;
  }
  const Selection selection =
      attention::select(implementation, target.device, attention::placed_on(problem.problem, target.device),
                        target.level(level), plugins);
  if (selection.chosen) {
    answer.answer = selection.chosen->answer;
    answer.verdict = answer.answer.documented ? CheckVerdict::kYes : CheckVerdict::kUndocumented;
    answer.plugin = selection.chosen->plugin->name();
    answer.plugin_version = selection.chosen->plugin->version();
    return answer;
  }
  take_refusals(answer, target.device, selection, plugins);
  for (const Candidate& other : selection.supported_here)
    if (std::ranges::find(answer.supported, other.name()) == answer.supported.end())
      answer.supported.push_back(other.name());
  return answer;
}

}  // namespace cfgtool
