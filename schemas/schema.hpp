/// \file
/// A schema: JSON Schema draft-07, written in YAML or JSON, with everything that it refers to, ready to check trees.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct SchemaOptions {
  /// Where documents of other places lie on this disk: a URI that begins with the first is looked for in the folder, or
  /// is the file, that is the second. Nothing is ever fetched.
  std::map<std::string, std::string> uri_folders;
  /// Where schemas that were read and found good are kept for other processes, see parse_cache.hpp; empty: nowhere.
  std::string cache_folder = {};
};

struct SchemaNode;

/// A subschema, as far as people want to know of it.
struct SchemaPart {
  SourcePos pos;               ///< in Schema::sources
  SourcePos document;          ///< where the document that it stands in begins
  const Tree* tree = nullptr;  ///< that document
  NodeId node = kNoNode;       ///< a mapping or a boolean

  /// A member of it, or kNoNode.
  NodeId member(std::string_view keyword) const;
  /// A member that is a text, or empty.
  std::string_view text(std::string_view keyword) const;
  bool flag(std::string_view keyword) const;
};

/// Thread-safe to read.
class Schema {
 public:
  /// \param file a path; what ends in `.json` is read as JSON, everything else as YAML. `PATH#/definitions/x` is a part
  /// of it \param named_at where the file was named, in `sources` \throws ConfigError with sources and all problems
  /// found: codes `schema-…`, `yaml-…`, `json-…`
  static std::shared_ptr<const Schema> read(const std::string& file, const SchemaOptions& options = {},
                                            const std::shared_ptr<SourceMap>& sources = std::make_shared<SourceMap>(),
                                            SourcePos named_at = {});
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  const std::string& file() const { return file_; }
  const std::shared_ptr<SourceMap>& sources() const { return sources_; }
  /// What the schema's top says, such as `x-attention`.
  SchemaPart root() const;
  /// Of draft-07.
  static std::shared_ptr<const Schema> read_meta_schema();

  struct Compiled;
  const Compiled& compiled() const { return *compiled_; }

 private:
  Schema();
  template <typename FindRoot>
  void compile(const FindRoot& find_root, const SchemaOptions& options);
  void refuse_what_is_no_schema(SchemaNode at) const;

  std::string file_;
  std::shared_ptr<SourceMap> sources_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace cfgtool
