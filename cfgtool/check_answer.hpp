/// \file
/// One answer of `cfgtool attention check`: would a problem run under a name on a device, and if not, why not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/plugin.hpp"
#include "cfgtool/check_targets.hpp"

namespace cfgtool {

enum class CheckVerdict {
  kYes,
  kUndocumented,  ///< yes, but outside what the maker documents as supported
  kNo,
  kCannotTell,  ///< something is missing here, or a plugin failed: never a false no
};

/// "yes", "undocumented", "no", "cannot-tell".
const char* to_string(CheckVerdict verdict);

struct CheckProblem {
  std::string name;  ///< empty: the only one, made of flags
  attn_problem problem{};
  std::string model_note;  ///< see ProblemFlags::model_note
};

struct CheckReason {
  std::string code;
  std::string plugin;  ///< who says so; empty: the host
  std::string text;

  std::string in_words() const { return plugin.empty() ? text : plugin + ": " + text; }
};

struct CheckAnswer {
  const CheckProblem* problem = nullptr;
  const CheckTarget* target = nullptr;
  std::string implementation;
  CheckVerdict verdict = CheckVerdict::kNo;
  std::vector<CheckReason> reasons;    ///< of kNo and kCannotTell: at least one, the one that decides first
  std::string plugin, plugin_version;  ///< who answers; empty: the host
  attention::Answer answer;            ///< that plugin's
  std::vector<std::string> supported;  ///< of kNo and kCannotTell: names that work there
  std::string hint;                    ///< of an unknown name: "did you mean 'sdpa'?"
};

/// \param level ATTN_LEVEL_…
CheckAnswer ask(const CheckProblem& problem, const std::string& implementation, const CheckTarget& target,
                int32_t level, const std::vector<std::shared_ptr<const attention::Plugin>>& plugins);

}  // namespace cfgtool
