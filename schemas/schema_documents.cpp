#include "schemas/schema_documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "config_engine/diagnostic.hpp"
#include "config_engine/json_reader.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/write_file.hpp"
#include "config_engine/yaml_reader.hpp"
#include "schemas/meta_schema.hpp"
#include "schemas/schema_folders.hpp"
#include "schemas/uri.hpp"

namespace cfgtool {

namespace {

constexpr const char* kMetaSchemaUri = "http://json-schema.org/draft-07/schema";

constexpr const char* kHowToFindFiles =
    "nothing is read from a network; --schema-uri PREFIX=FOLDER says where such documents lie";

[[noreturn]] void refuse_reference(const std::string& reference, const std::string& reason, SourcePos pos,
                                   std::string note = {}) {
  Diagnostic diagnostic;
  diagnostic.code = "schema-reference";
  diagnostic.message = fmt::format("the reference '{}' leads nowhere: {}", reference, reason);
  if (pos) diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(reference.size(), 1)), {}});
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  throw ConfigError(std::move(diagnostic));
}

/// `~1` is a slash, `~0` a tilde (RFC 6901).
std::string unescape_pointer(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escaped = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    out += escaped ? (token[i + 1] == '0' ? '~' : '/') : token[i];
    i += escaped;
  }
  return out;
}

/// As a link that was checked out as a file; OmegaConf makes a key without a value of it.
bool is_text_alone(const Tree& tree) {
  const Node& root = tree[tree.root()];
  if (root.kind != NodeKind::kMap || root.length != 1) return false;
  const Node& child = tree[*tree.children(tree.root()).begin()];
  return child.kind == NodeKind::kNull && child.pos && child.pos == child.key_pos;
}

std::string without_empty_fragment(std::string uri) {
  if (uri.ends_with('#')) uri.pop_back();
  return uri;
}

}  // namespace

SchemaMember schema_member(std::string_view keyword) {
  static const std::unordered_map<std::string_view, SchemaMember> kMembers{
      {"additionalItems", SchemaMember::kSchema},
      {"additionalProperties", SchemaMember::kSchema},
      {"contains", SchemaMember::kSchema},
      {"else", SchemaMember::kSchema},
      {"if", SchemaMember::kSchema},
      {"not", SchemaMember::kSchema},
      {"propertyNames", SchemaMember::kSchema},
      {"then", SchemaMember::kSchema},
      {"allOf", SchemaMember::kSchemas},
      {"anyOf", SchemaMember::kSchemas},
      {"oneOf", SchemaMember::kSchemas},
      {"definitions", SchemaMember::kSchemaMap},
      {"patternProperties", SchemaMember::kSchemaMap},
      {"properties", SchemaMember::kSchemaMap},
      {"items", SchemaMember::kItems},
      {"dependencies", SchemaMember::kDependencies},
  };
  const auto found = kMembers.find(keyword);
  return found == kMembers.end() ? SchemaMember::kNone : found->second;
}

SchemaNode SchemaDocuments::read(const std::string& file, SourcePos named_at) {
  if (file.find("://") != std::string::npos) {
    const std::optional<SchemaNode> document = find_document(without_empty_fragment(file), named_at);
    if (!document) refuse_reference(file, fmt::format("no file is known for '{}'", file), named_at, kHowToFindFiles);
    return *document;
  }
  std::error_code error;
  const std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(file, error), error);
  const std::string uri = file_uri(path.string());
  const auto known = by_uri_.find(uri);
  if (known != by_uri_.end()) return known->second;
  std::optional<std::string> text = read_whole_file(file);
  if (!text) {
    Diagnostic diagnostic;
    diagnostic.code = "schema-unreadable";
    diagnostic.message = fmt::format("cannot read the schema '{}': {}", file, std::strerror(errno));
    if (named_at) diagnostic.labels.push_back({named_at, static_cast<uint32_t>(file.size()), {}});
    const std::vector<std::string> names = schema_names();
    const std::string hint = did_you_mean(file, names);
    diagnostic.notes.push_back(
        hint.empty() ? fmt::format("schemas that come with cfgtool are {}", fmt::join(names, ", ")) : hint);
    throw ConfigError(std::move(diagnostic));
  }
  return read_text(uri, SourceKind::kFile, file, std::move(*text));
}

SchemaNode SchemaDocuments::read_part(const std::string& file_and_part, SourcePos named_at) {
  const size_t fragment = file_and_part.find("#/");
  const SchemaNode root = read(file_and_part.substr(0, fragment), named_at);
  return fragment == std::string::npos ? root : resolve(root, file_and_part.substr(fragment), named_at);
}

SchemaNode SchemaDocuments::meta_schema() {
  if (!meta_schema_) {
    meta_schema_ = read_text(kMetaSchemaUri, SourceKind::kBuiltin, "builtin draft-07 meta-schema.json",
                             std::string(kDraft7MetaSchema));
  }
  return *meta_schema_;
}

SchemaNode SchemaDocuments::read_text(std::string uri, SourceKind kind, const std::string& name, std::string text) {
  const SourcePos begin = sources_.add(kind, name, std::move(text));
  const bool is_json = name.ends_with(".json");
  // A link may give a file of YAML a name of JSON's.
  std::string cached_as = fmt::format("{} {}", is_json ? "json" : "yaml", uri);
  if (std::optional<ConfigFile> known = cache_.find(cached_as, sources_, begin))
    return add({std::move(uri), begin, std::move(known->tree), std::move(cached_as), true});
  Tree tree = is_json ? read_json(sources_, begin) : read_yaml(sources_, begin);
  // It would let everything pass, which is not what a file that lost its content is for.
  const Node& root = tree[tree.root()];
  const bool has_nothing = root.kind == NodeKind::kMap && root.length == 0;
  if (!is_json && is_text_alone(tree))
    throw_error(Stage::kCompose, "schema-invalid", "this is no schema: it is nothing but a text", begin);
  if (has_nothing && !(root.pos && sources_.text(begin).substr(root.pos.offset - begin.offset).starts_with('{')))
    throw_error(Stage::kCompose, "schema-invalid", "the schema is empty", begin);
  return add({std::move(uri), begin, std::move(tree), std::move(cached_as), false});
}

SchemaNode SchemaDocuments::add(SchemaDocument document) {
  const SchemaNode root{static_cast<uint32_t>(documents_.size()), document.tree.root()};
  documents_.push_back(std::make_unique<SchemaDocument>(std::move(document)));
  const std::string& uri = documents_.back()->uri;
  by_uri_[uri] = root;
  bases_[root] = uri;
  check_draft(root);
  note_ids(root);
  return root;
}

void SchemaDocuments::check_draft(SchemaNode root) const {
  if (node(root).kind != NodeKind::kMap) return;
  const NodeId declared = tree(root).find(root.node, "$schema");
  if (declared == kNoNode) return;
  const Node& value = tree(root)[declared];
  const std::string_view text = value.is_text() ? value.text() : std::string_view();
  if (without_empty_fragment(std::string(text)) == kMetaSchemaUri ||
      without_empty_fragment(std::string(text)) == "https://json-schema.org/draft-07/schema")
    return;
  Diagnostic diagnostic;
  diagnostic.code = "schema-draft";
  diagnostic.message = fmt::format("the schema is written for '{}', which is not supported: only draft-07 is",
                                   value.is_text() ? text : type_name(value));
  diagnostic.labels.push_back({value.pos, static_cast<uint32_t>(std::max<size_t>(text.size(), 1)), {}});
  diagnostic.fix = fmt::format("$schema: {}#", kMetaSchemaUri);
  throw ConfigError(std::move(diagnostic));
}

/// Gives `at` its base, and a name to what has an `$id`.
void SchemaDocuments::note_id(SchemaNode at, const std::string& base) {
  const Tree& here = tree(at);
  // Beside `$ref` nothing else counts.
  if (here[at.node].kind != NodeKind::kMap || here.find(at.node, "$ref") != kNoNode) return;
  const NodeId id = here.find(at.node, "$id");
  if (id == kNoNode || !here[id].is_text()) return;
  const std::string written(here[id].text());
  const std::optional<std::string> uri = resolve_uri(base, written);
  if (!uri) {
    throw_error(Stage::kCompose, "schema-id", fmt::format("'{}' is no URI", written), here[id].pos,
                static_cast<uint32_t>(written.size()));
  }
  by_uri_.try_emplace(without_empty_fragment(*uri), at);
  if (!written.starts_with('#')) bases_[at] = split_fragment(*uri).document;
}

void SchemaDocuments::note_ids(SchemaNode root) {
  // Most documents have none. An escape may hide one.
  const std::string_view text = sources_.text(document(root).begin);
  if (text.find("$id") == std::string_view::npos && text.find('\\') == std::string_view::npos) return;
  const Tree& here = tree(root);
  struct Item {
    NodeId node;
    const std::string* base;  // in bases_
  };
  std::vector<Item> open{{root.node, &bases_.at(root)}};
  while (!open.empty()) {
    const Item item = open.back();
    open.pop_back();
    const SchemaNode at{root.document, item.node};
    note_id(at, *item.base);
    const auto own = bases_.find(at);
    const std::string* const base = own == bases_.end() ? item.base : &own->second;
    if (here[item.node].kind != NodeKind::kMap || here.find(item.node, "$ref") != kNoNode) continue;
    for (const NodeId child : here.children(item.node)) {
      const SchemaMember member = schema_member(here[child].key().text);
      if (member == SchemaMember::kNone) continue;
      const bool is_schema =
          member == SchemaMember::kSchema || (member == SchemaMember::kItems && here[child].kind != NodeKind::kList);
      if (is_schema) {
        open.push_back({child, base});
        continue;
      }
      for (const NodeId inner : here.children(child))
        open.push_back({inner, base});
    }
  }
}

const std::string& SchemaDocuments::base_of(SchemaNode at) const {
  while (true) {
    const auto known = bases_.find(at);
    if (known != bases_.end()) return known->second;
    at.node = node(at).parent;
  }
}

std::optional<SchemaNode> SchemaDocuments::find_document(const std::string& uri, SourcePos pos) {
  const auto known = by_uri_.find(uri);
  if (known != by_uri_.end()) return known->second;
  if (uri == kMetaSchemaUri) return meta_schema();
  std::optional<std::string> file = file_of_uri(uri);
  for (const auto& [prefix, folder] : options_.uri_folders) {
    if (uri.starts_with(prefix)) file = folder + uri.substr(prefix.size());
  }
  if (!file) return std::nullopt;
  const SchemaNode root = read(*file, pos);
  if (document(root).uri == uri) return root;
  by_uri_.try_emplace(uri, root);
  bases_[root] = uri;
  note_ids(root);
  return by_uri_.at(uri);
}

SchemaNode SchemaDocuments::follow_pointer(SchemaNode from, const std::string& pointer, const std::string& reference,
                                           SourcePos pos) const {
  const Tree& here = tree(from);
  NodeId at = from.node;
  size_t begin = 0;
  while (begin < pointer.size()) {
    const size_t end = std::min(pointer.find('/', begin + 1), pointer.size());
    const std::string token = unescape_pointer(std::string_view(pointer).substr(begin + 1, end - begin - 1));
    NodeId next = kNoNode;
    if (here[at].kind == NodeKind::kMap) next = here.find(at, Key(token));
    if (here[at].kind == NodeKind::kList && !token.empty() && token.size() < 9 &&
        token.find_first_not_of("0123456789") == std::string::npos)
      next = here.item(at, std::stoul(token));
    if (next == kNoNode) {
      std::vector<std::string> members;
      for (const NodeId child : here.children(at))
        members.emplace_back(here[child].key().text);
      refuse_reference(reference, fmt::format("there is no '{}' in '#{}'", token, pointer.substr(0, begin)), pos,
                       did_you_mean(token, members));
    }
    at = next;
    begin = end;
  }
  return {from.document, at};
}

SchemaNode SchemaDocuments::resolve(SchemaNode from, const std::string& reference, SourcePos pos) {
  const std::optional<std::string> uri = resolve_uri(base_of(from), reference);
  if (!uri) refuse_reference(reference, "it is no URI", pos);
  const auto named = by_uri_.find(without_empty_fragment(*uri));
  if (named != by_uri_.end()) return named->second;
  const UriParts parts = split_fragment(*uri);
  const std::optional<SchemaNode> document = find_document(parts.document, pos);
  if (!document) {
    refuse_reference(reference, fmt::format("no file is known for '{}'", parts.document), pos, kHowToFindFiles);
  }
  if (!parts.fragment.empty() && parts.fragment.front() != '/') {
    const auto in_document = by_uri_.find(parts.document + "#" + parts.fragment);
    if (in_document != by_uri_.end()) return in_document->second;
    refuse_reference(reference, fmt::format("no '$id: \"#{}\"' is there", parts.fragment), pos);
  }
  return follow_pointer(*document, parts.fragment, reference, pos);
}

bool SchemaDocuments::is_declared(SchemaNode at) const {
  const Tree& here = tree(at);
  std::vector<NodeId> way;  // from the node up, without the root
  for (NodeId id = at.node; id != here.root(); id = here[id].parent)
    way.push_back(id);
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    const Node& value = here[*step];
    const SchemaMember member =
        here[value.parent].kind == NodeKind::kMap ? schema_member(value.key().text) : SchemaMember::kNone;
    if (member == SchemaMember::kNone) return false;
    const bool is_schema =
        member == SchemaMember::kSchema || (member == SchemaMember::kItems && value.kind != NodeKind::kList);
    if (!is_schema && ++step == way.rend()) return false;
  }
  return true;
}

std::vector<SchemaNode> SchemaDocuments::roots() const {
  std::vector<SchemaNode> roots;
  for (uint32_t i = 0; i < documents_.size(); ++i) {
    if (!meta_schema_ || meta_schema_->document != i) roots.push_back({i, documents_[i]->tree.root()});
  }
  return roots;
}

void SchemaDocuments::save_cache() {
  for (const SchemaNode root : roots()) {
    const SchemaDocument& known = document(root);
    if (known.is_known_good) continue;
    ConfigFile file;
    file.begin = known.begin;
    file.tree = known.tree;
    cache_.add(known.cached_as, sources_, file);
  }
  cache_.save();
}

}  // namespace cfgtool
