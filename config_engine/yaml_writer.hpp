/// \file
/// Writes a tree as YAML, byte for byte as OmegaConf.to_yaml does.
#pragma once

#include <string>

#include "config_engine/tree.hpp"

namespace cfgtool {

/// OmegaConf.to_yaml(node): block style, two spaces, lists not indented below their key, lines folded at 80 columns,
/// strings quoted where they would be read as something else; interpolations and "???" as the strings that they are.
/// A scalar root is written as PyYAML's dump writes one (`1\n...\n`).
std::string write_yaml(const Tree& tree, NodeId root);
void append_yaml(std::string& out, const Tree& tree, NodeId root);

}  // namespace cfgtool
