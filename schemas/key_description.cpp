#include "schemas/key_description.hpp"

#include <algorithm>

#include "schemas/schema_compiled.hpp"
#include "schemas/schema_pattern.hpp"
#include "schemas/schema_view.hpp"

namespace cfgtool {

namespace {

bool matches(const Schema::Compiled& schema, const std::string& pattern, std::string_view key) {
  constexpr size_t kMostSteps = 1'000'000;
  const auto found = schema.patterns.find(pattern);
  size_t steps = kMostSteps;
  return found != schema.patterns.end() && found->second && found->second->found_in(key, steps).value_or(false);
}

/// What is said of one key of the mapping that `view` is of.
std::vector<SchemaFacet> member_of(const Schema::Compiled& schema, const SchemaView& view, std::string_view key) {
  const std::vector<SchemaView::Member> members = view.members();
  const auto named = std::ranges::find_if(members, [&](const auto& member) { return member.name == key; });
  if (named != members.end()) return named->schemas;
  const auto fitting = std::ranges::find_if(
      members, [&](const auto& member) { return member.name == "*" || matches(schema, member.name, key); });
  return fitting == members.end() ? std::vector<SchemaFacet>() : fitting->schemas;
}

/// What is said of one item of a list: the same of each, or something else of the first few.
std::vector<SchemaFacet> item_of(const SchemaView& view, size_t index) {
  const std::vector<SchemaFacet> items = view.items();
  if (items.size() == 1) return items;
  return index < items.size() ? std::vector<SchemaFacet>{items[index]} : std::vector<SchemaFacet>();
}

}  // namespace

std::string key_description(const Schema& schema, const Tree& tree, NodeId node) {
  std::vector<NodeId> way;
  for (; node != tree.root(); node = tree[node].parent)
    way.push_back(node);
  const Schema::Compiled& compiled = schema.compiled();
  std::vector<SchemaFacet> facets{{compiled.root}};
  for (auto step = way.rbegin(); step != way.rend() && !facets.empty(); ++step) {
    const SchemaView view(*compiled.documents, facets);
    const bool in_list = tree[tree[*step].parent].kind == NodeKind::kList;
    facets = in_list ? item_of(view, tree.index_of(*step)) : member_of(compiled, view, tree[*step].key().text);
  }
  const SchemaView view(*compiled.documents, facets);
  std::string words(view.text("description").empty() ? view.text("title") : view.text("description"));
  while (words.ends_with('\n'))
    words.pop_back();
  std::ranges::replace(words, '\n', ' ');
  return words;
}

}  // namespace cfgtool
