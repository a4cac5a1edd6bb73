/// \file
/// The resolved specification as a tree, ready to be written as YAML or JSON.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/role_choice.hpp"
#include "config_engine/tree.hpp"
#include "schemas/attention_spec.hpp"

namespace cfgtool {

/// What the specification is made of.
struct Specification {
  const Tree& configuration;  ///< resolved
  std::string hash;
  const AttentionSpec& attention;
  const attention::Machine& machine;
  const std::vector<std::shared_ptr<const attention::Plugin>>& plugins;
  const std::vector<attention::RoleChoice>& choices;  ///< one for each role of `attention`
};

/// `configuration`, `hash` and `attention`. \param sources keeps the texts of the tree
Tree make_spec_tree(const Specification& specification, SourceMap& sources);

}  // namespace cfgtool
