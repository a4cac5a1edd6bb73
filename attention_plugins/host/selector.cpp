#include "attention_plugins/host/selector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {
namespace {

using Plugins = std::vector<std::shared_ptr<const Plugin>>;

void ask_all(Selection& selection, std::string_view name, const attn_device& device, const attn_problem& problem,
             int32_t level, const Plugins& plugins) {
  for (const auto& plugin : plugins) {
    for (size_t i = 0; i < plugin->implementations().size(); ++i) {
      if (plugin->implementations()[i].name != name) continue;
      if (selection.chosen) return;
      Candidate candidate{plugin, i, plugin->query(i, device, problem, level)};
      if (candidate.answer.verdict == Verdict::kYes) {
        selection.chosen = std::move(candidate);
      } else {
        selection.refusals.push_back(std::move(candidate));
      }
    }
  }
}

std::vector<Candidate> others_that_work(std::string_view name, const attn_device& device, const attn_problem& problem,
                                        int32_t level, const Plugins& plugins) {
  std::vector<Candidate> others;
  for (const auto& plugin : plugins) {
    for (size_t i = 0; i < plugin->implementations().size(); ++i) {
      const Implementation& other = plugin->implementations()[i];
      if (other.name == name || other.device_kind != device.kind) continue;
      Candidate candidate{plugin, i, plugin->query(i, device, problem, level)};
      if (candidate.answer.verdict == Verdict::kYes) others.push_back(std::move(candidate));
    }
  }
  return others;
}

/// A yes wins, then a missing library (it might be a yes), then a failure, then a no.
Verdict overall(const Selection& selection) {
  if (selection.chosen) return Verdict::kYes;
  Verdict verdict = Verdict::kNo;
  for (const Candidate& candidate : selection.refusals) {
    if (candidate.answer.verdict == Verdict::kCannotTell) return Verdict::kCannotTell;
    if (candidate.answer.verdict == Verdict::kFailed) verdict = Verdict::kFailed;
  }
  return verdict;
}

}  // namespace

Selection select(std::string_view name, const attn_device& device, const attn_problem& problem, int32_t level,
                 const Plugins& plugins) {
  Selection selection;
  const auto names = provided_names(plugins);
  selection.name_known = std::ranges::find(names, name) != names.end();
  if (auto fault = check_problem(problem)) {
    selection.problem_fault = std::move(fault->text);
    selection.problem_fault_reason = fault->reason;
    return selection;
  }
  ask_all(selection, name, device, problem, level, plugins);
  selection.verdict = overall(selection);
  if (!selection.chosen) selection.supported_here = others_that_work(name, device, problem, level, plugins);
  return selection;
}

std::vector<std::string> provided_names(const Plugins& plugins, int32_t device_kind) {
  std::vector<std::string> names;
  for (const auto& plugin : plugins)
    for (const Implementation& implementation : plugin->implementations())
      if (device_kind == 0 || implementation.device_kind == device_kind) names.push_back(implementation.name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<std::string> why_no_gpu_answers(const Plugins& plugins) {
  if (!provided_names(plugins, ATTN_DEVICE_CUDA).empty()) return std::nullopt;
  return "no plugin for GPUs is loaded; they are built where CUDA's compiler (nvcc) and cuDNN's headers are found";
}

std::vector<std::string> refusal_lines(const Selection& selection) {
  std::vector<std::string> lines;
  for (const Candidate& candidate : selection.refusals)
    lines.push_back(fmt::format("{}: {}", candidate.plugin->name(), candidate.answer.text));
  if (!selection.problem_fault.empty()) lines.push_back(selection.problem_fault);
  return lines;
}

}  // namespace cfgtool::attention
