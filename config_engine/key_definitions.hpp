/// \file
/// Which configs on the search path would bring a key that a composition does not have.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// A config that has the key, in the package that it would have.
struct KeyDefinition {
  std::string
      group;  ///< as an override chooses: `db`, `db@backup`, `+db` if no defaults list has it; empty: at the top
  std::string option;  ///< the config's name in the group
  SourcePos pos;       ///< of the key's value; in the sources of `store`
};

/// Looks into every config of the search path that is not in use; those that cannot be read are passed over.
/// \param most as many are looked for
std::vector<KeyDefinition> configs_that_define(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                               const Composition& composition, std::string_view key, size_t most);

}  // namespace cfgtool
