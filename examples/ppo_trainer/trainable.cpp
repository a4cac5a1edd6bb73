#include "trainable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ppo_trainer {

namespace {

using cfgtool::Config;

/// Multiplications and additions of one step. At 10 billion a second, which is what two slow cores do, a minute and a
/// half.
constexpr double kMostWork = 1e12;

struct Reason {
  std::string text;
  cfgtool::SourcePos pos;
};

std::string model_section(const std::string& role) {
  return role == "critic" ? "critic.model" : "actor_rollout_ref.model";
}

[[noreturn]] void refuse(const Config& cfg, const std::vector<Reason>& reasons) {
  cfgtool::Diagnostic diagnostic;
  diagnostic.stage = cfgtool::Stage::kResolve;
  diagnostic.code = "not-trainable";
  diagnostic.message = "this configuration cannot be trained here, where models are small and run on the CPU";
  for (const Reason& reason : reasons) {
    if (reason.pos && diagnostic.labels.empty()) diagnostic.labels.push_back({reason.pos, 1, {}});
    diagnostic.notes.push_back("why: " + reason.text);
  }
  diagnostic.notes.emplace_back("its attention can be checked without a training");
  diagnostic.fix = "--check-only";
  cfgtool::ConfigError error(diagnostic);
  error.set_sources(cfg.sources());
  throw error;
}

const cfgtool::RoleSpec* find_role(const cfgtool::AttentionSpec& spec, const std::string& name) {
  const auto found = std::find_if(spec.roles.begin(), spec.roles.end(),
                                  [&](const cfgtool::RoleSpec& role) { return role.name == name; });
  return found == spec.roles.end() ? nullptr : &*found;
}

void check_model(const Config& cfg, const cfgtool::RoleSpec& role, std::vector<Reason>& reasons) {
  const std::string section = model_section(role.name);
  if (cfg.find<std::string>(section + ".path")) {
    reasons.push_back(
        {fmt::format("{}.path names a model's files, and none can be read here; it must be null", section),
         cfg.at(section + ".path").pos()});
  }
  for (const char* size : {"hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads"}) {
    const std::string key = fmt::format("{}.override_config.{}", section, size);
    if (!cfg.find<int64_t>(key)) reasons.push_back({fmt::format("{} is not said", key), {}});
  }
}

/// A step's work on one model, which looks at all tokens `forward` times and learns from them `epochs` times.
double work_of(const ModelSizes& sizes, const Settings& settings, int64_t forward, int64_t epochs) {
  const double tokens = static_cast<double>(settings.sequences()) * static_cast<double>(sizes.positions);
  const double scores =
      2 * static_cast<double>(sizes.layers * sizes.attended_width()) * static_cast<double>(sizes.positions);
  return 2 * (sizes.parameter_count() + scores) * tokens * static_cast<double>(forward + 3 * epochs);
}

}  // namespace

void refuse_what_cannot_be_trained(const Config& cfg, const cfgtool::AttentionSpec& spec, bool needs_reference) {
  std::vector<Reason> reasons;
  if (!cfg.find<std::string>("data.task"))
    reasons.push_back({"data.task does not say what is learnt; this program makes its text itself (reverse)", {}});
  for (const char* name : {"actor", "rollout", "critic", "ref"}) {
    if (find_role(spec, name) == nullptr && (name != std::string("ref") || needs_reference))
      reasons.push_back({fmt::format("the role {} is not part of the configuration", name), {}});
  }
  const cfgtool::RoleSpec* actor = find_role(spec, "actor");
  if (actor != nullptr) check_model(cfg, *actor, reasons);
  if (const cfgtool::RoleSpec* critic = find_role(spec, "critic")) check_model(cfg, *critic, reasons);
  for (const cfgtool::RoleSpec& role : spec.roles) {
    if (actor != nullptr && role.sequence_length.value != actor->sequence_length.value) {
      reasons.push_back({fmt::format("sequences of {} have {} tokens, those of actor {}", role.name,
                                     role.sequence_length.value, actor->sequence_length.value),
                         role.sequence_length.origin.pos});
    }
  }
  if (!reasons.empty()) refuse(cfg, reasons);
}

ModelSizes model_sizes(const Config& cfg, const cfgtool::AttentionSpec& spec, const std::string& role,
                       int64_t vocabulary, int64_t outputs) {
  const cfgtool::RoleSpec& attention = *find_role(spec, role);
  const std::string model = model_section(role) + ".override_config.";
  const auto size = [&](const char* name) {
    const auto value = cfg.get<int64_t>(model + name);
    constexpr int64_t kMost = 1 << 20;
    if (value < 1 || value > kMost)
      cfg.at(model + name).refuse(fmt::format("'{}{}' is {}, expected 1 to {}", model, name, value, kMost));
    return value;
  };
  ModelSizes sizes;
  sizes.vocabulary = vocabulary;
  sizes.outputs = outputs;
  sizes.positions = attention.sequence_length.value;
  sizes.heads_q = attention.heads_q.value;
  sizes.heads_kv = attention.heads_kv.value;
  sizes.head_dim = attention.head_dim.value;
  sizes.hidden = size("hidden_size");
  sizes.layers = size("num_hidden_layers");
  sizes.intermediate = size("intermediate_size");
  sizes.norm_epsilon = cfg.get_or(model + "rms_norm_eps", 1e-6F);
  return sizes;
}

void refuse_what_takes_too_long(const Config& cfg, const Settings& settings) {
  // Actor: rollout, old log-probabilities, the reference's, updates. Critic: values, updates.
  const double work = work_of(settings.policy_model, settings, 3, settings.actor.epochs) +
                      work_of(settings.critic_model, settings, 1, settings.critic.epochs);
  if (work <= kMostWork) return;
  refuse(cfg, {{fmt::format("one step of these models ({:.3g} and {:.3g} parameters, {} sequences of {} tokens) would "
                            "take {:.1g} multiplications and additions, more than {:.0g}",
                            settings.policy_model.parameter_count(), settings.critic_model.parameter_count(),
                            settings.sequences(), settings.policy_model.positions, work, kMostWork),
                {}}});
}

}  // namespace ppo_trainer
