#include "schemas/schema_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config_engine/suggest.hpp"
#include "schemas/attention_mapping.hpp"
#include "schemas/schema_bundle.hpp"

#include "schemas/schema_checker.hpp"
#include "schemas/schema_compiled.hpp"
#include "schemas/schema_constraints.hpp"
#include "schemas/schema_documents.hpp"
#include "schemas/schema_words.hpp"

namespace cfgtool {

namespace {

/// Nobody reads more.
constexpr size_t kMostWarnings = 1'000;

const std::vector<std::string>& keywords() {
  static const std::vector<std::string> kKeywords{
      "$comment", "$id", "$ref", "$schema", "additionalItems", "additionalProperties", "allOf", "anyOf", "const",
      "contains", "contentEncoding", "contentMediaType", "default", "definitions", "dependencies", "description",
      "else", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "if", "items", "maxItems",
      "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not",
      "oneOf", "pattern", "patternProperties", "properties", "propertyNames", "readOnly", "required", "then", "title",
      "type", "uniqueItems", "writeOnly",
      // No keywords of draft-07, but read here and by editors.
      "deprecated", "deprecationMessage"};
  return kKeywords;
}

constexpr std::string_view kOfLaterDrafts[] = {"$dynamicRef",      "$recursiveRef",    "dependentRequired",
                                               "dependentSchemas", "maxContains",      "minContains",
                                               "prefixItems",      "unevaluatedItems", "unevaluatedProperties"};

bool is_one_of(std::string_view word, const auto& words) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// Says something about a value rather than to people.
bool is_check(std::string_view keyword) {
  static constexpr std::string_view kOthers[] = {
      "$comment",    "$id",         "$ref",     "$schema",  "default", "deprecated", "deprecationMessage",
      "definitions", "description", "examples", "readOnly", "title",   "writeOnly"};
  return is_one_of(keyword, keywords()) && !is_one_of(keyword, kOthers);
}

Diagnostic warning(std::string code, std::string message, SourcePos pos, size_t length) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::kWarning;
  diagnostic.stage = Stage::kValidate;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(length, 1)), {}});
  return diagnostic;
}

bool is_of_type(const Node& node, std::string_view type) {
  switch (node.kind) {
    case NodeKind::kNull:
      return type == "null";
    case NodeKind::kBool:
      return type == "boolean";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return type == "integer" || type == "number";
    case NodeKind::kFloat:
      return type == "number" || (type == "integer" && node.real == std::floor(node.real));
    case NodeKind::kMap:
      return type == "object";
    case NodeKind::kList:
      return type == "array";
    default:
      return type == "string";
  }
}

/// `#/properties/port`: as a `$ref` names it.
std::string pointer_of(const Tree& tree, NodeId id) {
  if (id == tree.root()) return "#";
  const Node& node = tree[id];
  std::string pointer = pointer_of(tree, node.parent) + "/";
  if (tree[node.parent].kind == NodeKind::kList) return pointer + std::to_string(tree.index_of(id));
  for (const char c : node.key().text)
    pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

/// The lints that need to see one subschema only.
class SubschemaLint {
 public:
  SubschemaLint(const Tree& tree, NodeId schema, std::vector<Diagnostic>& out)
      : tree_(tree), schema_(schema), out_(out) {}

  void run() {
    if (schema_ == tree_.root()) warn_of_no_schema();
    if (member("$ref") != kNoNode && tree_[member("$ref")].is_text()) {
      warn_beside_reference();
      return;
    }
    for (const NodeId child : tree_.children(schema_))
      warn_of_keyword(child);
    warn_of_forbidden_keys();
    warn_of_types("enum");
    warn_of_types("const");
  }

 private:
  NodeId member(std::string_view keyword) const { return tree_.find(schema_, Key(keyword)); }

  /// A configuration, say, in the place of a schema.
  void warn_of_no_schema() {
    for (const NodeId child : tree_.children(schema_)) {
      const std::string_view keyword = tree_[child].key().text;
      if (is_one_of(keyword, keywords()) || keyword.starts_with("x-")) return;
    }
    out_.push_back(warning("schema-says-nothing", "nothing here is a keyword of JSON Schema: everything fits",
                           tree_[schema_].pos, 1));
  }

  void warn_beside_reference() {
    for (const NodeId child : tree_.children(schema_)) {
      const std::string_view keyword = tree_[child].key().text;
      if (!is_check(keyword)) continue;
      add("schema-beside-reference", fmt::format("'{}' does nothing beside '$ref'", keyword), child);
      out_.back().notes.emplace_back("in draft-07 a schema with a $ref is what it refers to and nothing else");
      out_.back().fix = fmt::format("allOf: [{{$ref: …}}, {{{}: …}}]", keyword);
    }
  }

  void warn_of_keyword(NodeId child) {
    const std::string keyword(tree_[child].key().text);
    if (is_one_of(keyword, kOfLaterDrafts)) {
      add("schema-later-draft", fmt::format("'{}' is a keyword of a later draft: draft-07 passes over it", keyword),
          child);
    }
    if (is_one_of(keyword, keywords()) || keyword.starts_with("x-")) return;
    const std::vector<std::string> near = nearest_names(keyword, keywords(), 1);
    if (near.empty() || is_one_of(keyword, kOfLaterDrafts)) return;
    add("schema-unknown-keyword", fmt::format("'{}' is no keyword of JSON Schema and does nothing", keyword), child);
    out_.back().notes.push_back(fmt::format("did you mean '{}'?", near[0]));
    out_.back().fix = near[0];
  }

  void warn_of_forbidden_keys() {
    const NodeId others = member("additionalProperties");
    const bool is_closed = others != kNoNode && tree_[others].kind == NodeKind::kBool && !tree_[others].boolean;
    const NodeId required = member("required");
    if (!is_closed || required == kNoNode || member("patternProperties") != kNoNode) return;
    const NodeId properties = member("properties");
    std::vector<std::string> known;
    if (properties != kNoNode) {
      for (const NodeId child : tree_.children(properties))
        known.emplace_back(tree_[child].key().text);
    }
    for (const NodeId name : tree_.children(required)) {
      if (!tree_[name].is_text() || is_one_of(tree_[name].text(), known)) continue;
      out_.push_back(warning("schema-required-forbidden",
                             fmt::format("'{}' is required, but may not be there: 'properties' does not name it and "
                                         "'additionalProperties' is false",
                                         tree_[name].text()),
                             tree_[name].pos, tree_[name].length));
      const std::string hint = did_you_mean(tree_[name].text(), known);
      if (!hint.empty()) out_.back().notes.push_back(hint);
    }
  }

  /// The values of `enum`, or the one of `const`, that `type` rules out.
  void warn_of_types(std::string_view keyword) {
    const NodeId listed = member(keyword);
    const NodeId type = member("type");
    if (listed == kNoNode || type == kNoNode) return;
    std::vector<std::string> types;
    if (tree_[type].is_text()) types.emplace_back(tree_[type].text());
    for (const NodeId item : tree_.children(type)) {
      if (tree_[item].is_text()) types.emplace_back(tree_[item].text());
    }
    const auto check = [&](NodeId value) {
      const bool fits = std::any_of(types.begin(), types.end(),
                                    [&](const std::string& name) { return is_of_type(tree_[value], name); });
      if (fits || types.empty()) return;
      out_.push_back(warning("schema-" + std::string(keyword) + "-type",
                             fmt::format("'{}' has {}, which never fits: 'type' is {}", keyword,
                                         value_in_words(tree_, value), fmt::join(types, " or ")),
                             tree_[value].pos, tree_[value].is_text() ? tree_[value].length : 1));
    };
    if (keyword == "const") {
      check(listed);
      return;
    }
    for (const NodeId value : tree_.children(listed))
      check(value);
  }

  void add(std::string code, std::string message, NodeId child) {
    out_.push_back(warning(std::move(code), std::move(message), tree_[child].key_pos, tree_[child].key().text.size()));
  }

  const Tree& tree_;
  NodeId schema_;
  std::vector<Diagnostic>& out_;
};

/// Each subschema of a document, from top to bottom.
template <typename Visit>
void for_each_subschema(const Tree& tree, NodeId schema, const Visit& visit) {
  if (tree[schema].kind != NodeKind::kMap) return;
  visit(schema);
  for (const NodeId child : tree.children(schema)) {
    const SchemaMember member = schema_member(tree[child].key().text);
    if (member == SchemaMember::kNone) continue;
    const bool is_list = tree[child].kind == NodeKind::kList;
    if (member == SchemaMember::kSchema || (member == SchemaMember::kItems && !is_list)) {
      for_each_subschema(tree, child, visit);
      continue;
    }
    for (const NodeId inner : tree.children(child))
      for_each_subschema(tree, inner, visit);
  }
}

/// Every default of the schema, each held against the subschema that it stands in: all in one mapping, whose keys say
/// where they stand, and one schema with a property for each.
class DefaultLint {
 public:
  DefaultLint(const SchemaDocuments& documents, SchemaBundle bundle, SourceMap& sources)
      : documents_(documents), bundle_(std::move(bundle)), sources_(sources) {}

  void run(std::vector<Diagnostic>& out) {
    valijson::constraints::PropertiesConstraint properties;
    properties.setAdditionalPropertiesSubschema(SchemaConstraints::empty_subschema());
    for (size_t i = 0; i < bundle_.parts.size(); ++i) {
      const SchemaNode part = bundle_.parts[i];
      const Tree& tree = documents_.tree(part);
      const NodeId value = tree.find(part.node, "default");
      if (value == kNoNode) continue;
      const std::string_view name = sources_.keep(place_of(part) + "/default");
      const NodeId copy = defaults_.add_copy(defaults_.root(), tree, value, name, tree[value].key_pos);
      make_text_plain(copy);
      properties.addPropertySubschema(std::string(name), &bundle_.constraints->subschema(i));
    }
    if (defaults_[defaults_.root()].length == 0) return;
    valijson::Subschema top;
    top.addConstraint(properties);
    check(top, out);
  }

 private:
  /// Of another document with its name.
  std::string place_of(SchemaNode part) const {
    SourceLocation at;
    const bool is_other = part.document != bundle_.parts[0].document;
    if (is_other) sources_.locate(documents_.document(part).begin, &at);
    return std::string(at.name) + pointer_of(documents_.tree(part), part.node);
  }

  void make_text_plain(NodeId id) {
    if (defaults_[id].is_text()) defaults_[id].kind = NodeKind::kString;
    for (const NodeId child : defaults_.children(id))
      make_text_plain(child);
  }

  void check(const valijson::Subschema& top, std::vector<Diagnostic>& out) {
    Schema::Compiled compiled;
    for (const SchemaNode part : bundle_.parts) {
      compiled.parts.push_back(
          {documents_.node(part).pos, documents_.document(part).begin, &documents_.tree(part), part.node});
    }
    compiled.patterns = bundle_.patterns;
    compiled.constraints = bundle_.constraints;
    compiled.top = &top;
    for (const SchemaProblem& problem : SchemaChecker(compiled, defaults_, false).check(defaults_.root())) {
      const Node& node = defaults_[problem.node];
      out.push_back(warning("schema-default", "the default does not fit its own schema: " + problem.message,
                            node.pos ? node.pos : node.key_pos, node.is_text() ? node.length : 1));
      out.back().notes = problem.notes;
    }
  }

  const SchemaDocuments& documents_;
  SchemaBundle bundle_;
  SourceMap& sources_;
  Tree defaults_;
};

void sort_by_place(std::vector<Diagnostic>& problems) {
  const auto place = [](const Diagnostic& problem) {
    return problem.labels.empty() ? 0 : problem.labels[0].pos.offset;
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

void cut_short(std::vector<Diagnostic>& warnings) {
  if (warnings.size() <= kMostWarnings) return;
  Diagnostic rest;
  rest.severity = Severity::kWarning;
  rest.stage = Stage::kValidate;
  rest.code = "schema-more-warnings";
  rest.message = fmt::format("{} more warnings are left out", warnings.size() - kMostWarnings);
  rest.labels = warnings[kMostWarnings].labels;
  warnings.resize(kMostWarnings);
  warnings.push_back(std::move(rest));
}

}  // namespace

std::vector<Diagnostic> lint_schema(const std::string& file, const SchemaOptions& options,
                                    const std::shared_ptr<SourceMap>& sources) {
  std::vector<Diagnostic> errors;
  try {
    const auto schema = Schema::read(file, options, sources);
    if (schema->root().member("x-attention") != kNoNode) read_attention_mapping(sources, file, "");
  } catch (const ConfigError& error) {
    errors = error.diagnostics();
  }
  std::vector<Diagnostic> warnings;
  try {
    SchemaDocuments documents(*sources, options);
    const SchemaNode root = documents.read_part(file, {});
    // This reads what the schema refers to.
    if (errors.empty()) DefaultLint(documents, bundle_schema(documents, root), *sources).run(warnings);
    for (const SchemaNode document : documents.roots()) {
      const Tree& tree = documents.tree(document);
      for_each_subschema(tree, tree.root(), [&](NodeId schema) { SubschemaLint(tree, schema, warnings).run(); });
    }
  } catch (const ConfigError& error) {
    // What cannot even be read was said.
    if (errors.empty()) errors = error.diagnostics();
  }
  sort_by_place(errors);
  sort_by_place(warnings);
  cut_short(warnings);
  std::move(warnings.begin(), warnings.end(), std::back_inserter(errors));
  return errors;
}

}  // namespace cfgtool
