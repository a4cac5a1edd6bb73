#include "schemas/schema.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/schema_check.hpp"
#include "schemas/schema_compiled.hpp"
#include "schemas/schema_constraints.hpp"
#include "schemas/schemas_revision.hpp"

namespace cfgtool {

namespace {

std::shared_ptr<const Schema> meta_schema() {
  static const std::shared_ptr<const Schema> kMeta = Schema::read_meta_schema();
  return kMeta;
}

}  // namespace

NodeId SchemaPart::member(std::string_view keyword) const {
  return tree && node != kNoNode ? tree->find(node, Key(keyword)) : kNoNode;
}

std::string_view SchemaPart::text(std::string_view keyword) const {
  const NodeId id = member(keyword);
  return id != kNoNode && (*tree)[id].is_text() ? (*tree)[id].text() : std::string_view();
}

bool SchemaPart::flag(std::string_view keyword) const {
  const NodeId id = member(keyword);
  return id != kNoNode && (*tree)[id].kind == NodeKind::kBool && (*tree)[id].boolean;
}

Schema::Schema() : compiled_(std::make_unique<Compiled>()) {}
Schema::~Schema() = default;

std::shared_ptr<const Schema> Schema::read_meta_schema() {
  const std::shared_ptr<Schema> schema(new Schema());
  schema->sources_ = std::make_shared<SourceMap>();
  schema->compile([](SchemaDocuments& documents) { return documents.meta_schema(); }, {});
  return schema;
}

std::shared_ptr<const Schema> Schema::read(const std::string& file, const SchemaOptions& options,
                                           const std::shared_ptr<SourceMap>& sources, SourcePos named_at) {
  const std::shared_ptr<Schema> schema(new Schema());
  schema->file_ = file;
  schema->sources_ = sources;
  try {
    schema->compile([&](SchemaDocuments& documents) { return documents.read_part(file, named_at); }, options);
  } catch (ConfigError& error) {
    error.set_sources(sources);
    throw;
  }
  return schema;
}

template <typename FindRoot>
void Schema::compile(const FindRoot& find_root, const SchemaOptions& options) {
  Compiled& out = *compiled_;
  const bool is_meta = file_.empty();
  // Whether a text is a schema is for the checker to say, which has a revision of its own.
  out.documents = std::make_unique<SchemaDocuments>(
      *sources_, options, parse_cache_path(options.cache_folder, file_, fmt::format("schema {:x}", kSchemasRevision)));
  const SchemaNode root = out.root = find_root(*out.documents);
  if (!is_meta) refuse_what_is_no_schema(root);
  SchemaBundle bundle = bundle_schema(*out.documents, root);
  for (const SchemaNode part : bundle.parts) {
    const Node& node = out.documents->node(part);
    out.parts.push_back({node.pos, out.documents->document(part).begin, &out.documents->tree(part), part.node});
  }
  out.properties = std::move(bundle.properties);
  out.patterns = std::move(bundle.patterns);
  out.constraints = std::move(bundle.constraints);
  out.top = &out.constraints->subschema(0);
  // What was referred to in other files, or where no keyword says that a schema stands.
  if (is_meta) return;
  for (const SchemaNode other : out.documents->roots()) {
    if (!(other == root)) refuse_what_is_no_schema(other);
  }
  for (const SchemaNode part : bundle.referred) {
    if (!out.documents->is_declared(part)) refuse_what_is_no_schema(part);
  }
  out.documents->save_cache();
}

void Schema::refuse_what_is_no_schema(SchemaNode at) const {
  const SchemaDocuments& documents = *compiled_->documents;
  // The meta-schema looks at what keywords hold as schemas, all of it.
  if (documents.document(at).is_known_good && documents.is_declared(at)) return;
  std::vector<Diagnostic> problems = check_tree(*meta_schema(), documents.tree(at), at.node);
  if (problems.empty()) return;
  for (Diagnostic& problem : problems)
    problem.notes.emplace_back("by the meta-schema of draft-07");
  throw ConfigError(std::move(problems));
}

SchemaPart Schema::root() const {
  return compiled_->parts.front();
}

}  // namespace cfgtool
