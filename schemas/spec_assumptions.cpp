#include "schemas/spec_assumptions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cfgtool {

namespace {

std::vector<std::string> example_sizes(const RoleSpec& role) {
  std::vector<std::string> sizes;
  const auto add = [&](const char* what, const SpecValue<int64_t>& size) {
    if (size.origin.kind == OriginKind::kExample) sizes.push_back(fmt::format("{} {}", what, size.value));
  };
  add("query heads", role.heads_q);
  add("key-value heads", role.heads_kv);
  add("head dimension", role.head_dim);
  return sizes;
}

/// Roles with one cause.
struct Assumption {
  std::string code, cause;
  std::vector<std::string> roles;
  const RoleSpec* first = nullptr;
};

void note(std::vector<Assumption>& all, const std::string& code, const std::string& cause, const RoleSpec& role) {
  const auto found = std::ranges::find_if(all, [&](const Assumption& one) {
    return one.code == code && one.cause == cause && one.first->implementation_key == role.implementation_key;
  });
  if (found == all.end())
    all.push_back({code, cause, {role.name}, &role});
  else
    found->roles.push_back(role.name);
}

Diagnostic to_warning(const Assumption& one, const std::string& device, SourcePos asked_at) {
  const bool is_sizes = one.code == "attention-example-sizes";
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.stage = Stage::kAttention;
  warning.code = one.code;
  const std::string roles = fmt::format("{}", fmt::join(one.roles, ", "));
  warning.message =
      is_sizes
          ? fmt::format("the answer for {} is about examples, since nothing gives the sizes of {}: {}", device, roles,
                        one.cause)
          : fmt::format("the answer for {} leaves out what the model of {} has besides: {}", device, roles, one.cause);
  warning.key_path = one.first->implementation_key;
  if (asked_at)
    warning.labels.push_back({asked_at, static_cast<uint32_t>(device.size()), "the device is asked for here"});
  warning.notes.push_back(fmt::format("the model's config.json: {}", one.first->model_file));
  if (is_sizes && !one.first->heads_key.empty())
    warning.notes.push_back(fmt::format("a model's folder gives them, or keys such as +{}=32", one.first->heads_key));
  return warning;
}

}  // namespace

std::vector<Diagnostic> assumptions(const AttentionSpec& spec) {
  if (!spec.device) return {};
  std::vector<Assumption> all;
  for (const RoleSpec& role : spec.roles) {
    if (const auto sizes = example_sizes(role); !sizes.empty())
      note(all, "attention-example-sizes", fmt::format("{}", fmt::join(sizes, ", ")), role);
    if (!role.model_features.empty())
      note(all, "attention-not-asked", fmt::format("{}", fmt::join(role.model_features, ", ")), role);
  }
  std::vector<Diagnostic> warnings;
  for (const Assumption& one : all)
    warnings.push_back(to_warning(one, spec.device->value, spec.device->origin.pos));
  return warnings;
}

}  // namespace cfgtool
