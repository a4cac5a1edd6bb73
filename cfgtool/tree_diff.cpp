#include "cfgtool/tree_diff.hpp"

#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

class TreeComparison {
 public:
  TreeComparison(const Tree& left, const Tree& right) : left_(left), right_(right) {}

  std::vector<TreeDifference> compare() {
    compare(left_.root(), right_.root());
    return std::move(found_);
  }

 private:
  void compare(NodeId left, NodeId right) {
    const Node& a = left_[left];
    const Node& b = right_[right];
    if (a.is_container() && a.kind == b.kind) {
      compare_children(left, right);
    } else if (a.kind != b.kind || python_repr(left_, left) != python_repr(right_, right)) {
      found_.push_back({left, right});
    }
  }

  static NodeId partner(const Tree& own, NodeId child, size_t index, const Tree& other, NodeId container) {
    return own[own[child].parent].kind == NodeKind::kList ? other.item(container, index)
                                                          : other.find(container, own[child].key());
  }

  void compare_children(NodeId left, NodeId right) {
    size_t index = 0;
    for (const NodeId child : left_.children(left)) {
      const NodeId other = partner(left_, child, index++, right_, right);
      if (other == kNoNode) {
        add_leaves(left_, child, &TreeDifference::left);
      } else {
        compare(child, other);
      }
    }
    index = 0;
    for (const NodeId child : right_.children(right)) {
      if (partner(right_, child, index++, left_, left) == kNoNode) add_leaves(right_, child, &TreeDifference::right);
    }
  }

  void add_leaves(const Tree& tree, NodeId node, NodeId TreeDifference::*side) {
    if (!tree[node].is_container() || tree[node].length == 0) {
      found_.emplace_back().*side = node;
      return;
    }
    for (const NodeId child : tree.children(node))
      add_leaves(tree, child, side);
  }

  const Tree& left_;
  const Tree& right_;
  std::vector<TreeDifference> found_;
};

}  // namespace

std::vector<TreeDifference> differences(const Tree& left, const Tree& right) {
  return TreeComparison(left, right).compare();
}

}  // namespace cfgtool
