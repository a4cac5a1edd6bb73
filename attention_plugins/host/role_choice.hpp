/// \file
/// Chooses a plugin for each role of a specification, or says why none fits and what to type instead.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention_plugins/host/loader.hpp"
#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/selector.hpp"
#include "config_engine/diagnostic.hpp"
#include "schemas/attention_spec.hpp"

namespace cfgtool::attention {

/// One reason why a role cannot have what it asks for.
struct RefusalReason {
  std::string code;    ///< that of a plugin's answer, such as "head-dim", or "unknown-name", "not-provided", "device"
  std::string plugin;  ///< who says so; empty: the host
  std::string device;  ///< on which device it was asked about; may be empty
  std::string sentence;
};

struct RoleChoice {
  std::string role;
  attn_problem problem{};              ///< what the role would run; not filled if its dtype is unknown
  std::optional<Candidate> chosen;     ///< the plugin that computes it
  attn_device device{};                ///< where; filled if chosen. Its texts belong to the Machine
  std::vector<RefusalReason> reasons;  ///< if nothing was chosen: at least one
  bool cannot_tell = false;            ///< nothing was chosen, and what is missing here might change that
  std::vector<std::string> supported;  ///< if nothing was chosen: names that would work here for this role
  std::string override_word;           ///< what to type then; empty if nothing would work
  std::string override_note;           ///< how, if it is not merely to be added; may be empty

  bool is_unknown_name() const { return !reasons.empty() && reasons.front().code == "unknown-name"; }
};

/// What forward and, for a training role, backward pass the role runs: batch 1, causal, all query rows against all
/// keys. Nothing if its dtype is none that is known.
std::optional<attn_problem> problem_of(const RoleSpec& role);

/// For each role of `spec`, in order. Asks the plugins for exactly the name that the role says; on the first GPU of
/// `machine`, if it has one, then on its CPU; or on the described device alone. Never chooses another name.
/// \param level ATTN_LEVEL_…; at most that of Machine::level
std::vector<RoleChoice> choose_roles(const AttentionSpec& spec, const Machine& machine,
                                     const std::vector<std::shared_ptr<const Plugin>>& plugins,
                                     int32_t level = ATTN_LEVEL_HEURISTICS);

/// The errors (stage kAttention) of the roles that got nothing, those that one key decides and that are refused for the
/// same reasons as one; empty if every role got a plugin. Where it cannot be told whether a role is supported, the code
/// is attention-cannot-tell.
/// \param known names that may be meant: those of the specification and of the plugins
std::vector<Diagnostic> refusals(const AttentionSpec& spec, const Machine& machine,
                                 const std::vector<RoleChoice>& choices, const std::vector<std::string>& known);

/// The names that a configuration may use here: the framework's, then what plugins provide besides.
std::vector<std::string> known_names(const AttentionSpec& spec,
                                     const std::vector<std::shared_ptr<const Plugin>>& plugins);

/// load_plugins, with a bad plugin file as an error that shows its path and where that was named: ConfigError with
/// `sources`, stage kAttention. Bad files that are passed over become `warnings`.
std::vector<std::shared_ptr<const Plugin>> load_plugins_or_refuse(const LoadOptions& options,
                                                                  const std::shared_ptr<SourceMap>& sources,
                                                                  std::vector<Diagnostic>& warnings);

}  // namespace cfgtool::attention
