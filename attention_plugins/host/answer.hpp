/// \file
/// A plugin's answer, checked and put into words that are always there.
#pragma once

#include <string>
#include <string_view>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention {

enum class Verdict {
  kYes,
  kNo,          ///< not supported; `reason` and `text` say why
  kCannotTell,  ///< a library or driver is missing that is needed to know
  kFailed,      ///< the plugin failed to answer, or broke a rule of the interface
};

const char* to_string(Verdict verdict);

struct Answer {
  Verdict verdict = Verdict::kFailed;
  int32_t reason = ATTN_REASON_NONE;
  int32_t level = ATTN_LEVEL_RULES;  ///< how closely it was looked at
  bool documented = false;           ///< a yes within what the maker documents as supported
  std::string text;                  ///< never empty unless the verdict is yes; one line
  std::string engine;                ///< which kernel would run; may be empty
  uint64_t forward_workspace_bytes = 0;
  uint64_t backward_workspace_bytes = 0;
};

/// An empty struct for a plugin to fill.
attn_answer blank_answer();

/// Turns what `function` of a plugin returned and wrote into an Answer. Whatever the plugin left out or wrote wrongly
/// (no text, no reason, a text without an end, a status that does not exist) is replaced by words of the host's.
Answer read_answer(std::string_view plugin, std::string_view function, attn_status status, const attn_answer& raw);

}  // namespace cfgtool::attention
