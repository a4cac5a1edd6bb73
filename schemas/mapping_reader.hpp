/// \file
/// Reads the fields of a mapping file, and collects what is wrong with them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// Every function notes a problem and returns something empty; none throws. `owner` names a map for messages
/// ("the role 'actor'").
class MappingReader {
 public:
  explicit MappingReader(const Tree& tree) : tree_(tree) {}

  const std::vector<Diagnostic>& problems() const { return problems_; }
  void refuse(SourcePos pos, size_t length, std::string code, std::string message, std::string note = {});

  /// Whether `map` is a map, with no fields but `known`.
  bool check_fields(NodeId map, const std::string& owner, const std::vector<std::string>& known);
  /// The field, or kNoNode; a missing one that is required is a problem.
  NodeId field(NodeId map, const std::string& owner, std::string_view name, bool required);

  std::string text(NodeId map, const std::string& owner, std::string_view name, bool required);
  int64_t positive(NodeId map, const std::string& owner, std::string_view name);
  std::vector<std::string> texts(NodeId map, const std::string& owner, std::string_view name, bool required);
  /// A key path such as `a.b`.
  std::string key(NodeId map, const std::string& owner, std::string_view name, bool required);
  /// The children of a map field that must not be empty.
  std::vector<NodeId> members(NodeId map, const std::string& owner, std::string_view name);

  /// A node that must be a text, or a key path.
  std::string text_at(NodeId node, const std::string& what);
  std::string key_at(NodeId node, const std::string& what);
  std::vector<std::string> list_at(NodeId node, const std::string& what, bool of_keys);
  const Tree& tree() const { return tree_; }

 private:
  const Tree& tree_;
  std::vector<Diagnostic> problems_;
};

}  // namespace cfgtool
