// The Resolver's part that changes a tree: OmegaConf.resolve.
#include <fmt/format.h>

#include <algorithm>

#include "config_engine/resolve.hpp"

namespace cfgtool {

namespace {

// Ten lists, each ten times the one before, are ten lines of YAML and ten thousand million values.
constexpr size_t kMostCopiedNodes = size_t{4} << 20;

}  // namespace

void Resolver::replace_by(NodeId node, NodeId value) {
  const Node old = tree_[node];
  if (old.kind != NodeKind::kInterpolation) return;
  const size_t size = tree_.size();
  tree_.replace_by_own(node, value);
  copied_nodes_ += tree_.size() - size;
  if (copied_nodes_ > kMostCopiedNodes) {
    trail_.assign(1, {node});
    fail("", fmt::format("interpolations copy more than {} values in all", kMostCopiedNodes), "interpolation-too-long");
  }
  Node& now = tree_[node];
  // A string that reads as an interpolation or as "???" is one from now on, as in OmegaConf.
  if (now.kind == NodeKind::kString) {
    now.kind = Node::of_string(now.text()).kind;
    if (now.kind == NodeKind::kInterpolation) validate_interpolation(now.text(), {&sources_, now.pos});
  }
}

// omegaconf: _impl._resolve_container_value
void Resolver::resolve_child(NodeId child) {
  NodeId value = kNoNode;
  try {
    value = dereference(child);
  } catch (const ConfigError& error) {
    const std::string& code = error.diagnostics().front().code;
    if (code == "interpolation-to-missing") {
      Node missing = Node::of_string("???");
      missing.pos = tree_[child].pos;
      tree_.set_value(child, missing);
      return;
    }
    if (code == "resolver-unknown" && context_.keep_unknown_resolvers) {
      // Now a plain string: nothing that comes later may evaluate it again.
      tree_[child].kind = NodeKind::kString;
      return;
    }
    throw;
  }
  if (is_plain_container(value)) {
    trail_.assign(1, {child});
    fail("", fmt::format("Value '{}' is not a supported primitive type", type_name(tree_[value])), "resolver-value");
  }
  if (tree_[value].is_container()) resolve_container(child, value);
  replace_by(child, value);
}

NodeId Resolver::hydra_node() {
  if (hydra_node_ == kNoNode && context_.hydra) {
    const NodeId source = context_.hydra->find(context_.hydra->root(), "hydra");
    hydra_node_ = tree_.add_detached((*context_.hydra)[source], tree_.root());
    tree_.assign(hydra_node_, *context_.hydra, source);
  }
  return hydra_node_;
}

/// Hydra's configuration cannot be changed, so that nothing in it can be resolved in place.
void Resolver::refuse_read_only(NodeId container) {
  for (NodeId child = tree_[container].child.first; child != kNoNode; child = tree_[child].next) {
    if (tree_[child].is_container()) refuse_read_only(child);
    if (tree_[child].kind != NodeKind::kInterpolation) continue;
    dereference(child);
    trail_ = on_the_way_;
    trail_.push_back({child});
    fail("", "Cannot set value of read-only config node", "resolver-value");
  }
}

/// Resolves what the interpolation `child` leads to, unless that holds `child`, or another one that is on the way:
/// where OmegaConf goes round in circles up to Python's recursion limit.
void Resolver::resolve_container(NodeId child, NodeId value) {
  on_the_way_.push_back({child});
  if (on_the_way_.size() > kDeepestContainer) {
    trail_.assign(1, {child});
    refuse_depth(kDeepestContainer);
  }
  for (const Step& earlier : on_the_way_) {
    if (!is_ancestor_or_self(value, earlier.node)) continue;
    trail_ = on_the_way_;
    fail("", "Recursive interpolation detected", "interpolation-cycle");
  }
  if (hydra_node_ != kNoNode && is_ancestor_or_self(hydra_node_, value)) refuse_read_only(value);
  resolve_below(value);
  on_the_way_.pop_back();
}

void Resolver::resolve_child_or_note(NodeId child) {
  if (!failures_) {
    resolve_child(child);
    return;
  }
  const size_t on_the_way = on_the_way_.size();
  try {
    resolve_child(child);
  } catch (const ConfigError& error) {
    // What has used up its share would go on using it up.
    const std::string& code = error.diagnostics().front().code;
    if (code == "interpolation-too-long" || code == "time-limit") throw;
    failures_->insert(failures_->end(), error.diagnostics().begin(), error.diagnostics().end());
    trail_.clear();
    on_the_way_.resize(on_the_way);
  }
}

void Resolver::resolve_in_place(NodeId root, std::vector<Diagnostic>* failures) {
  failures_ = failures;
  resolve_below(root);
  failures_ = nullptr;
}

void Resolver::resolve_value_in_place(NodeId node) {
  try {
    if (tree_[node].kind == NodeKind::kInterpolation) {
      resolve_child(node);
    } else {
      resolve_below(node);
    }
  } catch (const ConfigError&) {
    // Other values can still be asked for.
    trail_.clear();
    on_the_way_.clear();
    throw;
  }
}

// omegaconf: _impl._resolve
void Resolver::resolve_below(NodeId root) {
  if (!tree_[root].is_container()) return;
  for (NodeId child = tree_[root].child.first; child != kNoNode; child = tree_[child].next) {
    if (tree_[child].kind == NodeKind::kInterpolation) {
      resolve_child_or_note(child);
    } else {
      resolve_below(child);
    }
  }
}

}  // namespace cfgtool
