#include "schemas/schema.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <exception>

#include "schemas/schema_check.hpp"
#include "schemas/schema_compiled.hpp"

namespace cfgtool {

namespace {

/// Runs `work` with a stack that holds the library's recursion through the largest schema that we let pass. Pages that
/// are not used cost nothing.
template <typename Work>
void run_with_large_stack(const Work& work) {
  constexpr size_t kStackBytes = size_t{1} << 30;
  struct Call {
    const Work* work;
    std::exception_ptr error;
  } call{&work, nullptr};
  const auto run = [](void* data) -> void* {
    auto* const here = static_cast<Call*>(data);
    try {
      (*here->work)();
    } catch (...) {
      here->error = std::current_exception();
    }
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_t thread{};
  const int failed = pthread_create(&thread, &attributes, run, &call);
  pthread_attr_destroy(&attributes);
  if (failed != 0) {
    run(&call);
  } else {
    pthread_join(thread, nullptr);
  }
  if (call.error) std::rethrow_exception(call.error);
}

std::shared_ptr<const Schema> meta_schema() {
  static const std::shared_ptr<const Schema> kMeta = Schema::read_meta_schema();
  return kMeta;
}

}  // namespace

void compile_constraints(const nlohmann::json& document, SourcePos begin, valijson::Schema& out) {
  try {
    run_with_large_stack([&] {
      valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
      parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), out);
    });
  } catch (const std::exception& error) {
    // The meta-schema lets pass what the library does not, such as a number that is too large.
    throw_error(Stage::kCompose, "schema-invalid", fmt::format("the schema cannot be used: {}", error.what()), begin);
  }
}

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
    schema->compile(
        [&](SchemaDocuments& documents) {
          const size_t fragment = file.find("#/");
          const SchemaNode root = documents.read(file.substr(0, fragment), named_at);
          return fragment == std::string::npos ? root : documents.resolve(root, file.substr(fragment), named_at);
        },
        options);
  } catch (ConfigError& error) {
    error.set_sources(sources);
    throw;
  }
  return schema;
}

template <typename FindRoot>
void Schema::compile(const FindRoot& find_root, const SchemaOptions& options) {
  Compiled& out = *compiled_;
  out.documents = std::make_unique<SchemaDocuments>(*sources_, options);
  const SchemaNode root = find_root(*out.documents);
  const bool is_meta = file_.empty();
  if (!is_meta) refuse_what_is_no_schema(root);
  SchemaBundle bundle = bundle_schema(*out.documents, root);
  for (const SchemaNode part : bundle.parts) {
    const Node& node = out.documents->node(part);
    out.parts.push_back({node.pos, out.documents->document(part).begin, &out.documents->tree(part), part.node});
  }
  out.properties = std::move(bundle.properties);
  out.patterns = std::move(bundle.patterns);
  // What was referred to in other files, or where no keyword says that a schema stands.
  if (!is_meta) {
    for (const SchemaNode other : out.documents->roots()) {
      if (!(other == root)) refuse_what_is_no_schema(other);
    }
    for (const SchemaNode part : bundle.parts) {
      if (!out.documents->is_declared(part)) refuse_what_is_no_schema(part);
    }
  }
  compile_constraints(bundle.document, out.documents->document(root).begin, out.constraints);
}

void Schema::refuse_what_is_no_schema(SchemaNode at) const {
  CheckOptions options;
  options.subject = "the schema";
  std::vector<Diagnostic> problems = check_tree(*meta_schema(), compiled_->documents->tree(at), at.node, options);
  if (problems.empty()) return;
  for (Diagnostic& problem : problems)
    problem.notes.emplace_back("by the meta-schema of draft-07");
  throw ConfigError(std::move(problems));
}

SchemaPart Schema::root() const {
  return compiled_->parts.front();
}

}  // namespace cfgtool
