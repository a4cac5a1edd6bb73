/// \file
/// Holds a tree against a schema and says everything that does not fit, each at its place.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"
#include "config_engine/tree.hpp"
#include "schemas/schema.hpp"

namespace cfgtool {

struct CheckOptions {
  bool strict = false;                 ///< refuse keys that the schema does not name
  const SourceMap* sources = nullptr;  ///< of the tree
  const Tree* written = nullptr;       ///< the tree before its interpolations were followed
  /// What put a value there, by Node::step: "the config 'db/mysql'"; empty: not known.
  std::function<std::string(uint32_t step)> step_name;
  /// The override that put a value there, or nullptr. Given, problems say what to type on a command line instead.
  std::function<const Override*(uint32_t step)> override_of;
};

/// \param tree interpolations followed; what is left of them, and `???`, fits everything
/// \return the problems, in the order of the tree; codes `schema-…`. The first label is the value's place, the second,
/// of a value that came through an interpolation, where that stands.
std::vector<Diagnostic> check_tree(const Schema& schema, const Tree& tree, NodeId root,
                                   const CheckOptions& options = {});

}  // namespace cfgtool
