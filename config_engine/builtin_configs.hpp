/// \file
/// The configurations that come with the program, as Hydra's own `pkg://hydra.conf` does: the `hydra` node and its
/// groups.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfgtool {

struct BuiltinConfig {
  std::string_view path;  ///< such as "hydra/output/default"
  std::string_view text;  ///< YAML
};

/// nullptr if there is none of that path (without ".yaml").
const BuiltinConfig* find_builtin_config(std::string_view path);

bool is_builtin_group(std::string_view group);

/// The groups in a group, sorted; "" for the top.
std::vector<std::string> builtin_subgroups(std::string_view group);

/// The options of a group, sorted; empty if there is no such group.
std::vector<std::string> builtin_group_options(std::string_view group);

/// The groups of all of them, sorted, such as "hydra/output".
std::vector<std::string> builtin_groups();

}  // namespace cfgtool
