/// \file
/// From documents that refer to each other to one that refers to nothing but itself, which is what the JSON schema
/// library reads. Private to schemas.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "schemas/schema_documents.hpp"
#include "schemas/schema_pattern.hpp"

namespace cfgtool {

/// What a subschema says of a key.
struct SchemaProperty {
  NodeId name = kNoNode;  ///< its entry in `properties`
  uint32_t part = 0;      ///< index into SchemaBundle::parts, references followed
};

/// Every subschema that can be reached. `document` is
///
///     {"title": "", "allOf": [{"$ref": "#/definitions/0"}], "definitions": {"0": …, "1": …}}
///
/// where definition N is parts[N] with the subschemas in it replaced by references to their definitions, and N as its
/// title, by which it is found again.
struct SchemaBundle {
  std::vector<SchemaNode> parts;                        ///< [0] is the root
  std::vector<std::vector<SchemaProperty>> properties;  ///< of each part
  nlohmann::json document;
  std::unordered_map<std::string, std::shared_ptr<const SchemaPattern>> patterns;
};

/// \throws ConfigError (without sources) with all problems found: schema-reference, schema-pattern,
/// schema-reference-loop, schema-too-large
SchemaBundle bundle_schema(SchemaDocuments& documents, SchemaNode root);

}  // namespace cfgtool
