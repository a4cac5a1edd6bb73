/// \file
/// A schema as people see it: everything that its subschemas say about one value, put together. Private to schemas.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/schema_documents.hpp"

namespace cfgtool {

/// One subschema that says something about a value.
struct SchemaFacet {
  SchemaNode node;
  std::string condition{};        ///< when it holds: "alternative 1 of 2"; empty: always, or unless the value is null
  bool is_alternative = false;    ///< another may hold instead
  bool only_annotations = false;  ///< it stands beside a `$ref`
};

/// What is said of one value: by a subschema, what it refers to, and what it is composed of (`allOf`, `anyOf`, …).
class SchemaView {
 public:
  struct Member {
    std::string name;
    std::vector<SchemaFacet> schemas{};  ///< to make a view of; empty if only `required` names it
    std::string condition{};             ///< as of SchemaFacet
    std::string required{};              ///< "yes", a condition, or empty
  };

  SchemaView(SchemaDocuments& documents, const std::vector<SchemaFacet>& schemas);

  /// The first that is said, or a node that is kNoNode.
  SchemaNode annotation(std::string_view keyword) const;
  std::string_view text(std::string_view keyword) const;
  bool flag(std::string_view keyword) const;
  /// "integer or null", "list of string"; "any" if nothing says it.
  std::string type() const;
  /// What is allowed beside the type, in Markdown; empty if nothing is said.
  std::string allowed() const;

  /// The keys of a mapping, then patterns of keys, then, under the name `*`, what is said of all others.
  std::vector<Member> members() const;
  bool is_closed() const;  ///< there may be no other keys
  /// Of the items of a list: one for all, or one for each.
  std::vector<SchemaFacet> items() const;
  /// The subschemas that name keys.
  std::vector<SchemaNode> naming_parts() const;

 private:
  void add(const SchemaFacet& facet);
  void add_alternatives(const SchemaFacet& facet, NodeId list);
  void add_member(std::vector<Member>& members, const SchemaFacet& facet, NodeId schema, std::string_view name) const;
  void add_required(std::vector<Member>& members, const SchemaFacet& facet) const;
  NodeId find(const SchemaFacet& facet, std::string_view keyword) const;
  const Node& node(const SchemaFacet& facet, NodeId id) const { return documents_.tree(facet.node)[id]; }
  bool allows_null_only(const SchemaFacet& facet) const;
  std::vector<std::string> types_of(const SchemaFacet& facet) const;
  std::string allowed_of(const SchemaFacet& facet) const;

  SchemaDocuments& documents_;
  std::vector<SchemaFacet> facets_;
};

/// A value on one line, as YAML; a long one is cut short.
std::string value_on_a_line(const Tree& tree, NodeId id);

}  // namespace cfgtool
