#include "schemas/value_shape.hpp"

#include <algorithm>

#include "schemas/key_comment.hpp"

namespace cfgtool {

ValueShape::Kind ValueShape::kind_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return kNull;
    case NodeKind::kBool:
      return kBoolean;
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return kInteger;
    case NodeKind::kFloat:
      return kNumber;
    case NodeKind::kString:
      return kString;
    case NodeKind::kList:
      return kArray;
    case NodeKind::kMap:
      return kObject;
    case NodeKind::kBytes:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      break;
  }
  return kUnknown;
}

void ValueShape::see(const SeenTree& seen, NodeId id) {
  const Node& node = seen.tree[id];
  ++times_;
  if (description_.empty()) description_ = key_comment(seen.sources, seen.tree, id);
  // Nobody said yet what it will be; elsewhere somebody may.
  if (node.kind == NodeKind::kMissing) return;
  has_[kind_of(node)] = true;
  if (node.kind == NodeKind::kString) {
    see_text(seen, node);
  } else if (node.kind == NodeKind::kMap) {
    see_mapping(seen, id);
  }
  if (node.kind != NodeKind::kList) return;
  if (!items_) items_ = std::make_unique<ValueShape>();
  for (const NodeId item : seen.tree.children(id))
    items_->see(seen, item);
}

void ValueShape::see_text(const SeenTree& seen, const Node& node) {
  if (naming_groups_ && naming_groups_->empty()) return;
  std::set<std::string> groups;
  for (const auto& [group, option] : seen.choices) {
    if (option == node.text() && (!naming_groups_ || naming_groups_->count(group) != 0)) groups.insert(group);
  }
  naming_groups_ = std::move(groups);
  texts_.emplace(node.text());
  if (naming_groups_->empty()) texts_.clear();
}

void ValueShape::see_mapping(const SeenTree& seen, NodeId id) {
  ++mappings_;
  for (const NodeId child : seen.tree.children(id)) {
    const Key key = seen.tree[child].key();
    if (key.kind != KeyKind::kString) {
      if (!unnameable_) unnameable_ = std::make_unique<ValueShape>();
      unnameable_->see(seen, child);
      continue;
    }
    const auto [place, is_new] = member_index_.try_emplace(std::string(key.text), members_.size());
    if (is_new) members_.push_back({std::string(key.text), std::make_unique<ValueShape>()});
    members_[place->second].shape->see(seen, child);
  }
}

std::vector<std::string> ValueShape::types() const {
  static constexpr const char* kNames[] = {"boolean", "integer", "number", "string", "null", "array", "object"};
  std::vector<std::string> types;
  bool is_known = false;
  for (size_t kind = 0; kind < kUnknown; ++kind) {
    if (!has_[kind] || (kind == kInteger && has_[kNumber])) continue;
    is_known |= kind != kNull;
    types.emplace_back(kNames[kind]);
  }
  // A key that is null wherever it was seen waits for something else.
  if (!is_known || has_[kUnknown]) types.clear();
  return types;
}

std::vector<std::string> ValueShape::option_names(const std::vector<GroupChoices>& groups) const {
  if (texts_.size() < 2 || types() != std::vector<std::string>{"string"}) return {};
  for (const GroupChoices& group : groups) {
    const bool has_all_names = std::equal(texts_.begin(), texts_.end(), group.options.begin(), group.options.end());
    if (naming_groups_->count(group.key) != 0 && has_all_names) return group.options;
  }
  return {};
}

}  // namespace cfgtool
