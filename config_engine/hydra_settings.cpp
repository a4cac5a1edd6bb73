#include "config_engine/hydra_settings.hpp"

#include <fmt/format.h>

#include <utility>

#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

ResolveContext context_at(const Composition& composition, const std::optional<std::tm>& now) {
  ResolveContext context = composition.resolve_context();
  if (now) context.now = now;
  return context;
}

}  // namespace

HydraSettings::HydraSettings(const Composition& composition, std::optional<std::tm> now)
    : composition_(composition),
      context_(context_at(composition, now)),
      tree_(composition.whole_tree()),
      resolver_(tree_, *composition.sources, context_) {}

NodeId HydraSettings::follow(NodeId node) {
  if (node == kNoNode) return kNoNode;
  try {
    node = resolver_.dereference(node);
  } catch (ConfigError& error) {
    error.set_sources(composition_.sources);
    throw;
  }
  const NodeKind kind = tree_[node].kind;
  return kind == NodeKind::kNull || kind == NodeKind::kMissing ? kNoNode : node;
}

NodeId HydraSettings::child(NodeId map, std::string_view key) {
  return map == kNoNode ? kNoNode : follow(tree_.find(map, key));
}

NodeId HydraSettings::find(std::string_view key) {
  NodeId node = child(tree_.root(), "hydra");
  for (const std::string_view part : split_key(key))
    node = child(node, part);
  return node;
}

std::optional<std::string> HydraSettings::text(std::string_view key) {
  const NodeId node = find(key);
  if (node == kNoNode) return std::nullopt;
  return python_str(tree_, node);
}

std::optional<bool> HydraSettings::boolean(std::string_view key) {
  const NodeId node = find(key);
  if (node == kNoNode) return std::nullopt;
  if (tree_[node].kind == NodeKind::kBool) return tree_[node].boolean;
  refuse("hydra-value-type", key, fmt::format("hydra.{} must be true or false, not {}", key, python_str(tree_, node)));
}

SourcePos HydraSettings::place(std::string_view key) const {
  NodeId node = tree_.find(tree_.root(), "hydra");
  for (const std::string_view part : split_key(key)) {
    if (node != kNoNode) node = tree_.find(node, part);
  }
  return node == kNoNode ? SourcePos{} : tree_[node].pos;
}

void HydraSettings::refuse(std::string code, std::string_view key, std::string message, std::string fix) const {
  refuse_at(std::move(code), place(key), fmt::format("hydra.{}", key), std::move(message), std::move(fix));
}

void HydraSettings::refuse_at(std::string code, SourcePos pos, std::string key_path, std::string message,
                              std::string fix) const {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.fix = std::move(fix);
  if (pos) diagnostic.labels.push_back({pos, 1, key_path});
  diagnostic.key_path = std::move(key_path);
  ConfigError error(std::move(diagnostic));
  error.set_sources(composition_.sources);
  throw error;
}

}  // namespace cfgtool
