/// \file
/// The documents that a schema is made of: read from files, found by their URIs, never from a network. Private to
/// schemas.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config_engine/parse_cache.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"
#include "schemas/schema.hpp"

namespace cfgtool {

struct SchemaDocument {
  std::string uri;  ///< where it was read from
  SourcePos begin;
  Tree tree;
  std::string cached_as;       ///< its name in the cache
  bool is_known_good = false;  ///< taken from there: this text was held against the meta-schema before, and fits it
};

/// A value in a document, taken as a schema.
struct SchemaNode {
  uint32_t document = 0;
  NodeId node = kNoNode;
  friend bool operator<(SchemaNode a, SchemaNode b) {
    return a.document != b.document ? a.document < b.document : a.node < b.node;
  }
  friend bool operator==(SchemaNode a, SchemaNode b) { return a.document == b.document && a.node == b.node; }
};

/// Which of a schema's members are schemas themselves.
enum class SchemaMember : uint8_t {
  kNone,         ///< something else
  kSchema,       ///< `not`
  kSchemas,      ///< a list of schemas: `allOf`
  kSchemaMap,    ///< a mapping to schemas: `properties`
  kItems,        ///< a schema or a list of them
  kDependencies  ///< a mapping to schemas and lists of names
};
SchemaMember schema_member(std::string_view keyword);

class SchemaDocuments {
 public:
  /// \param cache_path of the file where documents that are known to be good are kept; empty: nowhere
  explicit SchemaDocuments(SourceMap& sources, const SchemaOptions& options, std::string cache_path = {})
      : sources_(sources), options_(options), cache_(std::move(cache_path)) {}

  /// Reads a file. \return its root \throws ConfigError (without sources)
  SchemaNode read(const std::string& file, SourcePos named_at);
  /// The same of a part, if the name ends in one: `common.yaml#/definitions/port`.
  SchemaNode read_part(const std::string& file_and_part, SourcePos named_at);

  /// What `reference`, which stands in `from`, refers to. \throws ConfigError (without sources), code
  /// schema-reference
  SchemaNode resolve(SchemaNode from, const std::string& reference, SourcePos pos);

  const Node& node(SchemaNode at) const { return documents_[at.document]->tree[at.node]; }
  const Tree& tree(SchemaNode at) const { return documents_[at.document]->tree; }
  const SchemaDocument& document(SchemaNode at) const { return *documents_[at.document]; }
  /// The draft-07 meta-schema, which comes with cfgtool.
  SchemaNode meta_schema();

  /// Whether a keyword of draft-07 holds it as a schema, up to its document's root: the meta-schema is about those
  /// only.
  bool is_declared(SchemaNode at) const;

  /// All documents so far that a person wrote: without the meta-schema.
  std::vector<SchemaNode> roots() const;

  /// All of them fit the meta-schema: from now on they are known to be good. Never fails.
  void save_cache();

 private:
  SchemaNode add(SchemaDocument document);
  SchemaNode read_text(std::string uri, SourceKind kind, const std::string& name, std::string text);
  void note_ids(SchemaNode root);
  void note_id(SchemaNode at, const std::string& base);
  void check_draft(SchemaNode root) const;
  std::optional<SchemaNode> find_document(const std::string& uri, SourcePos pos);
  SchemaNode follow_pointer(SchemaNode from, const std::string& pointer, const std::string& reference,
                            SourcePos pos) const;
  const std::string& base_of(SchemaNode at) const;

  SourceMap& sources_;
  const SchemaOptions& options_;
  ParseCache cache_;
  std::vector<std::unique_ptr<SchemaDocument>> documents_;
  std::map<std::string, SchemaNode> by_uri_;  // documents, and what has an `$id`
  std::map<SchemaNode, std::string> bases_;   // of every subschema whose base is not its parent's
  std::optional<SchemaNode> meta_schema_;
};

}  // namespace cfgtool
