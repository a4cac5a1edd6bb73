#include "role_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ppo_trainer {

namespace {

using Row = std::vector<std::string>;

/// A star marks what neither the configuration nor a model file says.
template <typename T>
std::string marked(const cfgtool::SpecValue<T>& value) {
  return fmt::format("{}{}", value.value, value.origin.kind == cfgtool::OriginKind::kExample ? "*" : "");
}

std::string plugin_of(const cfgtool::attention::RoleChoice& choice) {
  if (!choice.chosen) return "refused";
  const auto& plugin = *choice.chosen->plugin;
  return fmt::format("{} {} on {}", plugin.name(), plugin.version(), cfgtool::attention::describe(choice.device));
}

Row row_of(const cfgtool::RoleSpec& role, const cfgtool::attention::RoleChoice& choice) {
  return {role.name,
          role.implementation.value,
          plugin_of(choice),
          role.trains ? "forward+backward" : "forward",
          marked(role.dtype),
          fmt::format("{}:{}", marked(role.heads_q), marked(role.heads_kv)),
          marked(role.head_dim),
          marked(role.sequence_length),
          role.implementation.origin.text};
}

bool has_examples(const cfgtool::RoleSpec& role) {
  const auto is_example = [](const cfgtool::Origin& origin) { return origin.kind == cfgtool::OriginKind::kExample; };
  return is_example(role.dtype.origin) || is_example(role.heads_q.origin) || is_example(role.heads_kv.origin) ||
         is_example(role.head_dim.origin) || is_example(role.sequence_length.origin);
}

}  // namespace

std::string role_table(const cfgtool::AttentionSpec& spec, const std::vector<cfgtool::attention::RoleChoice>& choices) {
  std::vector<Row> rows = {
      {"role", "attention", "plugin", "passes", "dtype", "heads", "head dim", "length", "decided by"}};
  for (size_t i = 0; i < choices.size(); ++i)
    rows.push_back(row_of(spec.roles[i], choices[i]));
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t column = 0; column + 1 < row.size(); ++column)
      line += fmt::format("{:{}}  ", row[column], widths[column]);
    text += line + row.back() + "\n";
  }
  if (std::any_of(spec.roles.begin(), spec.roles.end(), has_examples))
    text += "* an example: neither the configuration nor a model's config.json says it\n";
  for (const std::string& role : spec.absent_roles)
    text += fmt::format("{} is not part of this configuration\n", role);
  return text;
}

}  // namespace ppo_trainer
