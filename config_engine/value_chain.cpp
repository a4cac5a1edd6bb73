#include "config_engine/value_chain.hpp"

#include <algorithm>
#include <map>

#include "config_engine/key_path.hpp"
#include "config_engine/provenance.hpp"

namespace cfgtool {

namespace {

using ChainsByNode = std::map<NodeId, std::vector<ChainLink>>;

class ChainReader {
 public:
  /// \param known chains that were read on the way; grows
  ChainReader(const Composition& composition, const Tree& tree, NodeId node, ChainsByNode& known)
      : composition_(composition), tree_(tree), known_(known) {
    for (NodeId at = node; at != tree.root(); at = tree[at].parent)
      way_.push_back(at);
    std::reverse(way_.begin(), way_.end());
  }

  std::vector<ChainLink> read() {
    Steps steps;
    for (size_t depth = 0; depth + 1 < way_.size(); ++depth)
      before(way_[depth], depth, steps);
    if (!way_.empty()) add_last(steps);
    return std::move(chain_);
  }

 private:
  /// Deletions count between these two: earlier ones are told of what was there before, later ones of what holds now.
  struct Steps {
    uint32_t after = 0;
    uint32_t before = UINT32_MAX;
  };

  void add(NodeId node, SourcePos pos, uint32_t step, size_t depth) {
    const std::string home = home_key(depth, pos);
    chain_.push_back({pos, step, home.empty() ? dotted_path(tree_, way_[depth]) : home, node, false});
  }
  std::string home_key(size_t depth, SourcePos pos) const;
  bool is_deletion_of(const DeletedValue& deleted, size_t depth) const;
  void deletions(size_t depth, Steps& steps);
  void add_last(Steps& steps);
  void before(NodeId node, size_t depth, Steps& steps, size_t oldest = 0, size_t newest = 0);
  /// Of a node that is gone: what it held at last.
  EarlierValue last_value(NodeId node) const {
    const Node& gone = tree_[node];
    return {gone.pos, tree_.step(node), 0, gone.kind, gone.is_container() ? gone.child.first : kNoNode};
  }
  void gone(NodeId node, size_t depth, Steps steps);
  void gone_value(NodeId node, const EarlierValue& value, size_t depth, Steps steps);
  void gone_item(NodeId first_item, size_t depth, Steps steps, uint32_t list_step);

  const Composition& composition_;
  const Tree& tree_;
  ChainsByNode& known_;
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

/// Where the value at `pos` was copied from, if an interpolation above it was replaced by what it led to.
std::string ChainReader::home_key(size_t depth, SourcePos pos) const {
  for (size_t above = 0; above < depth; ++above) {
    NodeId home = tree_.copied_from(way_[above]);
    for (size_t i = above + 1; i <= depth && home != kNoNode; ++i) {
      const bool in_list = tree_[home].kind == NodeKind::kList;
      home = in_list ? tree_.item(home, tree_.index_of(way_[i])) : tree_.find(home, tree_[way_[i]].key());
    }
    if (home == kNoNode) continue;
    // That may be a copy in turn, or have changed since.
    if (known_.count(home) == 0) known_[home] = ChainReader(composition_, tree_, home, known_).read();
    const std::vector<ChainLink>& chain = known_[home];
    const auto same = std::find_if(chain.begin(), chain.end(), [&](const ChainLink& link) { return link.pos == pos; });
    if (same != chain.end()) return same->key;
  }
  return {};
}

/// What stood there and was deleted.
void ChainReader::deletions(size_t depth, Steps& steps) {
  for (const DeletedValue& deleted : composition_.deleted) {
    if (deleted.step <= steps.after || deleted.step >= steps.before || !is_deletion_of(deleted, depth)) continue;
    gone(deleted.node, depth, {steps.after, deleted.step});
    chain_.push_back({deleted.pos, deleted.step, dotted_path(tree_, way_[depth]), kNoNode, true});
    steps.after = deleted.step;
  }
}

/// The value itself. A map with something in it is where it was written first, though empty ones came behind.
void ChainReader::add_last(Steps& steps) {
  const NodeId node = way_.back();
  const std::vector<EarlierValue> earlier = tree_.earlier(node);
  size_t empty = 0;
  if (tree_[node].kind == NodeKind::kMap && tree_[node].length > 0) {
    const auto is_empty = [](const EarlierValue& value) {
      return value.kind == NodeKind::kMap && value.first_child == kNoNode;
    };
    empty = static_cast<size_t>(std::find_if_not(earlier.begin(), earlier.end(), is_empty) - earlier.begin());
  }
  before(node, way_.size() - 1, steps, 0, empty);
  const SourcePos pos = empty > 0 ? earlier[empty - 1].pos : tree_[node].pos;
  add(node, pos, empty > 0 ? earlier[empty - 1].step : tree_.step(node), way_.size() - 1);
}

/// What stood there before the value of `node` did. \param oldest, newest so many are left out
void ChainReader::before(NodeId node, size_t depth, Steps& steps, size_t oldest, size_t newest) {
  deletions(depth, steps);
  const std::vector<EarlierValue> earlier = tree_.earlier(node);
  for (size_t i = earlier.size(); i > newest; --i) {
    const EarlierValue& value = earlier[i - 1];
    if (earlier.size() - i >= oldest) gone_value(node, value, depth, {steps.after, value.replaced_by});
    steps.after = value.replaced_by;
  }
}

void ChainReader::gone(NodeId node, size_t depth, Steps steps) {
  before(node, depth, steps);
  gone_value(node, last_value(node), depth, steps);
}

void ChainReader::gone_value(NodeId node, const EarlierValue& value, size_t depth, Steps steps) {
  const bool is_last = depth + 1 == way_.size();
  if (is_last || value.kind != NodeKind::kMap) add(node, value.pos, value.step, depth);
  if (is_last) return;
  if (value.kind == NodeKind::kList) {
    gone_item(value.first_child, depth + 1, steps, value.step);
    return;
  }
  NodeId child = value.kind == NodeKind::kMap ? value.first_child : kNoNode;
  while (child != kNoNode && !(tree_[child].key() == tree_[way_[depth + 1]].key()))
    child = tree_[child].next;
  if (child != kNoNode) {
    gone(child, depth + 1, steps);
  } else {
    deletions(depth + 1, steps);
  }
}

/// Of a list that is gone only what was changed in an item that came with it: that item is part of the list.
void ChainReader::gone_item(NodeId first_item, size_t depth, Steps steps, uint32_t list_step) {
  NodeId node = first_item;
  const bool in_list = tree_[tree_[way_[depth]].parent].kind == NodeKind::kList;
  for (size_t i = in_list ? tree_.index_of(way_[depth]) : 0; i > 0 && node != kNoNode; --i)
    node = tree_[node].next;
  if (!in_list) node = kNoNode;
  for (; node != kNoNode; ++depth) {
    const bool is_changed = !tree_.earlier(node).empty();
    if (is_changed || tree_.step(node) != list_step) {
      before(node, depth, steps, is_changed ? 1 : 0);
      gone_value(node, last_value(node), depth, steps);
      return;
    }
    if (depth + 1 == way_.size()) return;
    const NodeId below = way_[depth + 1];
    const bool is_item = tree_[tree_[below].parent].kind == NodeKind::kList;
    node = is_item ? tree_.item(node, tree_.index_of(below)) : tree_.find(node, tree_[below].key());
  }
}

}  // namespace

std::vector<ChainLink> value_chain(const Composition& composition, const Tree& tree, NodeId node) {
  ChainsByNode known;
  return ChainReader(composition, tree, node, known).read();
}

}  // namespace cfgtool
