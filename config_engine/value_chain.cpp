#include "config_engine/value_chain.hpp"

#include <algorithm>

#include "config_engine/key_path.hpp"
#include "config_engine/provenance.hpp"

namespace cfgtool {

namespace {

class ChainReader {
 public:
  ChainReader(const Composition& composition, const Tree& tree, NodeId node) : composition_(composition), tree_(tree) {
    for (NodeId at = node; at != tree.root(); at = tree[at].parent)
      way_.push_back(at);
    std::reverse(way_.begin(), way_.end());
  }

  std::vector<ChainLink> read() {
    Steps steps;
    for (size_t depth = 0; depth < way_.size(); ++depth) {
      before(way_[depth], depth, steps);
      if (depth + 1 == way_.size()) add(tree_[way_[depth]].pos, tree_.step(way_[depth]), depth);
    }
    return std::move(chain_);
  }

 private:
  /// Deletions count between these two: earlier ones are told of what was there before, later ones of what holds now.
  struct Steps {
    uint32_t after = 0;
    uint32_t before = UINT32_MAX;
  };

  void add(SourcePos pos, uint32_t step, size_t depth, bool is_deletion = false) {
    chain_.push_back({pos, step, dotted_path(tree_, way_[depth]), is_deletion});
  }
  bool is_deletion_of(const DeletedValue& deleted, size_t depth) const;
  void deletions(size_t depth, Steps& steps);
  void before(NodeId node, size_t depth, Steps& steps);
  void gone(NodeId node, size_t depth, Steps steps);
  void gone_value(bool is_map, SourcePos pos, uint32_t step, NodeId first_child, size_t depth, Steps steps);

  const Composition& composition_;
  const Tree& tree_;
  std::vector<NodeId> way_;  // to the value, from below the root
  std::vector<ChainLink> chain_;
};

bool ChainReader::is_deletion_of(const DeletedValue& deleted, size_t depth) const {
  const std::vector<std::string_view> parts = split_key(deleted.key);
  if (&tree_ != &composition_.tree || parts.size() != depth + 1) return false;
  for (size_t i = 0; i <= depth; ++i) {
    const Node& node = tree_[way_[i]];
    const bool in_list = tree_[node.parent].kind == NodeKind::kList;
    if (parts[i] != (in_list ? std::to_string(tree_.index_of(way_[i])) : node.key().text)) return false;
  }
  return true;
}

/// What stood there and was deleted.
void ChainReader::deletions(size_t depth, Steps& steps) {
  for (const DeletedValue& deleted : composition_.deleted) {
    if (deleted.step <= steps.after || deleted.step >= steps.before || !is_deletion_of(deleted, depth)) continue;
    gone(deleted.node, depth, {steps.after, deleted.step});
    add(deleted.pos, deleted.step, depth, true);
    steps.after = deleted.step;
  }
}

/// What stood there before the value of `node` did.
void ChainReader::before(NodeId node, size_t depth, Steps& steps) {
  deletions(depth, steps);
  std::vector<EarlierValue> earlier = tree_.earlier(node);
  std::reverse(earlier.begin(), earlier.end());
  for (const EarlierValue& value : earlier) {
    gone_value(value.is_map, value.pos, value.step, value.first_child, depth, {steps.after, value.replaced_by});
    steps.after = value.replaced_by;
  }
}

void ChainReader::gone(NodeId node, size_t depth, Steps steps) {
  before(node, depth, steps);
  const bool is_map = tree_[node].kind == NodeKind::kMap;
  gone_value(is_map, tree_[node].pos, tree_.step(node), is_map ? tree_[node].child.first : kNoNode, depth, steps);
}

void ChainReader::gone_value(bool is_map, SourcePos pos, uint32_t step, NodeId first_child, size_t depth, Steps steps) {
  if (!is_map || depth + 1 == way_.size()) {
    add(pos, step, depth);
    return;
  }
  NodeId child = first_child;
  while (child != kNoNode && !(tree_[child].key() == tree_[way_[depth + 1]].key()))
    child = tree_[child].next;
  if (child != kNoNode) {
    gone(child, depth + 1, steps);
  } else {
    deletions(depth + 1, steps);
  }
}

}  // namespace

std::vector<ChainLink> value_chain(const Composition& composition, const Tree& tree, NodeId node) {
  return ChainReader(composition, tree, node).read();
}

}  // namespace cfgtool
