#include "config_engine/compose.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/compose_search_path.hpp"
#include "config_engine/hydra_schema.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/merge.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/value_overrides.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kHydra = "hydra";

bool in_hydra(std::string_view package) {
  return package == kHydra || package.starts_with("hydra.");
}

bool changes_hydra(const Override& word) {
  return word.is_hydra_override() || word.key_or_group == kHydra;
}

class Composer {
 public:
  Composer(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, Composition& out)
      : request_(request),
        out_(out),
        repository_(store, initial_search_path(request), request.version_base, request.pkg_path),
        resolver_(out.tree, *out.sources, out.context, &out.warnings) {}

  void run();

 private:
  static std::vector<SearchPathEntry> initial_search_path(const ComposeRequest& request);
  void check_primary_folder();
  void parse_overrides();
  void refuse_sweeps() const;
  void merge_defaults();
  void merge_config(const ResultDefault& entry);
  void merge_at_package(const LoadedConfig& loaded, const ResultDefault& entry, Merger& merger);
  void apply_overrides();
  void check_words();
  void check_written_nodes();
  void copy_environment();
  void fill_hydra_node();
  std::optional<HydraSchemaFault> hydra_fault(bool merges);
  void check_hydra_after_config(const ResultDefault& entry);
  void check_hydra_after_override(const Override& word);
  bool hydra_is_needed();
  bool touches_hydra(const ResultDefault& entry);
  NodeId set(NodeId map, std::string_view key, Node value);
  NodeId set_text(NodeId map, std::string_view key, std::string_view text);

  const ComposeRequest& request_;
  Composition& out_;
  ConfigRepository repository_;
  Resolver resolver_;
  bool with_hydra_node_ = false;
  bool hydra_is_typed_ = false;
};

std::vector<SearchPathEntry> Composer::initial_search_path(const ComposeRequest& request) {
  std::vector<SearchPathEntry> path{{"hydra", "pkg://hydra.conf", {}}};
  for (size_t i = 0; i < request.config_dirs.size(); ++i) {
    const std::string& dir = request.config_dirs[i];
    path.push_back(
        {i == 0 ? "main" : "command-line", dir.find("://") == std::string::npos ? "file://" + dir : dir, {}});
  }
  path.push_back({"schema", "structured://", {}});
  return path;
}

void Composer::run() {
  check_primary_folder();
  parse_overrides();
  extend_search_path(repository_, request_, out_);
  refuse_sweeps();
  DefaultsRequest defaults;
  defaults.config_name = request_.config_name;
  if (request_.config_name) {
    defaults.config_name_pos = out_.sources->add(SourceKind::kFlag, "--config-name", *request_.config_name);
  }
  defaults.overrides = &out_.overrides;
  defaults.version_base = request_.version_base;
  defaults.context = &out_.context;
  out_.defaults = create_defaults_list(repository_, defaults, *out_.sources);
  std::move(out_.defaults.warnings.begin(), out_.defaults.warnings.end(), std::back_inserter(out_.warnings));
  out_.search_path = repository_.search_path();
  merge_defaults();
  apply_overrides();
  check_words();
  check_written_nodes();
  copy_environment();
  if (request_.with_hydra) fill_hydra_node();
  const NodeId hydra = out_.tree.find(out_.tree.root(), kHydra);
  if (hydra == kNoNode) return;
  if (request_.with_hydra) out_.hydra.add_copy(out_.hydra.root(), out_.tree, hydra);
  out_.tree.remove(hydra);
}

// hydra: ensure_main_config_source_available
void Composer::check_primary_folder() {
  for (const SearchPathEntry& entry : repository_.search_path()) {
    if (entry.provider != "main" || repository_.available(entry)) continue;
    const std::string place = entry.path.substr(entry.path.find("://") + 3);
    if (entry.path.starts_with("pkg://")) {
      throw_error(
          Stage::kCompose, "config-dir-missing",
          fmt::format("Primary config module '{}' not found.\nCheck that it's correct and contains an __init__.py "
                      "file",
                      place),
          out_.sources->add(SourceKind::kFlag, "--config-path", place));
    }
    throw_error(
        Stage::kCompose, "config-dir-missing",
        fmt::format("Primary config directory not found.\nCheck that the config directory '{}' exists and readable",
                    place),
        out_.sources->add(SourceKind::kFlag, "--config-path", place));
  }
}

void Composer::parse_overrides() {
  OverrideOptions options;
  options.extended = request_.extended;
  out_.overrides.reserve(request_.overrides.size());
  for (size_t i = 0; i < request_.overrides.size(); ++i) {
    const uint32_t index = static_cast<uint32_t>(i + 1);
    const SourcePos word =
        out_.sources->add(SourceKind::kOverride, request_.overrides[i], request_.overrides[i], index);
    out_.overrides.push_back(parse_override(*out_.sources, word, options));
  }
}

// hydra: validate_sweep_overrides_legal
void Composer::refuse_sweeps() const {
  for (const Override& word : out_.overrides) {
    if (!word.is_sweep()) continue;
    Diagnostic diagnostic;
    diagnostic.code = "sweep-without-multirun";
    diagnostic.labels.push_back({word.value_pos, 1, {}});
    diagnostic.key_path = word.key_or_group;
    if (word.value_kind == OverrideValueKind::kSimpleChoiceSweep) {
      diagnostic.message = fmt::format(
          "Ambiguous value for argument '{}'\n1. To use it as a list, use key=[value1,value2]\n2. To use it as string, "
          "quote the value: key='value1,value2'\n3. To sweep over it, add --multirun to your command line",
          word.input_line);
      diagnostic.fix = fmt::format("{}=[{}]", word.key_element(), word.value_string());
    } else {
      diagnostic.message = fmt::format("Sweep parameters '{}' requires --multirun", word.input_line);
    }
    throw ConfigError(std::move(diagnostic));
  }
}

bool Composer::touches_hydra(const ResultDefault& entry) {
  if (entry.config_path.starts_with("hydra/")) return false;
  if (in_hydra(entry.package)) return true;
  if (!entry.package.empty()) return false;
  const LoadedConfig* loaded = repository_.load_config(entry.config_path);
  return loaded && loaded->file->tree.find(loaded->root, kHydra) != kNoNode;
}

/// Whoever neither asks for the hydra node nor changes it does not pay for it: it would be thrown away in the end.
bool Composer::hydra_is_needed() {
  if (request_.with_hydra) return true;
  for (const Override* word : out_.defaults.config_overrides) {
    if (changes_hydra(*word)) return true;
  }
  const auto& entries = out_.defaults.defaults;
  return std::any_of(entries.begin(), entries.end(), [&](const ResultDefault& entry) { return touches_hydra(entry); });
}

// hydra: _compose_config_from_defaults_list
void Composer::merge_defaults() {
  with_hydra_node_ = hydra_is_needed();
  for (const ResultDefault& entry : out_.defaults.defaults) {
    check_deadline(out_.context, Stage::kCompose);
    if (!with_hydra_node_ && entry.config_path.starts_with("hydra/") && in_hydra(entry.package)) continue;
    merge_config(entry);
    if (with_hydra_node_) check_hydra_after_config(entry);
  }
}

void Composer::merge_config(const ResultDefault& entry) {
  const LoadedConfig* loaded = repository_.load_config(entry.config_path);
  if (!loaded) {
    throw_error(Stage::kCompose, "config-not-found", fmt::format("Could not load '{}'.", entry.config_path), entry.pos);
  }
  ComposeStep step;
  step.kind = ComposeStep::Kind::kConfig;
  step.config_path = entry.config_path;
  step.package = entry.package;
  step.parent = entry.parent;
  step.entry = entry.pos;
  out_.steps.push_back(std::move(step));
  Merger merger(out_.tree, static_cast<uint32_t>(out_.steps.size() - 1), [this](Tree&, NodeId node) {
    try {
      const NodeId target = resolver_.dereference(node);
      return resolver_.is_plain_container(target) ? kNoNode : target;
    } catch (const ConfigError&) {
      return kNoNode;
    }
  });
  try {
    merge_at_package(*loaded, entry, merger);
  } catch (const MergeConflict& conflict) {
    Diagnostic diagnostic;
    diagnostic.code = "merge-types";
    diagnostic.key_path = conflict.destination == kNoNode ? "" : out_.tree.key_path(conflict.destination);
    diagnostic.message = fmt::format(
        "In '{}': ConfigTypeError raised while composing config:\nCannot merge DictConfig with ListConfig\n    "
        "full_key: "
        "{}\n    object_type=dict",
        entry.config_path, diagnostic.key_path);
    diagnostic.labels.push_back({conflict.source_pos, 1, {}});
    if (conflict.destination_pos) diagnostic.labels.push_back({conflict.destination_pos, 1, "was defined here"});
    throw ConfigError(std::move(diagnostic));
  }
}

std::optional<HydraSchemaFault> Composer::hydra_fault(bool merges) {
  const NodeId hydra = out_.tree.find(out_.tree.root(), kHydra);
  if (hydra == kNoNode) return std::nullopt;
  return apply_hydra_schema(out_.tree, hydra, kHydra, *out_.sources, merges);
}

/// Hydra's dataclass takes part from the moment that hydra/config itself is merged.
void Composer::check_hydra_after_config(const ResultDefault& entry) {
  hydra_is_typed_ |= entry.config_path == "hydra/config";
  if (!hydra_is_typed_) return;
  const std::optional<HydraSchemaFault> fault = hydra_fault(true);
  if (!fault) return;
  Diagnostic diagnostic;
  diagnostic.code = fault->unknown_key ? "hydra-key-unknown" : "hydra-value-type";
  diagnostic.key_path = out_.tree.key_path(fault->node);
  diagnostic.message = fmt::format("In '{}': {} raised while composing config:\n{}\n    full_key: {}",
                                   entry.config_path, fault->error_class, fault->message, diagnostic.key_path);
  const Node& node = out_.tree[fault->node];
  diagnostic.labels.push_back({fault->unknown_key && node.key_pos ? node.key_pos : node.pos, 1, {}});
  throw ConfigError(std::move(diagnostic));
}

void Composer::check_hydra_after_override(const Override& word) {
  if (!changes_hydra(word)) return;
  std::optional<HydraSchemaFault> fault;
  if (Tree value = word.value; word.has_value() && value[value.root()].kind == NodeKind::kMap)
    fault = apply_hydra_schema(value, value.root(), word.key_or_group, *out_.sources, true);
  if (!fault) fault = hydra_fault(false);
  if (!fault) return;
  Diagnostic diagnostic;
  diagnostic.code = "hydra-value-type";
  diagnostic.message = fmt::format("Error merging override {}", word.input_line);
  diagnostic.notes.push_back(fault->message);
  diagnostic.key_path = word.key_or_group;
  diagnostic.labels.push_back({word.value_pos ? word.value_pos : word.pos, 1, {}});
  throw ConfigError(std::move(diagnostic));
}

// hydra: _load_single_config and _embed_result_config
void Composer::merge_at_package(const LoadedConfig& loaded, const ResultDefault& entry, Merger& merger) {
  const Tree& tree = loaded.file->tree;
  const Node& content = tree[loaded.root];
  NodeId into = out_.tree.root();
  std::vector<std::string_view> way;
  if (!entry.package.empty()) way = split_key(out_.sources->keep(entry.package));
  const bool is_map = content.kind == NodeKind::kMap;
  if (!is_map && way.empty()) throw MergeConflict{out_.tree.root(), {}, content.pos};
  const size_t maps = is_map ? way.size() : way.size() - 1;
  for (size_t i = 0; i < maps; ++i)
    into = merger.open_map(into, way[i], content.pos);
  if (!is_map) {
    merger.merge_value(into, way.back(), tree, loaded.root);
    return;
  }
  const bool may_set_search_path = entry.primary || entry.config_path == "hydra/config";
  for (NodeId child : tree.children(loaded.root)) {
    if (child == loaded.defaults_node) continue;
    merger.merge_value(into, tree[child].key(), tree, child);
  }
  if (may_set_search_path) return;
  const NodeId hydra = way.empty() ? tree.find(loaded.root, kHydra) : in_hydra(entry.package) ? loaded.root : kNoNode;
  const NodeId search_path = hydra == kNoNode ? kNoNode : tree.find(hydra, "searchpath");
  if (search_path == kNoNode || tree[search_path].kind == NodeKind::kNull ||
      entry.package.find('.') != std::string::npos) {
    return;
  }
  throw_error(
      Stage::kCompose, "search-path-not-primary",
      fmt::format("In '{}': Overriding hydra.searchpath is only supported from the primary config", entry.config_path),
      tree[search_path].key_pos);
}

void Composer::apply_overrides() {
  for (const Override* word : out_.defaults.config_overrides) {
    ComposeStep step;
    step.kind = ComposeStep::Kind::kOverride;
    step.entry = word->pos;
    step.override_index = static_cast<uint32_t>(word - out_.overrides.data() + 1);
    out_.steps.push_back(std::move(step));
    apply_value_override(out_.tree, resolver_, *word, static_cast<uint32_t>(out_.steps.size() - 1));
    check_hydra_after_override(*word);
  }
}

/// Hydra keeps the words and the search path as strings of its node, and a string in a configuration is checked for
/// interpolations.
void Composer::check_words() {
  for (const Override& word : out_.overrides) {
    if (word.input_line.find("${") != std::string_view::npos)
      validate_interpolation(word.input_line, {out_.sources.get(), word.pos});
  }
  for (const SearchPathEntry& entry : out_.search_path) {
    if (entry.pos && entry.path.find("${") != std::string::npos)
      validate_interpolation(entry.path, {out_.sources.get(), entry.pos});
  }
}

NodeId Composer::set(NodeId map, std::string_view key, Node value) {
  if (map == kNoNode) return kNoNode;
  value.step = static_cast<uint32_t>(out_.steps.size() - 1);
  const NodeId found = out_.tree.find(map, key);
  if (found != kNoNode) {
    out_.tree.set_value(found, value);
    return found;
  }
  value.set_key(out_.sources->keep(key));
  return out_.tree.add(map, value);
}

NodeId Composer::set_text(NodeId map, std::string_view key, std::string_view text) {
  return set(map, key, Node::of_string(out_.sources->keep(text)));
}

/// Hydra itself writes below these, also where it is not asked for its node: an interpolation in their place leads to
/// no dataclass, if to anything.
void Composer::check_written_nodes() {
  const Tree& tree = out_.tree;
  const NodeId hydra = tree.find(tree.root(), kHydra);
  if (hydra == kNoNode) return;
  for (std::string_view name : {"overrides", "runtime", "job"}) {
    const NodeId node = tree.find(hydra, name);
    if (node == kNoNode || tree[node].kind != NodeKind::kInterpolation) continue;
    try {
      resolver_.dereference(node);
    } catch (ConfigError& error) {
      error.diagnostics().front().stage = Stage::kCompose;
      throw;
    }
    throw_error(Stage::kCompose, "hydra-value-type",
                fmt::format("hydra.{} is written by Hydra and cannot be an interpolation", name), tree[node].pos);
  }
}

/// hydra.job.env_copy: variables that become hydra.job.env_set.
void Composer::copy_environment() {
  Tree& tree = out_.tree;
  const NodeId hydra = tree.find(tree.root(), kHydra);
  const NodeId job = hydra == kNoNode ? kNoNode : tree.find(hydra, "job");
  const NodeId names = job == kNoNode ? kNoNode : tree.find(job, "env_copy");
  if (names == kNoNode) return;
  for (NodeId item : tree.children(names)) {
    const Node& name = tree[resolver_.dereference(item)];
    if (name.kind != NodeKind::kString) continue;
    const std::optional<std::string> value = environment_value(out_.context, std::string(name.text()));
    if (!value) {
      throw_error(Stage::kCompose, "environment-missing",
                  fmt::format("hydra.job.env_copy: environment variable '{}' not found", name.text()), tree[item].pos);
    }
    set_text(tree.find(job, "env_set"), name.text(), *value);
  }
}

// hydra: the rest of _load_configuration_impl
void Composer::fill_hydra_node() {
  ComposeStep step;
  step.kind = ComposeStep::Kind::kRuntime;
  out_.steps.push_back(step);
  Tree& tree = out_.tree;
  const NodeId hydra = tree.find(tree.root(), kHydra);
  const auto child = [&](NodeId map, std::string_view key) { return map == kNoNode ? kNoNode : tree.find(map, key); };
  const NodeId lists = child(hydra, "overrides");
  std::vector<std::string> task_words;
  for (const Override& word : out_.overrides) {
    const NodeId list = child(lists, word.is_hydra_override() ? "hydra" : "task");
    if (!word.is_hydra_override()) task_words.emplace_back(word.input_line);
    if (list != kNoNode && tree[list].kind == NodeKind::kList)
      tree.add(list, Node::of_text(NodeKind::kString, word.input_line));
  }
  const NodeId runtime = child(hydra, "runtime");
  if (const NodeId choices = child(runtime, "choices"); choices != kNoNode) {
    for (const auto& [key, choice] : out_.defaults.known_choices) {
      const auto* option = std::get_if<std::string>(&choice);
      set(choices, key, option ? Node::of_string(out_.sources->keep(*option)) : Node::null());
    }
  }
  set_text(runtime, "version", "1.3.8");
  set_text(runtime, "version_base", fmt::format("{}.{}", request_.version_base.major, request_.version_base.minor));
  std::error_code ignored;
  set_text(runtime, "cwd", std::filesystem::current_path(ignored).string());
  const NodeId sources = set(runtime, "config_sources", Node::list());
  for (const SearchPathEntry& entry : out_.search_path) {
    const size_t colon = entry.path.find("://");
    const NodeId source = sources == kNoNode ? kNoNode : tree.add(sources, Node::map());
    const bool has_schema = colon != std::string::npos;
    set_text(source, "path", has_schema ? entry.path.substr(colon + 3) : entry.path);
    set_text(source, "schema", has_schema ? entry.path.substr(0, colon) : "file");
    set_text(source, "provider", entry.provider);
  }
  const NodeId job = child(hydra, "job");
  const NodeId name = child(job, "name");
  if (name != kNoNode && tree[name].kind == NodeKind::kMissing) set_text(job, "name", request_.job_name);
  std::sort(task_words.begin(), task_words.end());
  std::string dirname = fmt::format("{}", fmt::join(task_words, ","));
  set_text(job, "override_dirname", dirname);
  if (request_.config_name) {
    set_text(job, "config_name", *request_.config_name);
  } else {
    set(job, "config_name", Node::null());
  }
}

}  // namespace

ResolveContext Composition::resolve_context() const {
  ResolveContext with_hydra = context;
  with_hydra.hydra = hydra[hydra.root()].length > 0 ? &hydra : nullptr;
  return with_hydra;
}

void Composition::resolve() {
  try {
    const ResolveContext here = resolve_context();
    Resolver(tree, *sources, here, &warnings).resolve_in_place(tree.root());
  } catch (ConfigError& error) {
    for (Diagnostic& diagnostic : error.diagnostics())
      diagnostic.stage = Stage::kResolve;
    error.set_sources(sources);
    throw;
  }
}

Composition compose(const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  Composition out;
  out.sources = std::make_shared<SourceMap>(store->sources());
  out.steps.resize(1);
  out.context = request.context;
  try {
    Composer(store, request, out).run();
  } catch (ConfigError& error) {
    error.set_sources(out.sources);
    throw;
  }
  return out;
}

}  // namespace cfgtool
