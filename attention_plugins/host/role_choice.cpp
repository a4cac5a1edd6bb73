#include "attention_plugins/host/role_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <tuple>

#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/problem.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool::attention {
namespace {

using Plugins = std::vector<std::shared_ptr<const Plugin>>;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string loaded_in_words(const Plugins& plugins) {
  if (plugins.empty()) return "no plugin is loaded";
  std::vector<std::string> names;
  for (const auto& plugin : plugins)
    names.push_back(fmt::format("{} {}", plugin->name(), plugin->version()));
  return fmt::format("loaded: {}", fmt::join(names, ", "));
}

/// Names of implementations are in lower case: what is written in capitals is near to the same in lower case.
std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// "cpu and cuda": the kinds of devices that some plugin provides `name` on.
std::vector<std::string> kinds_with(std::string_view name, const Plugins& plugins) {
  std::vector<std::string> kinds;
  for (const int32_t kind : {ATTN_DEVICE_CPU, ATTN_DEVICE_CUDA}) {
    if (contains(provided_names(plugins, kind), name)) kinds.push_back(device_kind_name(kind));
  }
  return kinds;
}

/// One role's way through the devices.
class Chooser {
 public:
  Chooser(const AttentionSpec& spec, const RoleSpec& role, const Machine& machine, const Plugins& plugins)
      : spec_(spec), role_(role), machine_(machine), plugins_(plugins) {
    choice_.role = role.name;
  }

  RoleChoice choose(int32_t level) {
    const std::string& name = role_.implementation.value;
    if (const std::vector<std::string> known = known_names(spec_, plugins_); !contains(known, name)) {
      add_reason("unknown-name", fmt::format("'{}' is no implementation that is known here", name));
    }
    if (const std::optional<attn_problem> problem = problem_of(role_)) {
      choice_.problem = *problem;
      ask_devices(level);
    } else {
      add_reason(reason_code(ATTN_REASON_DTYPE),
                 fmt::format("the type '{}' ({}) is none of fp32, fp16, bf16, fp8_e4m3 and fp8_e5m2", role_.dtype.value,
                             role_.dtype.origin.text));
    }
    // Where it cannot be told, nobody should train otherwise for what this machine lacks.
    if (!choice_.chosen && !choice_.cannot_tell) choose_override();
    return std::move(choice_);
  }

 private:
  void add_reason(std::string code, std::string sentence) {
    choice_.reasons.push_back({std::move(code), {}, {}, std::move(sentence)});
  }

  void ask_devices(int32_t level) {
    const std::string& name = role_.implementation.value;
    for (const attn_device& device : machine_.devices()) {
      const attn_problem problem = placed_on(choice_.problem, device);
      Selection selection = select(name, device, problem, machine_.level(level), plugins_);
      if (selection.chosen) {
        choice_.problem = problem;
        choice_.chosen = std::move(selection.chosen);
        choice_.device = device;
        choice_.reasons.clear();
        choice_.supported.clear();
        choice_.cannot_tell = false;
        return;
      }
      if (selection.verdict == Verdict::kCannotTell) choice_.cannot_tell = true;
      take_refusals(device, selection);
    }
    if (!choice_.is_unknown_name()) add_absences();
    if (machine_.described && choice_.supported.empty()) add_others(level);
  }

  void take_refusals(const attn_device& device, const Selection& selection) {
    for (const Candidate& other : selection.supported_here) {
      if (!contains(choice_.supported, other.name())) choice_.supported.push_back(other.name());
    }
    if (!selection.problem_fault.empty()) {
      const std::string code = reason_code(selection.problem_fault_reason);
      if (choice_.reasons.empty() || choice_.reasons.back().code != code) add_reason(code, selection.problem_fault);
    }
    for (const Candidate& refusal : selection.refusals) {
      // What is made for another kind of device says nothing about this one; add_absences() does.
      if (refusal.plugin->implementations()[refusal.implementation].device_kind != device.kind) continue;
      choice_.reasons.push_back(
          {reason_code(refusal.answer.reason), refusal.plugin->name(), describe(device), refusal.answer.text});
    }
  }

  /// Where nothing works, a person wants to know why each of the other names does not.
  void add_others(int32_t level) {
    const attn_device device = machine_.described->device();
    const attn_problem problem = placed_on(choice_.problem, device);
    for (const std::string& other : provided_names(plugins_, device.kind)) {
      if (other == role_.implementation.value) continue;
      for (const Candidate& refusal : select(other, device, problem, machine_.level(level), plugins_).refusals) {
        if (refusal.plugin->implementations()[refusal.implementation].device_kind != device.kind) continue;
        choice_.reasons.push_back({reason_code(refusal.answer.reason), refusal.plugin->name(), describe(device),
                                   fmt::format("nor {}: {}", other, refusal.answer.text)});
      }
    }
  }

  /// What is not there at all: a plugin, or a device that one is for.
  void add_absences() {
    const std::string& name = role_.implementation.value;
    const std::vector<std::string> kinds = kinds_with(name, plugins_);
    if (machine_.described) {
      if (const auto why = why_no_gpu_answers(plugins_)) {
        choice_.cannot_tell = true;
        add_reason(reason_code(ATTN_REASON_RUNTIME_MISSING), *why);
        return;
      }
      if (!contains(kinds, device_kind_name(ATTN_DEVICE_CUDA)))
        add_reason("not-provided",
                   fmt::format("no attention plugin provides {} on GPUs ({})", name, loaded_in_words(plugins_)));
      return;
    }
    if (kinds.empty()) {
      const char* where = machine_.cuda.empty() ? "" : " on CUDA or on the CPU";
      add_reason("not-provided",
                 fmt::format("no attention plugin provides {}{} ({})", name, where, loaded_in_words(plugins_)));
    } else if (!contains(kinds, "cpu")) {
      add_reason("not-provided", fmt::format("plugins provide {} on {} only", name, fmt::join(kinds, ", ")));
    }
    if (!machine_.no_cuda.empty()) {
      add_reason(reason_code(ATTN_REASON_DEVICE),
                 fmt::format("{}, so that only what runs on the CPU can be used", machine_.no_cuda));
    }
  }

  /// Which name: the nearest of those that work to one that is mistyped, else the first.
  void choose_override() {
    if (choice_.supported.empty()) return;
    const std::vector<std::string> near = nearest_names(lower_case(role_.implementation.value), choice_.supported, 1);
    const std::string& name = near.empty() ? choice_.supported.front() : near.front();
    const std::string& key = role_.implementation_key;
    choice_.override_word = fmt::format("{}{}={}", role_.implementation_key_is_there ? "" : "+", key, name);
    SourceLocation at;
    if (role_.implementation.origin.kind != OriginKind::kKey ||
        !spec_.sources->locate(role_.implementation.origin.pos, &at)) {
      return;
    }
    if (at.kind != SourceKind::kOverride) return;
    const std::string_view word = at.line_text;
    const size_t equals = word.find('=');
    const std::string_view prefix = word.substr(0, equals == std::string_view::npos ? 0 : equals);
    const size_t key_begin = prefix.find_first_not_of('+');
    if (key_begin == std::string_view::npos || prefix.substr(key_begin) != key) return;
    choice_.override_word = fmt::format("{}={}", prefix, name);
    choice_.override_note = fmt::format("type it in place of override {}, {}", at.index, word);
  }

  const AttentionSpec& spec_;
  const RoleSpec& role_;
  const Machine& machine_;
  const Plugins& plugins_;
  RoleChoice choice_;
};

/// Roles that can be told about in one error.
bool refused_alike(const AttentionSpec& spec, const std::vector<RoleChoice>& choices, size_t a, size_t b) {
  const auto key = [](const RefusalReason& r) { return std::tie(r.code, r.plugin, r.device, r.sentence); };
  return spec.roles[a].implementation_key == spec.roles[b].implementation_key &&
         choices[a].cannot_tell == choices[b].cannot_tell && choices[a].supported == choices[b].supported &&
         std::ranges::equal(choices[a].reasons, choices[b].reasons,
                            [&](const auto& x, const auto& y) { return key(x) == key(y); });
}

/// "actor", "actor and ref", "actor, rollout and ref".
std::string in_words(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? std::string() : names.front();
  const std::vector<std::string> all_but_last(names.begin(), names.end() - 1);
  return fmt::format("{} and {}", fmt::join(all_but_last, ", "), names.back());
}

void add_place(const AttentionSpec& spec, const RoleSpec& role, Diagnostic& diagnostic) {
  const Origin& origin = role.implementation.origin;
  if (origin.kind == OriginKind::kKey) {
    const auto length = static_cast<uint32_t>(role.implementation.value.size());
    diagnostic.labels.push_back({origin.pos, length, "decided here"});
    return;
  }
  const char* how = role.implementation_key_is_there ? "is null" : "is not set";
  if (role.nearest_pos) {
    const char* what = role.implementation_key_is_there ? "null says nothing" : "where it would be set";
    diagnostic.labels.push_back({role.nearest_pos, 1, what});
  }
  diagnostic.notes.push_back(fmt::format("decided by default: {} {}, and {} then means {}", role.implementation_key,
                                         how, spec.framework, spec.default_implementation));
}

/// "here", or "on h100".
std::string place_in_words(const Machine& machine) {
  return machine.described ? fmt::format("on {}", machine.described->name) : "here";
}

void add_device(const AttentionSpec& spec, const Machine& machine, Diagnostic& diagnostic) {
  if (!machine.described) return;
  const KnownDevice& device = *machine.described;
  diagnostic.notes.push_back(fmt::format("{} ({}) is asked for by {}", device.name, device.gpu.name,
                                         spec.device->origin.kind == OriginKind::kKey
                                             ? fmt::format("{} ({})", spec.device->origin.key, spec.device->origin.text)
                                             : spec.device->origin.text));
  if (!device.verified)
    diagnostic.notes.push_back(fmt::format("{} is unverified: the answer is by rules only", device.name));
}

Diagnostic make_refusal(const AttentionSpec& spec, const Machine& machine, const RoleSpec& role,
                        const RoleChoice& choice, const std::vector<std::string>& roles,
                        const std::vector<std::string>& known) {
  const std::string& name = role.implementation.value;
  const std::string place = place_in_words(machine);
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kAttention;
  diagnostic.key_path = role.implementation_key;
  if (choice.is_unknown_name()) {
    diagnostic.code = "attention-unknown-implementation";
    diagnostic.message = fmt::format("there is no attention implementation '{}' (for {})", name, in_words(roles));
  } else if (choice.cannot_tell) {
    diagnostic.code = "attention-cannot-tell";
    diagnostic.message = fmt::format("it cannot be told whether attention implementation {} is supported {} for {}",
                                     name, place, in_words(roles));
  } else {
    diagnostic.code = "attention-unsupported";
    diagnostic.message =
        fmt::format("attention implementation {} is not supported {} for {}", name, place, in_words(roles));
  }
  add_place(spec, role, diagnostic);
  for (const RefusalReason& reason : choice.reasons) {
    if (reason.code == "unknown-name") continue;
    const std::string who = reason.plugin.empty() ? "" : fmt::format("{} on {}: ", reason.plugin, reason.device);
    diagnostic.notes.push_back(fmt::format("why: {}{}", who, reason.sentence));
  }
  add_device(spec, machine, diagnostic);
  if (choice.is_unknown_name()) {
    diagnostic.notes.push_back(fmt::format("known are {}", fmt::join(known, ", ")));
    if (std::string hint = did_you_mean(lower_case(name), known); !hint.empty())
      diagnostic.notes.push_back(std::move(hint));
  }
  diagnostic.notes.push_back(
      choice.supported.empty()
          ? fmt::format("supported {} for these sizes: nothing that is loaded", place)
          : fmt::format("supported {} for these sizes: {}", place, fmt::join(choice.supported, ", ")));
  if (!choice.override_note.empty()) diagnostic.notes.push_back(choice.override_note);
  diagnostic.fix = choice.override_word;
  return diagnostic;
}

Diagnostic to_diagnostic(const PluginProblem& problem, Severity severity, SourceMap& sources) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.stage = Stage::kAttention;
  diagnostic.code = code_of(problem.fault);
  diagnostic.message = to_string(problem);
  const bool is_flag = problem.named_by.starts_with("--");
  if (is_flag || problem.named_by == "ATTENTION_PLUGIN_PATH") {
    const SourceKind kind = is_flag ? SourceKind::kFlag : SourceKind::kEnvironment;
    const std::string path = problem.path.string();
    diagnostic.labels.push_back(
        {sources.add(kind, problem.named_by, path), static_cast<uint32_t>(std::max<size_t>(path.size(), 1)), {}});
  }
  if (problem.fault == PluginFault::kWritableByOthers)
    diagnostic.notes.push_back("--allow-writable-plugins accepts such files and folders");
  return diagnostic;
}

}  // namespace

std::optional<attn_problem> problem_of(const RoleSpec& role) {
  const std::optional<int32_t> dtype = dtype_from_name(role.dtype.value);
  if (!dtype) return std::nullopt;
  ProblemSizes sizes;
  sizes.heads_q = role.heads_q.value;
  sizes.heads_kv = role.heads_kv.value;
  sizes.seq_q = role.sequence_length.value;
  sizes.head_dim_qk = role.head_dim.value;
  if (role.head_dim_v) sizes.head_dim_v = role.head_dim_v->value;
  const uint32_t passes = role.trains ? ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD : ATTN_PASS_FORWARD;
  attn_problem problem = make_problem(sizes, *dtype, passes);
  make_causal(problem, ATTN_DIAGONAL_TOP_LEFT);
  return problem;
}

std::vector<RoleChoice> choose_roles(const AttentionSpec& spec, const Machine& machine, const Plugins& plugins,
                                     int32_t level) {
  std::vector<RoleChoice> choices;
  for (const RoleSpec& role : spec.roles)
    choices.push_back(Chooser(spec, role, machine, plugins).choose(level));
  return choices;
}

std::vector<Diagnostic> refusals(const AttentionSpec& spec, const Machine& machine,
                                 const std::vector<RoleChoice>& choices, const std::vector<std::string>& known) {
  std::vector<Diagnostic> diagnostics;
  std::vector<bool> told(choices.size(), false);
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].chosen || told[i]) continue;
    std::vector<std::string> roles;
    for (size_t k = i; k < choices.size(); ++k) {
      if (choices[k].chosen || told[k] || !refused_alike(spec, choices, i, k)) continue;
      roles.push_back(choices[k].role);
      told[k] = true;
    }
    diagnostics.push_back(make_refusal(spec, machine, spec.roles[i], choices[i], roles, known));
  }
  return diagnostics;
}

std::vector<std::string> known_names(const AttentionSpec& spec, const Plugins& plugins) {
  std::vector<std::string> names = spec.known_implementations;
  for (const std::string& name : provided_names(plugins)) {
    if (!contains(names, name)) names.push_back(name);
  }
  return names;
}

Plugins load_plugins_or_refuse(const LoadOptions& options, const std::shared_ptr<SourceMap>& sources,
                               std::vector<Diagnostic>& warnings) {
  try {
    LoadedPlugins loaded = load_plugins(options);
    for (const PluginProblem& problem : loaded.warnings)
      warnings.push_back(to_diagnostic(problem, Severity::kWarning, *sources));
    return std::move(loaded.plugins);
  } catch (const PluginError& error) {
    ConfigError refusal(to_diagnostic(error.problem(), Severity::kError, *sources));
    refusal.set_sources(sources);
    throw refusal;
  }
}

}  // namespace cfgtool::attention
