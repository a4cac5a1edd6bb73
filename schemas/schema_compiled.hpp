/// \file
/// What a Schema is made of, and the one place that includes the JSON schema library. Private to schemas.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

// The library would end the process where it throws.
#define VALIJSON_USE_EXCEPTIONS 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>
#include <valijson/schema.hpp>
#pragma GCC diagnostic pop

#include "schemas/schema.hpp"
#include "schemas/schema_bundle.hpp"
#include "schemas/schema_documents.hpp"

namespace cfgtool {

struct Schema::Compiled {
  std::unique_ptr<SchemaDocuments> documents;
  SchemaNode root;                ///< as it is written: it may be a reference
  std::vector<SchemaPart> parts;  ///< as SchemaBundle::parts
  std::vector<std::vector<SchemaProperty>> properties;
  std::unordered_map<std::string, std::shared_ptr<const SchemaPattern>> patterns;
  std::shared_ptr<const SchemaConstraints> constraints;  ///< owns the subschemas of all parts
  const valijson::Subschema* top = nullptr;              ///< where a check begins

  const SchemaPattern& pattern(const std::string& text) const { return *patterns.at(text); }
};

}  // namespace cfgtool
