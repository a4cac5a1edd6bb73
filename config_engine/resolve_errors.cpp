// The Resolver's part that says what went wrong, and where.
#include <fmt/format.h>

#include <algorithm>

#include "config_engine/key_path.hpp"
#include "config_engine/merge.hpp"
#include "config_engine/resolve.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

std::vector<std::string> child_names(const Tree& tree, NodeId container) {
  std::vector<std::string> names;
  for (NodeId child : tree.children(container))
    names.emplace_back(tree[child].key().text);
  return names;
}

NodeId child_named(const Tree& tree, NodeId container, std::string_view name) {
  if (tree[container].kind == NodeKind::kMap) return tree.find(container, Key(name));
  const auto index = list_index(name);
  return index && *index >= 0 ? tree.item(container, static_cast<size_t>(*index)) : kNoNode;
}

/// Whether `key` is `above` or lies below it.
bool lies_at_or_below(std::string_view key, std::string_view above) {
  return key.starts_with(above) && (key.size() == above.size() || above.empty() || key[above.size()] == '.');
}

/// The part of the way that leads from a value back to it, each value once; empty if its end was not met before. It is
/// the same problem wherever one comes into it, so that it begins with its first place.
template <typename Step>
std::vector<Step> closed_circle(const std::vector<Step>& way, const Tree& tree) {
  size_t begin = way.size() - 1;
  while (begin > 0 && way[begin - 1].node != way.back().node)
    --begin;
  if (begin == 0) return {};
  std::vector<Step> circle(way.begin() + static_cast<ptrdiff_t>(begin) - 1, way.end() - 1);
  const auto is_before = [&](const Step& a, const Step& b) {
    return tree[a.node].pos.offset < tree[b.node].pos.offset;
  };
  std::rotate(circle.begin(), std::min_element(circle.begin(), circle.end(), is_before), circle.end());
  return circle;
}

}  // namespace

void Resolver::fail(std::string_view python_type, const std::string& message, std::string code) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kResolve;
  diagnostic.code = std::move(code);
  diagnostic.message =
      python_type.empty() ? message : fmt::format("{} raised while resolving interpolation: {}", python_type, message);
  if (!trail_.empty()) {
    diagnostic.key_path = tree_.key_path(trail_.front().node);
    const auto show = [&](const Step& step, std::string text) {
      Label label = label_of(step, std::move(text));
      const auto is_shown = [&](const Label& other) { return other.pos == label.pos; };
      if (std::none_of(diagnostic.labels.begin(), diagnostic.labels.end(), is_shown))
        diagnostic.labels.push_back(std::move(label));
    };
    const std::vector<Step> circle = closed_circle(trail_, tree_);
    std::string way;
    for (size_t i = 0; i < circle.size(); ++i) {
      const std::string next = tree_.key_path(circle[(i + 1) % circle.size()].node);
      way += (i == 0 ? tree_.key_path(circle[0].node) : std::string()) + " -> " + next;
      show(circle[i], fmt::format("needs '{}'", next));
    }
    if (!way.empty()) diagnostic.notes.push_back(std::move(way));
    // The innermost interpolation is what failed; the outer ones are how one gets there.
    for (size_t i = trail_.size(); i-- > 0;)
      show(trail_[i], diagnostic.labels.empty() ? "" : fmt::format("needed by '{}'", tree_.key_path(trail_[i].node)));
    diagnostic.message += fmt::format("\n    full_key: {}\n    object_type=dict", diagnostic.key_path);
  }
  throw ConfigError(std::move(diagnostic));
}

Label Resolver::label_of(const Step& step, std::string text) const {
  const Node& node = tree_[step.node];
  if (step.begin == 0) return {node.pos, 1, std::move(text)};  // the value's own place, also where it is quoted
  bool exact = false;
  const SourcePos pos = place_in_text({&sources_, node.pos}, node.text(), step.begin, &exact);
  return {pos, exact ? step.length : 1, std::move(text)};
}

void Resolver::warn(std::string message, NodeId node) {
  if (!warnings_) return;
  Diagnostic diagnostic;
  diagnostic.severity = Severity::kWarning;
  diagnostic.stage = Stage::kResolve;
  diagnostic.code = "resolver-warning";
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({tree_[node].pos, 1, {}});
  diagnostic.key_path = tree_.key_path(node);
  warnings_->push_back(std::move(diagnostic));
}

void Resolver::refuse_missing_key(NodeId root, std::string_view key) {
  // The last container on the way knows what the key could have been.
  const std::vector<std::string_view> parts = split_key(key);
  NodeId at = root;
  size_t depth = 0;
  for (; depth + 1 < parts.size(); ++depth) {
    const NodeId next = tree_.find(at, Key(parts[depth]));
    if (next == kNoNode || !tree_[next].is_container()) break;
    at = next;
  }
  const std::string path = tree_.key_path(at);
  try {
    fail("", fmt::format("Interpolation key '{}' not found", key), "interpolation-key");
  } catch (ConfigError& error) {
    Diagnostic& diagnostic = error.diagnostics().front();
    std::vector<std::string> near;
    if (tree_[at].kind == NodeKind::kMap) near = nearest_names(parts[depth], child_names(tree_, at), 1);
    if (!near.empty()) {
      std::string meant = path.empty() ? near[0] : path + "." + near[0];
      NodeId behind = tree_.find(at, Key(near[0]));
      for (size_t i = depth + 1; i < parts.size() && behind != kNoNode && tree_[behind].is_container(); ++i) {
        behind = child_named(tree_, behind, parts[i]);
        if (behind != kNoNode) meant += fmt::format(".{}", parts[i]);
      }
      diagnostic.notes.push_back(fmt::format("did you mean '{}'?", meant));
    } else if (tree_[at].kind == NodeKind::kList) {
      diagnostic.notes.push_back(fmt::format("'{}' has {} items, counted from 0", path, tree_[at].length));
    }
    if (const SourcePos place = container_place(tree_, at); at != tree_.root() && place)
      diagnostic.labels.push_back({place, 1, fmt::format("'{}' has no '{}'", path, parts[depth])});
    const std::string root_path = tree_.key_path(root);
    const std::string whole = root_path.empty() ? std::string(key) : fmt::format("{}.{}", root_path, key);
    for (const auto& [deleted, place] : context_.deleted_keys) {
      if (!lies_at_or_below(whole, deleted)) continue;
      diagnostic.labels.front().text = "needs what was deleted";
      diagnostic.labels.insert(diagnostic.labels.begin(), {place, 1, fmt::format("deletes '{}'", deleted)});
      break;
    }
    throw;
  }
}

}  // namespace cfgtool
