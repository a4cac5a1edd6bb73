/// \file
/// The answers that record_yaml.py has written down, and the few steps that every test of them takes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The rows of data/recorded_<name>.jsonl; fails the test if there are fewer than `at_least`.
std::vector<nlohmann::json> recorded(const std::string& name, size_t at_least);

/// A text that has been read, or the error that it gave.
struct Reading {
  SourceMap sources;
  SourcePos begin;
  Tree tree;
  bool refused = false;
  Diagnostic error;

  explicit Reading(std::string text);
  /// "line:column", 1-based.
  std::string place(SourcePos pos) const;
  /// The lines of the error's labels.
  std::vector<uint32_t> error_lines() const;
};

/// The node at a path of keys (strings) and indexes, or kNoNode.
NodeId node_at(const Tree& tree, const nlohmann::json& path);

}  // namespace cfgtool
