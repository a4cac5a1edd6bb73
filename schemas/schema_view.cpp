#include "schemas/schema_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/emit.hpp"
#include "config_engine/yaml_writer.hpp"
#include "schemas/markdown.hpp"

namespace cfgtool {

namespace {

constexpr size_t kLongestValue = 100;
constexpr size_t kMostListed = 40;
/// Of one value; a schema of more was not written for people.
constexpr size_t kMostFacets = 1'000;

void add_once(std::vector<std::string>& words, std::string word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
}

/// JSON Schema's name of a type as a person who writes YAML says it.
std::string type_in_words(std::string_view type) {
  return type == "object" ? "mapping" : type == "array" ? "list" : std::string(type);
}

const char* type_of_value(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return "boolean";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return "integer";
    case NodeKind::kFloat:
      return "number";
    case NodeKind::kMap:
      return "object";
    case NodeKind::kList:
      return "array";
    default:
      return "string";
  }
}

/// Puts a limit into words: `{}` is its number, `s` that of a plural.
struct Limit {
  const char* keyword;
  const char* words;
};
constexpr Limit kLimits[] = {
    {"minimum", "≥ {}"},
    {"exclusiveMinimum", "> {}"},
    {"maximum", "≤ {}"},
    {"exclusiveMaximum", "< {}"},
    {"multipleOf", "a multiple of {}"},
    {"minLength", "length ≥ {}"},
    {"maxLength", "length ≤ {}"},
    {"minItems", "items ≥ {}"},
    {"maxItems", "items ≤ {}"},
    {"minProperties", "keys ≥ {}"},
    {"maxProperties", "keys ≤ {}"},
};

}  // namespace

std::string value_on_a_line(const Tree& tree, NodeId id) {
  std::string text;
  if (tree[id].kind == NodeKind::kString) {
    text = write_yaml(tree, id);
    if (text.ends_with("\n...\n")) text.resize(text.size() - 4);
    text.pop_back();
    if (text.find('\n') != std::string::npos) text = write_json(tree, id);
  } else {
    text = tree[id].is_text() ? std::string(tree[id].text()) : write_json(tree, id);
  }
  if (text.size() <= kLongestValue) return text;
  size_t end = kLongestValue;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end) + "…";
}

SchemaView::SchemaView(SchemaDocuments& documents, const std::vector<SchemaFacet>& schemas) : documents_(documents) {
  for (const SchemaFacet& schema : schemas)
    add(schema);
}

NodeId SchemaView::find(const SchemaFacet& facet, std::string_view keyword) const {
  return documents_.tree(facet.node).find(facet.node.node, Key(keyword));
}

void SchemaView::add(const SchemaFacet& facet) {
  const bool is_known =
      std::any_of(facets_.begin(), facets_.end(), [&](const SchemaFacet& other) { return other.node == facet.node; });
  if (is_known || facets_.size() >= kMostFacets || documents_.node(facet.node).kind != NodeKind::kMap) return;
  facets_.push_back(facet);
  const Tree& tree = documents_.tree(facet.node);
  const auto inner = [&](NodeId node) {
    return SchemaFacet{{facet.node.document, node}, facet.condition, facet.is_alternative};
  };
  const NodeId reference = find(facet, "$ref");
  if (reference != kNoNode && tree[reference].is_text()) {
    facets_.back().only_annotations = true;
    SchemaFacet target = facet;
    target.node = documents_.resolve(facet.node, std::string(tree[reference].text()), tree[reference].pos);
    add(target);
    return;
  }
  for (const NodeId child : tree.children(facet.node.node)) {
    const std::string_view keyword = tree[child].key().text;
    if (keyword == "allOf") {
      for (const NodeId part : tree.children(child))
        add(inner(part));
    } else if (keyword == "anyOf" || keyword == "oneOf") {
      add_alternatives(facet, child);
    } else if (keyword == "then" || keyword == "else") {
      SchemaFacet part = inner(child);
      part.condition = "in some cases";
      part.is_alternative = true;
      add(part);
    } else if (keyword == "dependencies") {
      for (const NodeId part : tree.children(child)) {
        SchemaFacet dependent = inner(part);
        dependent.condition = fmt::format("beside {}", markdown_code(tree[part].key().text));
        add(dependent);
      }
    }
  }
}

bool SchemaView::allows_null_only(const SchemaFacet& facet) const {
  return types_of(facet) == std::vector<std::string>{"null"};
}

void SchemaView::add_alternatives(const SchemaFacet& facet, NodeId list) {
  std::vector<SchemaFacet> alternatives;
  for (const NodeId child : documents_.tree(facet.node).children(list))
    alternatives.push_back({{facet.node.document, child}, facet.condition, true});
  const auto nulls = std::count_if(alternatives.begin(), alternatives.end(),
                                   [&](const SchemaFacet& alternative) { return allows_null_only(alternative); });
  const size_t others = alternatives.size() - static_cast<size_t>(nulls);
  size_t number = 0;
  for (SchemaFacet& alternative : alternatives) {
    if (others > 1 && !allows_null_only(alternative))
      alternative.condition = fmt::format("alternative {} of {}", ++number, others);
    add(alternative);
  }
}

SchemaNode SchemaView::annotation(std::string_view keyword) const {
  for (const bool of_alternatives : {false, true}) {
    for (const SchemaFacet& facet : facets_) {
      const NodeId found = find(facet, keyword);
      if (facet.is_alternative == of_alternatives && found != kNoNode) return {facet.node.document, found};
    }
  }
  return {};
}

std::string_view SchemaView::text(std::string_view keyword) const {
  const SchemaNode found = annotation(keyword);
  return found.node != kNoNode && documents_.node(found).is_text() ? documents_.node(found).text() : std::string_view();
}

bool SchemaView::flag(std::string_view keyword) const {
  const SchemaNode found = annotation(keyword);
  return found.node != kNoNode && documents_.node(found).kind == NodeKind::kBool && documents_.node(found).boolean;
}

// --- Types and values ---

std::vector<std::string> SchemaView::types_of(const SchemaFacet& facet) const {
  std::vector<std::string> types;
  if (facet.only_annotations) return types;
  const Tree& tree = documents_.tree(facet.node);
  const NodeId type = find(facet, "type");
  if (type != kNoNode && tree[type].is_text()) types.emplace_back(tree[type].text());
  if (type != kNoNode) {
    for (const NodeId item : tree.children(type))
      types.emplace_back(tree[item].text());
  }
  if (!types.empty()) return types;
  const NodeId listed = find(facet, "enum");
  if (listed != kNoNode) {
    for (const NodeId value : tree.children(listed))
      add_once(types, type_of_value(tree[value]));
    return types;
  }
  const NodeId only = find(facet, "const");
  if (only != kNoNode) types.emplace_back(type_of_value(tree[only]));
  if (find(facet, "properties") != kNoNode) types.emplace_back("object");
  if (find(facet, "items") != kNoNode) types.emplace_back("array");
  return types;
}

std::string SchemaView::type() const {
  std::vector<std::string> words;
  for (const bool of_alternatives : {false, true}) {
    for (const SchemaFacet& facet : facets_) {
      if (facet.is_alternative != of_alternatives || (!of_alternatives && !words.empty())) continue;
      for (const std::string& type : types_of(facet))
        add_once(words, type_in_words(type));
    }
    if (!words.empty()) break;
  }
  // null is said last.
  std::stable_partition(words.begin(), words.end(), [](const std::string& word) { return word != "null"; });
  const std::vector<SchemaFacet> item = items();
  const auto list = std::find(words.begin(), words.end(), "list");
  if (item.size() == 1 && list != words.end()) {
    const SchemaView inner(documents_, item);
    // Lists of lists of lists … may have no end.
    const std::string of = inner.items().empty() ? inner.type() : "lists";
    if (of != "any") *list += " of " + of;
  }
  return words.empty() ? "any" : fmt::format("{}", fmt::join(words, " or "));
}

std::string SchemaView::allowed_of(const SchemaFacet& facet) const {
  std::vector<std::string> words;
  if (facet.only_annotations) return {};
  const Tree& tree = documents_.tree(facet.node);
  const NodeId listed = find(facet, "enum");
  if (listed != kNoNode) {
    for (const NodeId value : tree.children(listed)) {
      if (words.size() < kMostListed) words.push_back(markdown_code(value_on_a_line(tree, value)));
    }
    if (tree[listed].length > kMostListed) words.push_back(fmt::format("… ({} in all)", tree[listed].length));
  }
  const NodeId only = find(facet, "const");
  if (only != kNoNode) words.push_back("only " + markdown_code(value_on_a_line(tree, only)));
  for (const Limit& limit : kLimits) {
    const NodeId number = find(facet, limit.keyword);
    if (number != kNoNode) words.push_back(fmt::format(fmt::runtime(limit.words), write_json(tree, number)));
  }
  for (const char* keyword : {"pattern", "format"}) {
    const NodeId text = find(facet, keyword);
    if (text != kNoNode && tree[text].is_text())
      words.push_back(fmt::format("{} {}", keyword, markdown_code(tree[text].text())));
  }
  const NodeId unique = find(facet, "uniqueItems");
  if (unique != kNoNode && tree[unique].kind == NodeKind::kBool && tree[unique].boolean)
    words.emplace_back("no item twice");
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string SchemaView::allowed() const {
  std::vector<std::string> always, alternatives;
  for (const SchemaFacet& facet : facets_) {
    std::string words = allowed_of(facet);
    if (words.empty()) continue;
    if (!facet.is_alternative) {
      add_once(always, std::move(words));
      continue;
    }
    std::vector<std::string> types = types_of(facet);
    std::transform(types.begin(), types.end(), types.begin(), type_in_words);
    add_once(alternatives, types.empty() ? words : fmt::format("{}: {}", fmt::join(types, " or "), words));
  }
  if (!alternatives.empty()) always.push_back(fmt::format("{}", fmt::join(alternatives, "; or ")));
  const std::vector<SchemaFacet> item = items();
  if (item.size() == 1) {
    const SchemaView inner(documents_, item);
    const std::string each = inner.items().empty() ? inner.allowed() : std::string();
    if (!each.empty()) always.push_back("each: " + each);
  }
  return fmt::format("{}", fmt::join(always, ", "));
}

// --- Parts ---

void SchemaView::add_member(std::vector<Member>& members, const SchemaFacet& facet, NodeId schema,
                            std::string_view name) const {
  auto member = std::find_if(members.begin(), members.end(), [&](const Member& other) { return other.name == name; });
  if (member == members.end()) {
    members.push_back({std::string(name), {}, facet.condition});
    member = members.end() - 1;
  } else if (facet.condition.empty()) {
    member->condition.clear();
  } else if (!member->condition.empty()) {
    member->condition += ", " + facet.condition;
  }
  member->schemas.push_back({{facet.node.document, schema}, facet.condition, !facet.condition.empty()});
}

void SchemaView::add_required(std::vector<Member>& members, const SchemaFacet& facet) const {
  const NodeId required = find(facet, "required");
  if (required == kNoNode) return;
  const Tree& tree = documents_.tree(facet.node);
  for (const NodeId name : tree.children(required)) {
    if (!tree[name].is_text()) continue;
    auto member = std::find_if(members.begin(), members.end(),
                               [&](const Member& other) { return other.name == tree[name].text(); });
    if (member == members.end()) {
      members.push_back({std::string(tree[name].text())});
      member = members.end() - 1;
    }
    if (facet.condition.empty()) {
      member->required = "yes";
    } else if (member->required.empty()) {
      member->required = facet.condition;
    }
  }
}

std::vector<SchemaView::Member> SchemaView::members() const {
  std::vector<Member> members, patterns;
  for (const SchemaFacet& facet : facets_) {
    if (facet.only_annotations) continue;
    const Tree& tree = documents_.tree(facet.node);
    for (const NodeId child : tree.children(facet.node.node)) {
      const std::string_view keyword = tree[child].key().text;
      if (keyword == "properties" || keyword == "patternProperties") {
        for (const NodeId schema : tree.children(child))
          add_member(keyword == "properties" ? members : patterns, facet, schema, tree[schema].key().text);
      } else if (keyword == "additionalProperties" && tree[child].kind == NodeKind::kMap && tree[child].length > 0) {
        add_member(patterns, facet, child, "*");
      }
    }
  }
  for (const SchemaFacet& facet : facets_) {
    if (!facet.only_annotations) add_required(members, facet);
  }
  // Said last, as it holds for what is left.
  std::stable_partition(patterns.begin(), patterns.end(), [](const Member& member) { return member.name != "*"; });
  std::move(patterns.begin(), patterns.end(), std::back_inserter(members));
  for (Member& member : members) {
    if (member.schemas.size() == 1) member.schemas[0] = {member.schemas[0].node};
  }
  return members;
}

bool SchemaView::is_closed() const {
  return std::any_of(facets_.begin(), facets_.end(), [&](const SchemaFacet& facet) {
    const NodeId others = facet.only_annotations ? kNoNode : find(facet, "additionalProperties");
    return facet.condition.empty() && others != kNoNode && node(facet, others).kind == NodeKind::kBool &&
           !node(facet, others).boolean;
  });
}

std::vector<SchemaFacet> SchemaView::items() const {
  for (const SchemaFacet& facet : facets_) {
    const NodeId items = facet.only_annotations ? kNoNode : find(facet, "items");
    if (items == kNoNode) continue;
    if (node(facet, items).kind != NodeKind::kList) return {{{facet.node.document, items}}};
    std::vector<SchemaFacet> each;
    for (const NodeId item : documents_.tree(facet.node).children(items))
      each.push_back({{facet.node.document, item}});
    return each;
  }
  return {};
}

std::vector<SchemaNode> SchemaView::naming_parts() const {
  std::vector<SchemaNode> parts;
  for (const SchemaFacet& facet : facets_) {
    if (facet.only_annotations) continue;
    const NodeId others = find(facet, "additionalProperties");
    const bool names_others =
        others != kNoNode && node(facet, others).kind == NodeKind::kMap && node(facet, others).length > 0;
    if (names_others || find(facet, "properties") != kNoNode || find(facet, "patternProperties") != kNoNode)
      parts.push_back(facet.node);
  }
  return parts;
}

}  // namespace cfgtool
