/// \file
/// What is said of a key that a configuration does not have.
#pragma once

#include <memory>
#include <string>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// The nearest keys, the override that deleted it, and the configs that would bring it. \param tree what `key` is not
/// in
Diagnostic absent_key(const std::string& key, const Tree& tree, const Composition& composition,
                      const std::shared_ptr<FileStore>& store, const ComposeRequest& request);

}  // namespace cfgtool
