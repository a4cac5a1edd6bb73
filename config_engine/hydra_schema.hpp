/// \file
/// The types of the `hydra` node, which Hydra declares by dataclasses (hydra/conf/__init__.py): a value of another type
/// is converted as OmegaConf's typed nodes convert it, or refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct HydraSchemaFault {
  NodeId node = kNoNode;  ///< the value at fault
  bool unknown_key = false;
  std::string error_class;  ///< OmegaConf's: "ValidationError" or "ConfigKeyError"
  std::string message;      ///< as OmegaConf words it, in one line
};

/// Converts what can be converted below `map`, whose place is `key_path`: `hydra`, or a dataclass below. \param merges
/// the map is merged rather than assigned: then also keys that Hydra does not have do not fit, nor interpolations where
/// a dataclass should be \return the first value that does not fit
std::optional<HydraSchemaFault> apply_hydra_schema(Tree& tree, NodeId map, std::string_view key_path,
                                                   SourceMap& sources, bool merges);

/// The name of Hydra's dataclass at a key path such as `hydra.job`; empty where there is none.
std::string_view hydra_class_at(std::string_view key_path);

/// python_str, but of hydra.mode, which is a member of an enumeration there: `RunMode.RUN`.
std::string python_str_or_mode(const Tree& tree, NodeId id);

/// All values that Hydra's dataclasses allow at a key path such as `hydra.mode`, as they are typed; empty where they
/// cannot be counted.
std::vector<std::string_view> hydra_values_at(std::string_view key_path);

}  // namespace cfgtool
