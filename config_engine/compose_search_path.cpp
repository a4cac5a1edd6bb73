#include "config_engine/compose_search_path.hpp"

#include <fmt/format.h>

#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

[[noreturn]] void refuse_search_path(const Tree& tree, NodeId list, NodeId culprit) {
  throw_error(Stage::kCompose, "search-path-type",
              fmt::format("hydra.searchpath must be a list of strings. Got: {}", python_str(tree, list)),
              tree[culprit].pos);
}

void append(ConfigRepository& repository, const std::string& provider, std::string path, SourcePos pos,
            std::vector<Diagnostic>& warnings) {
  const SearchPathEntry entry{provider, std::move(path), pos};
  repository.append_search_path(entry);
  if (repository.available(entry)) return;
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.code = "search-path-missing";
  warning.message = fmt::format("{} is not available.", ConfigRepository::describe(entry));
  warning.labels.push_back({pos, 1, {}});
  warnings.push_back(std::move(warning));
}

/// The primary config's own hydra.searchpath. Its interpolations see that config alone, and the environment.
void append_from_primary(ConfigRepository& repository, const LoadedConfig& primary, Composition& out) {
  if (primary.file->tree.find(primary.root, "hydra") == kNoNode) return;
  Tree config;
  config.assign(config.root(), primary.file->tree, primary.root);
  Resolver resolver(config, *out.sources, out.context);
  try {
    const NodeId hydra = resolver.select(config.root(), ".hydra", false);
    if (hydra == kNoNode || !config[hydra].is_container()) return;
    const NodeId list = resolver.select(hydra, ".searchpath", false);
    if (list == kNoNode || config[list].kind == NodeKind::kNull || config[list].kind == NodeKind::kMissing) return;
    if (config[list].kind != NodeKind::kList) refuse_search_path(config, list, list);
    for (NodeId item : config.children(list)) {
      const NodeId value = resolver.dereference(item);
      if (!config[value].is_text() || config[value].kind == NodeKind::kMissing) refuse_search_path(config, list, item);
      append(repository, "hydra.searchpath in main", std::string(config[value].text()), config[item].pos, out.warnings);
    }
  } catch (ConfigError& error) {
    for (Diagnostic& diagnostic : error.diagnostics())
      diagnostic.stage = Stage::kCompose;
    throw;
  }
}

}  // namespace

std::vector<SearchPathEntry> initial_search_path(const ComposeRequest& request) {
  std::vector<SearchPathEntry> path{{"hydra", "pkg://hydra.conf", {}}};
  for (size_t i = 0; i < request.config_dirs.size(); ++i) {
    const std::string& dir = request.config_dirs[i];
    path.push_back(
        {i == 0 ? "main" : "command-line", dir.find("://") == std::string::npos ? "file://" + dir : dir, {}});
  }
  path.push_back({"schema", "structured://", {}});
  return path;
}

// hydra: _process_config_searchpath
void extend_search_path(ConfigRepository& repository, const ComposeRequest& request, Composition& out) {
  const Tree* words = nullptr;
  for (const Override& word : out.overrides) {
    if (word.key_element() != "hydra.searchpath") continue;
    if (word.has_value() && word.value[word.value.root()].kind != NodeKind::kNull) words = &word.value;
    break;
  }
  if (request.config_name) {
    if (const LoadedConfig* primary = repository.load_config(*request.config_name)) {
      const Node& content = primary->file->tree[primary->root];
      if (content.kind != NodeKind::kMap) {
        throw_error(Stage::kCompose, "config-not-a-map",
                    fmt::format("primary config '{}' must be a DictConfig, got ListConfig", *request.config_name),
                    content.pos);
      }
      if (!words) append_from_primary(repository, *primary, out);
    }
  }
  if (!words) return;
  const NodeId list = words->root();
  if ((*words)[list].kind != NodeKind::kList) refuse_search_path(*words, list, list);
  for (NodeId item : words->children(list)) {
    const Node& node = (*words)[item];
    if (!node.is_text()) refuse_search_path(*words, list, item);
    append(repository, "hydra.searchpath in command-line", std::string(node.text()), node.pos, out.warnings);
  }
}

}  // namespace cfgtool
