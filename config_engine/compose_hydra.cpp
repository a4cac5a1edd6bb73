#include "config_engine/compose_hydra.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "config_engine/interpolation.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

class HydraNode {
 public:
  HydraNode(Composition& composition, const ComposeRequest& request, Resolver& resolver)
      : composition_(composition),
        request_(request),
        resolver_(resolver),
        hydra_(composition.tree.find(composition.tree.root(), "hydra")) {}

  void check_words() const;
  void check_written_nodes();
  void copy_environment();
  void fill();

 private:
  NodeId dereference(NodeId node);
  std::string override_dirname(NodeId settings);
  NodeId child(NodeId map, std::string_view key) const {
    return map == kNoNode ? kNoNode : composition_.tree.find(map, key);
  }
  NodeId set(NodeId map, std::string_view key, Node value);
  NodeId set_text(NodeId map, std::string_view key, std::string_view text);

  Composition& composition_;
  const ComposeRequest& request_;
  Resolver& resolver_;
  const NodeId hydra_;
};

/// hydra.overrides.task and .hydra hold whole words as values: a word in which "${" begins no interpolation is refused.
void HydraNode::check_words() const {
  for (const Override& word : composition_.overrides) {
    if (word.input_line.find("${") == std::string_view::npos) continue;
    try {
      validate_interpolation(word.input_line, {composition_.sources.get(), word.pos});
    } catch (ConfigError& error) {
      error.diagnostics().front().notes.push_back(
          fmt::format("the whole word is a value of hydra.overrides.{}, with its quotes and escapes as they are",
                      word.is_hydra_override() ? "hydra" : "task"));
      throw;
    }
  }
  // So are the folders of the search path, of hydra.runtime.config_sources.
  for (const SearchPathEntry& entry : composition_.search_path) {
    if (entry.pos && entry.path.find("${") != std::string::npos)
      validate_interpolation(entry.path, {composition_.sources.get(), entry.pos});
  }
}

/// Hydra evaluates it while it composes.
NodeId HydraNode::dereference(NodeId node) {
  try {
    return resolver_.dereference(node);
  } catch (ConfigError& error) {
    error.diagnostics().front().stage = Stage::kCompose;
    throw;
  }
}

/// Hydra itself writes below these, also where it is not asked for its node: an interpolation in their place leads to
/// no dataclass, if to anything.
void HydraNode::check_written_nodes() {
  const Tree& tree = composition_.tree;
  const std::pair<std::string_view, NodeId> written[] = {
      {"overrides", child(hydra_, "overrides")},
      {"runtime", child(hydra_, "runtime")},
      {"runtime.choices", child(child(hydra_, "runtime"), "choices")},
      {"job", child(hydra_, "job")}};
  for (const auto& [name, node] : written) {
    if (node == kNoNode || tree[node].kind != NodeKind::kInterpolation) continue;
    dereference(node);
    throw_error(Stage::kCompose, "hydra-value-type",
                fmt::format("hydra.{} is written by Hydra and cannot be an interpolation", name), tree[node].pos);
  }
}

/// hydra.job.env_copy names variables of the environment that go into hydra.job.env_set.
void HydraNode::copy_environment() {
  Tree& tree = composition_.tree;
  const NodeId job = child(hydra_, "job");
  NodeId names = child(job, "env_copy");
  if (names == kNoNode) return;
  names = dereference(names);
  if (tree[names].kind != NodeKind::kList) return;
  for (NodeId item = tree[names].child.first; item != kNoNode; item = tree[item].next) {
    const std::string name = python_str(tree, resolver_.dereference(item));
    const std::optional<std::string> value = environment_variable(composition_.context, name);
    if (!value) {
      throw_error(Stage::kCompose, "environment-missing", fmt::format("Environment variable '{}' not found", name),
                  tree[item].pos);
    }
    set_text(tree.find(job, "env_set"), composition_.sources->keep(name), *value);
  }
}

NodeId HydraNode::set(NodeId map, std::string_view key, Node value) {
  if (map == kNoNode) return kNoNode;
  Tree& tree = composition_.tree;
  NodeId node = tree.find(map, key);
  if (node != kNoNode) {
    tree.set_value(node, value);
  } else {
    value.set_key(composition_.sources->keep(key));
    node = tree.add(map, value);
  }
  tree.set_new(node);
  return node;
}

NodeId HydraNode::set_text(NodeId map, std::string_view key, std::string_view text) {
  return set(map, key, Node::of_string(composition_.sources->keep(text)));
}

void HydraNode::fill() {
  Tree& tree = composition_.tree;
  tree.begin_step(static_cast<uint32_t>(composition_.steps.size()));
  composition_.steps.push_back({ComposeStep::Kind::kRuntime, 0});
  const NodeId lists = child(hydra_, "overrides");
  for (const Override& word : composition_.overrides) {
    const NodeId list = child(lists, word.is_hydra_override() ? "hydra" : "task");
    if (list == kNoNode || tree[list].kind != NodeKind::kList) continue;
    Node line = Node::of_string(word.input_line);
    line.pos = word.pos;
    tree.add(list, line);
  }
  // hydra: _run_app
  if (const NodeId mode = child(hydra_, "mode");
      request_.run_job && mode != kNoNode && tree[mode].kind == NodeKind::kNull) {
    set_text(hydra_, "mode", "RUN");
    if (const NodeId list = child(lists, "hydra"); list != kNoNode && tree[list].kind == NodeKind::kList)
      tree.add(list, Node::of_string("hydra.mode=RUN"));
  }
  const NodeId runtime = child(hydra_, "runtime");
  if (const NodeId choices = child(runtime, "choices"); choices != kNoNode) {
    for (const auto& [key, choice] : composition_.defaults.known_choices) {
      const auto* option = std::get_if<std::string>(&choice);
      set(choices, key, option ? Node::of_string(composition_.sources->keep(*option)) : Node::null());
    }
  }
  set_text(runtime, "version", "1.3.8");
  set_text(runtime, "version_base", fmt::format("{}.{}", request_.version_base.major, request_.version_base.minor));
  std::error_code ignored;
  set_text(runtime, "cwd", std::filesystem::current_path(ignored).string());
  const NodeId sources = set(runtime, "config_sources", Node::list());
  for (const SearchPathEntry& entry : composition_.search_path) {
    const size_t colon = entry.path.find("://");
    const bool has_schema = colon != std::string::npos;
    const NodeId source = sources == kNoNode ? kNoNode : tree.add(sources, Node::map());
    set_text(source, "path", has_schema ? entry.path.substr(colon + 3) : entry.path);
    set_text(source, "schema", has_schema ? entry.path.substr(0, colon) : "file");
    set_text(source, "provider", entry.provider);
  }
  const NodeId job = child(hydra_, "job");
  const NodeId name = child(job, "name");
  if (name != kNoNode && tree[name].kind == NodeKind::kMissing) set_text(job, "name", request_.job_name);
  set_text(job, "override_dirname", override_dirname(child(child(job, "config"), "override_dirname")));
  if (request_.config_name) {
    set_text(job, "config_name", *request_.config_name);
  } else {
    set(job, "config_name", Node::null());
  }
}

// hydra: get_overrides_dirname
std::string HydraNode::override_dirname(NodeId settings) {
  const auto text = [&](std::string_view key) {
    const NodeId setting = child(settings, key);
    return setting == kNoNode ? "" : python_str(composition_.tree, resolver_.dereference(setting));
  };
  std::vector<std::string> excluded;
  if (const NodeId keys = child(settings, "exclude_keys"); keys != kNoNode) {
    for (const NodeId key : composition_.tree.children(keys))
      excluded.push_back(python_str(composition_.tree, resolver_.dereference(key)));
  }
  std::vector<std::string> words;
  for (const Override& word : composition_.overrides) {
    const bool is_excluded = std::find(excluded.begin(), excluded.end(), word.key_or_group) != excluded.end();
    if (!word.is_hydra_override() && !is_excluded) words.emplace_back(word.input_line);
  }
  std::sort(words.begin(), words.end());
  const std::string between = text("kv_sep");
  std::string name;
  for (const char c : fmt::format("{}", fmt::join(words, text("item_sep")))) {
    if (c == '=') {
      name += between;
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace

void finish_hydra_node(Composition& composition, const ComposeRequest& request, Resolver& resolver) {
  HydraNode node(composition, request, resolver);
  node.check_words();
  node.check_written_nodes();
  node.copy_environment();
  if (request.with_hydra) node.fill();
}

}  // namespace cfgtool
