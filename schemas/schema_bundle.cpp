#include "schemas/schema_bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "schemas/schema_constraints.hpp"
#include "schemas/schema_words.hpp"

namespace cfgtool {

namespace {

constexpr size_t kMostParts = 50'000;
constexpr size_t kMostProblems = 100;

class Bundler {
 public:
  Bundler(SchemaDocuments& documents, SchemaBundle& out) : documents_(documents), out_(out) {}

  void run(SchemaNode root) {
    part_of(root);
    for (size_t i = 0; i < out_.parts.size(); ++i) {  // grows meanwhile
      if (out_.parts.size() > kMostParts) {
        Diagnostic diagnostic;
        diagnostic.code = "schema-too-large";
        diagnostic.message = fmt::format("the schema has more than {} subschemas", kMostParts);
        diagnostic.labels.push_back({documents_.document(root).begin, 1, {}});
        throw ConfigError(std::move(diagnostic));
      }
      out_.properties.emplace_back();
      look_through(SchemaNode(out_.parts[i]));  // a copy: they grow
    }
    if (!problems_.empty()) throw ConfigError(std::move(problems_));
    const auto constraints = std::make_shared<SchemaConstraints>(documents_);
    for (const SchemaNode part : out_.parts)
      constraints->add_part(part);
    constraints->set_numbers(std::move(numbers_));
    out_.constraints = constraints;
  }

 private:
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

  uint32_t part_of(SchemaNode at) {
    const auto known = numbers_.find(at);
    if (known != numbers_.end()) return known->second;
    std::vector<SchemaNode> way;
    try {
      at = follow_references(at, way);
    } catch (const ConfigError& error) {
      for (const Diagnostic& problem : error.diagnostics())
        note(problem);
      if (out_.parts.empty()) return 0;
      at = out_.parts.front();  // whatever else leads there: it is said
    }
    for (const SchemaNode passed : way)
      ends_[passed] = at;
    const auto [entry, added] = numbers_.try_emplace(at, static_cast<uint32_t>(out_.parts.size()));
    if (added) out_.parts.push_back(at);
    const uint32_t number = entry->second;
    if (!way.empty()) out_.referred.push_back(at);
    for (const SchemaNode passed : way)
      numbers_[passed] = number;
    return number;
  }

  /// Finds the subschemas in it, compiles its patterns, and says what the meta-schema and the library would not.
  void look_through(SchemaNode at) {
    const Tree& tree = documents_.tree(at);
    const Node& node = tree[at.node];
    if (node.kind != NodeKind::kMap && node.kind != NodeKind::kBool)
      refuse(node.pos, "it must be a mapping or a boolean");
    if (node.kind != NodeKind::kMap) return;
    for (const NodeId child : tree.children(at.node)) {
      const std::string_view keyword = tree[child].key().text;
      const SchemaMember member = schema_member(keyword);
      if (member != SchemaMember::kNone && keyword != "definitions") {
        look_through_member({at.document, child}, member);
        if (keyword == "properties") note_properties({at.document, child});
        if (keyword == "patternProperties") {
          for (const NodeId pattern : tree.children(child))
            compile(tree[pattern].key().text, tree[pattern].key_pos);
        }
      } else if (keyword == "required") {
        refuse_nul(tree, child);
      } else if (keyword == "pattern" && tree[child].is_text()) {
        compile(tree[child].text(), tree[child].pos);
      }
    }
  }

  void look_through_member(SchemaNode at, SchemaMember member) {
    const Tree& tree = documents_.tree(at);
    const bool is_list = tree[at.node].kind == NodeKind::kList;
    if (member == SchemaMember::kSchema || (member == SchemaMember::kItems && !is_list)) {
      part_of(at);
      return;
    }
    if (!is_list) refuse_nul(tree, at.node);
    for (const NodeId child : tree.children(at.node)) {
      if (member == SchemaMember::kDependencies && tree[child].kind == NodeKind::kList) {
        refuse_nul(tree, child);
      } else {
        part_of({at.document, child});
      }
    }
  }

  /// Of the part that is being looked through, which is the last that has any.
  void note_properties(SchemaNode properties) {
    for (const NodeId child : documents_.tree(properties).children(properties.node)) {
      out_.properties.back().push_back({child, part_of({properties.document, child})});
    }
  }

  /// As many as people would read.
  void note(Diagnostic problem) {
    problems_.push_back(std::move(problem));
    if (problems_.size() == kMostProblems) throw ConfigError(std::move(problems_));
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
    note(std::move(diagnostic));
  }

  void refuse(SourcePos pos, std::string_view what) {
    Diagnostic diagnostic;
    diagnostic.code = "schema-invalid";
    diagnostic.message = fmt::format("this is no schema: {}", what);
    diagnostic.labels.push_back({pos, 1, {}});
    note(std::move(diagnostic));
  }

  SchemaDocuments& documents_;
  SchemaBundle& out_;
  SchemaConstraints::Numbers numbers_;
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
