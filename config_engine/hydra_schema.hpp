/// \file
/// The types of the `hydra` node, which Hydra declares by dataclasses (hydra/conf/__init__.py): a value of another type
/// is converted as OmegaConf's typed nodes convert it, or refused.
#pragma once

#include <optional>
#include <string>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct HydraSchemaFault {
  NodeId node = kNoNode;  ///< the value at fault
  bool unknown_key = false;
  std::string error_class;  ///< OmegaConf's: "ValidationError" or "ConfigKeyError"
  std::string message;      ///< as OmegaConf words it, in one line
};

/// Converts what can be converted below the map `hydra`. \param refuse_unknown_keys also look for keys that Hydra does
/// not have \return the first value that does not fit
std::optional<HydraSchemaFault> apply_hydra_schema(Tree& tree, NodeId hydra, SourceMap& sources,
                                                   bool refuse_unknown_keys);

}  // namespace cfgtool
