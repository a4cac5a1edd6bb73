#include "config_engine/emit.hpp"

#include "config_engine/compose_all.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config_engine/base64.hpp"
#include "config_engine/hydra_schema.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

/// The part of a composition that is to be printed, resolved if asked.
struct Shown {
  Tree tree;
  NodeId root = 0;
};

// hydra: Hydra.get_sanitized_hydra_cfg
void drop_help(Tree& all) {
  const NodeId hydra = all.find(all.root(), "hydra");
  for (const char* const help : {"help", "hydra_help"}) {
    const NodeId node = hydra == kNoNode ? kNoNode : all.find(hydra, help);
    if (node != kNoNode) all.remove(node);
  }
}

/// The value at a key path without following interpolations, as text; kNoNode if there is none.
NodeId as_written(Tree& tree, NodeId root, const std::string& package) {
  NodeId node = root;
  for (const std::string_view key : split_key(package)) {
    if (!key.empty() && node != kNoNode) node = tree.find(node, key);
  }
  if (node != kNoNode && tree[node].kind == NodeKind::kInterpolation) tree[node].kind = NodeKind::kString;
  return node;
}

/// OmegaConf.select: a key that goes through a scalar is just not there.
NodeId find_package(Resolver& resolver, NodeId root, const std::string& package) {
  try {
    return resolver.select(root, package.starts_with('.') ? package : "." + package, false);
  } catch (const ConfigError& error) {
    if (error.diagnostics().front().message.starts_with("ConfigTypeError")) return kNoNode;
    const bool is_kept =
        error.diagnostics().front().code == "resolver-unknown" && resolver.context().keep_unknown_resolvers;
    const NodeId written = is_kept ? as_written(resolver.tree(), root, package) : kNoNode;
    if (written != kNoNode) return written;
    throw;
  }
}

[[noreturn]] void refuse_package(const Tree& tree, const std::string& package, SourceMap& sources) {
  Diagnostic diagnostic;
  diagnostic.code = "package-missing";
  diagnostic.message = fmt::format("package '{}' not found in config", package);
  diagnostic.labels.push_back({sources.add(SourceKind::kFlag, "--package", package), 1, {}});
  // The deepest mapping that is there knows what the next part could have been.
  NodeId at = tree.root();
  for (const std::string_view part : split_key(package)) {
    const NodeId next = tree[at].kind == NodeKind::kMap ? tree.find(at, Key(part)) : kNoNode;
    if (next != kNoNode) {
      at = next;
      continue;
    }
    std::vector<std::string> known;
    for (const NodeId child : tree.children(at))
      known.emplace_back(tree[child].key().text);
    const std::string path = tree.key_path(at);
    const std::vector<std::string> near = nearest_names(part, known, 1);
    if (!near.empty())
      diagnostic.notes.push_back(fmt::format("did you mean '{}{}{}'?", path, path.empty() ? "" : ".", near[0]));
    break;
  }
  throw ConfigError(std::move(diagnostic));
}

bool is_part(const std::optional<std::string>& package) {
  return package && *package != "_global_";
}

// hydra: Hydra.show_cfg
Shown select_part(Composition& composition, CfgPart part, bool resolve, const std::optional<std::string>& package) {
  Shown shown;
  if (part != CfgPart::kHydra) shown.tree = composition.tree;
  if (part != CfgPart::kJob) {
    // Hydra's node comes first in the whole configuration.
    Tree all = composition.hydra;
    if (part == CfgPart::kHydra) drop_help(all);
    for (NodeId child : shown.tree.children(shown.tree.root()))
      all.add_copy(all.root(), shown.tree, child);
    shown.tree = std::move(all);
  }
  try {
    const ResolveContext context = composition.resolve_context();
    Resolver resolver(shown.tree, *composition.sources, context, &composition.warnings);
    shown.root = shown.tree.root();
    if (is_part(package)) {
      shown.root = find_package(resolver, shown.tree.root(), *package);
      const NodeKind kind = shown.root == kNoNode ? NodeKind::kNull : shown.tree[shown.root].kind;
      if (kind == NodeKind::kNull || kind == NodeKind::kMissing) {
        refuse_package(shown.tree, *package, *composition.sources);
      }
    }
    if (resolve) resolve_finding_all(resolver, shown.root);
  } catch (ConfigError& error) {
    error.set_sources(composition.sources);
    throw;
  }
  return shown;
}

/// On one line, as JSON wants it.
std::string base64(std::string_view bytes) {
  std::string text = encode_base64(bytes);
  std::erase(text, '\n');
  return text;
}

Json to_json(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  switch (node.kind) {
    case NodeKind::kNull:
      return nullptr;
    case NodeKind::kBool:
      return node.boolean;
    case NodeKind::kInt:
      return node.integer;
    case NodeKind::kFloat:
      return std::isfinite(node.real) ? Json(node.real) : Json(python_repr(node.real));
    case NodeKind::kBytes:
      return base64(node.text());
    case NodeKind::kBigInt:  // beyond what the library's numbers hold
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      return node.text();
    case NodeKind::kMap: {
      Json object = Json::object();
      for (NodeId child : tree.children(id))
        object[std::string(tree[child].key().text)] = to_json(tree, child);
      return object;
    }
    case NodeKind::kList: {
      Json array = Json::array();
      for (NodeId child : tree.children(id))
        array.push_back(to_json(tree, child));
      return array;
    }
  }
  return nullptr;
}

}  // namespace

std::string write_json(const Tree& tree, NodeId root, int indent) {
  return to_json(tree, root).dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string print_cfg(Composition& composition, CfgPart part, bool resolve, const std::optional<std::string>& package) {
  const Shown shown = select_part(composition, part, resolve, package);
  if (!shown.tree[shown.root].is_container()) return python_str_or_mode(shown.tree, shown.root) + "\n";
  return (is_part(package) ? fmt::format("# @package {}\n", *package) : std::string()) +
         write_yaml(shown.tree, shown.root);
}

std::string print_cfg_json(Composition& composition, CfgPart part, bool resolve,
                           const std::optional<std::string>& package) {
  const Shown shown = select_part(composition, part, resolve, package);
  return write_json(shown.tree, shown.root, 2) + "\n";
}

}  // namespace cfgtool
