#include "schemas/schema_bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "schemas/schema_problem.hpp"
#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::json;

/// The library reads subschemas within each other by recursion.
constexpr size_t kMostParts = 50'000;

/// The keywords that say what fits, beside those that hold subschemas.
bool is_constraint(std::string_view keyword) {
  static constexpr std::string_view kConstraints[] = {
      "const",         "enum",    "exclusiveMaximum", "exclusiveMinimum", "maximum",       "maxItems",   "maxLength",
      "maxProperties", "minimum", "minItems",         "minLength",        "minProperties", "multipleOf", "pattern",
      "required",      "type",    "uniqueItems"};
  return std::find(std::begin(kConstraints), std::end(kConstraints), keyword) != std::end(kConstraints);
}

/// The keywords whose value is a count.
bool is_count(std::string_view keyword) {
  return (keyword.starts_with("max") || keyword.starts_with("min")) && keyword != "maximum" && keyword != "minimum";
}

/// A count as the library reads it: 2.0 is 2, and what no text and no list can have is the most that it knows.
Json count(const Tree& tree, NodeId id) {
  constexpr int64_t kMost = INT64_MAX;
  const Json value = to_json_value(tree, id);
  if (!value.is_number_float() || !(value.get<double>() >= 0)) return value;
  return value.get<double>() < static_cast<double>(kMost) ? value.get<int64_t>() : kMost;
}

class Bundler {
 public:
  Bundler(SchemaDocuments& documents, SchemaBundle& out) : documents_(documents), out_(out) {}

  void run(SchemaNode root) {
    part_of(root);
    Json definitions = Json::object();
    for (size_t i = 0; i < out_.parts.size(); ++i) {  // grows meanwhile
      if (out_.parts.size() > kMostParts) {
        Diagnostic diagnostic;
        diagnostic.code = "schema-too-large";
        diagnostic.message = fmt::format("the schema has more than {} subschemas", kMostParts);
        diagnostic.labels.push_back({documents_.document(root).begin, 1, {}});
        throw ConfigError(std::move(diagnostic));
      }
      out_.properties.emplace_back();
      Json definition = define(out_.parts[i]);
      definition["title"] = std::to_string(i);
      definitions[std::to_string(i)] = std::move(definition);
    }
    if (!problems_.empty()) throw ConfigError(std::move(problems_));
    out_.document = {{"title", ""}, {"allOf", Json::array({reference(0)})}, {"definitions", std::move(definitions)}};
  }

 private:
  static Json reference(size_t part) { return {{"$ref", fmt::format("#/definitions/{}", part)}}; }

  /// Where a chain of references ends. \param way what it passes
  SchemaNode follow_references(SchemaNode at, std::vector<SchemaNode>& way) {
    while (documents_.node(at).kind == NodeKind::kMap) {
      const Tree& tree = documents_.tree(at);
      const NodeId written = tree.find(at.node, "$ref");
      if (written == kNoNode || tree[written].kind == NodeKind::kMap) break;  // a property may be named so
      const Node& text = tree[written];
      const auto [end, is_new] = ends_.try_emplace(at);
      if (!is_new && end->second) return *end->second;
      if (!is_new) {
        Diagnostic diagnostic;
        diagnostic.code = "schema-reference-loop";
        diagnostic.message = fmt::format("the reference '{}' leads back to itself", text.text());
        diagnostic.labels.push_back({text.pos, static_cast<uint32_t>(text.length), {}});
        throw ConfigError(std::move(diagnostic));
      }
      way.push_back(at);
      at = documents_.resolve(at, std::string(text.is_text() ? text.text() : ""), text.pos);
    }
    return at;
  }

  size_t part_of(SchemaNode at) {
    std::vector<SchemaNode> way;
    try {
      at = follow_references(at, way);
    } catch (const ConfigError& error) {
      problems_.insert(problems_.end(), error.diagnostics().begin(), error.diagnostics().end());
      if (out_.parts.empty()) return 0;
      at = out_.parts.front();  // whatever else leads there: it is said
    }
    for (const SchemaNode passed : way)
      ends_[passed] = at;
    const auto [entry, added] = numbers_.try_emplace(at, out_.parts.size());
    if (added) out_.parts.push_back(at);
    return entry->second;
  }

  Json define(SchemaNode at) {
    const Tree& tree = documents_.tree(at);
    const Node& node = tree[at.node];
    Json out = Json::object();
    // `false`; its title is what finds the part again.
    if (node.kind == NodeKind::kBool && !node.boolean) out["not"] = Json::object();
    if (node.kind != NodeKind::kMap && node.kind != NodeKind::kBool)
      refuse(node.pos, "it must be a mapping or a boolean");
    if (node.kind != NodeKind::kMap) return out;
    for (const NodeId child : tree.children(at.node)) {
      const std::string keyword(tree[child].key().text);
      const SchemaMember member = schema_member(keyword);
      if (member != SchemaMember::kNone && keyword != "definitions") {
        out[keyword] = define_member({at.document, child}, member);
        if (keyword == "properties") note_properties({at.document, child});
        if (keyword == "patternProperties") {
          for (const NodeId pattern : tree.children(child))
            compile(tree[pattern].key().text, tree[pattern].key_pos);
        }
      } else if (is_constraint(keyword)) {
        out[keyword] = is_count(keyword) ? count(tree, child) : to_json_value(tree, child);
        if (keyword == "required") refuse_nul(tree, child);
        if (keyword == "pattern" && tree[child].is_text()) compile(tree[child].text(), tree[child].pos);
      }
    }
    return out;
  }

  Json define_member(SchemaNode at, SchemaMember member) {
    const Tree& tree = documents_.tree(at);
    const bool is_list = tree[at.node].kind == NodeKind::kList;
    if (member == SchemaMember::kSchema || (member == SchemaMember::kItems && !is_list)) return reference(part_of(at));
    Json out = is_list ? Json::array() : Json::object();
    if (!is_list) refuse_nul(tree, at.node);
    for (const NodeId child : tree.children(at.node)) {
      const bool names = member == SchemaMember::kDependencies && tree[child].kind == NodeKind::kList;
      Json value = names ? to_json_value(tree, child) : reference(part_of({at.document, child}));
      if (names) refuse_nul(tree, child);
      if (is_list) {
        out.push_back(std::move(value));
      } else {
        out[std::string(tree[child].key().text)] = std::move(value);
      }
    }
    return out;
  }

  /// Of the part that is being defined, which is the last that has any.
  void note_properties(SchemaNode properties) {
    for (const NodeId child : documents_.tree(properties).children(properties.node)) {
      const auto part = static_cast<uint32_t>(part_of({properties.document, child}));
      out_.properties.back().push_back({child, part});
    }
  }

  /// The library's names end at a NUL. \param list of names, or what has them as keys
  void refuse_nul(const Tree& tree, NodeId list) {
    for (const NodeId child : tree.children(list)) {
      const Node& node = tree[child];
      const bool is_key = tree[list].kind == NodeKind::kMap;
      const std::string_view name = is_key ? node.key().text : node.is_text() ? node.text() : std::string_view();
      if (name.find('\0') != std::string_view::npos)
        refuse(is_key ? node.key_pos : node.pos, "a name may not have a NUL");
    }
  }

  void compile(std::string_view pattern, SourcePos pos) {
    // As above.
    if (pattern.find('\0') != std::string_view::npos)
      return refuse(pos, "a pattern may not have a NUL; \\u0000 is one");
    std::shared_ptr<const SchemaPattern>& compiled = out_.patterns[std::string(pattern)];
    SchemaPattern::Fault fault;
    if (!compiled) compiled = SchemaPattern::compile(pattern, &fault);
    if (compiled) return;
    Diagnostic diagnostic;
    diagnostic.code = "schema-pattern";
    diagnostic.message =
        fmt::format("the pattern '{}' is wrong at byte {}: {}", shortened(pattern), fault.offset + 1, fault.message);
    diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(pattern.size(), 1)), {}});
    problems_.push_back(std::move(diagnostic));
  }

  void refuse(SourcePos pos, std::string_view what) {
    Diagnostic diagnostic;
    diagnostic.code = "schema-invalid";
    diagnostic.message = fmt::format("this is no schema: {}", what);
    diagnostic.labels.push_back({pos, 1, {}});
    problems_.push_back(std::move(diagnostic));
  }

  SchemaDocuments& documents_;
  SchemaBundle& out_;
  std::map<SchemaNode, size_t> numbers_;
  std::map<SchemaNode, std::optional<SchemaNode>> ends_;  // of what has a reference; none yet while it is followed
  std::vector<Diagnostic> problems_;
};

}  // namespace

SchemaBundle bundle_schema(SchemaDocuments& documents, SchemaNode root) {
  SchemaBundle bundle;
  Bundler(documents, bundle).run(root);
  return bundle;
}

}  // namespace cfgtool
