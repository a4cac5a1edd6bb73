/// \file
/// From documents that refer to each other to one list of subschemas. Private to schemas.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "schemas/schema_documents.hpp"
#include "schemas/schema_pattern.hpp"

namespace cfgtool {

class SchemaConstraints;

/// What a subschema says of a key.
struct SchemaProperty {
  NodeId name = kNoNode;  ///< its entry in `properties`
  uint32_t part = 0;      ///< index into SchemaBundle::parts, references followed
};

/// Every subschema that can be reached, once.
struct SchemaBundle {
  std::vector<SchemaNode> parts;                         ///< [0] is the root
  std::vector<SchemaNode> referred;                      ///< of them, those that a reference names
  std::vector<std::vector<SchemaProperty>> properties;   ///< of each part
  std::shared_ptr<const SchemaConstraints> constraints;  ///< what each part says
  std::unordered_map<std::string, std::shared_ptr<const SchemaPattern>> patterns;
};

/// \param documents which the constraints go on reading \throws ConfigError (without sources) with all problems found:
/// schema-reference, schema-pattern, schema-reference-loop, schema-too-large
SchemaBundle bundle_schema(SchemaDocuments& documents, SchemaNode root);

}  // namespace cfgtool
