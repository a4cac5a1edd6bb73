#include "config_engine/compose.hpp"
#include "config_engine/compose_all.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/compose_fixes.hpp"
#include "config_engine/compose_hydra.hpp"
#include "config_engine/compose_search_path.hpp"
#include "config_engine/compose_suggestions.hpp"
#include "config_engine/hydra_schema.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/merge.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/value_overrides.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kHydra = "hydra";

bool changes_hydra(const Override& word) {
  return word.is_hydra_override() || word.key_or_group == kHydra;
}

class Composer {
 public:
  Composer(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, Composition& out)
      : request_(request),
        out_(out),
        repository_(store, initial_search_path(request), request.version_base, request.pkg_path, *out.sources,
                    out.context),
        resolver_(out.tree, *out.sources, out.context, &out.warnings) {}

  void run();
  /// What compose_defaults() wants; Hydra refuses neither sweeps nor a folder that is not there in that case.
  void run_defaults();

 private:
  void read_words();
  void list_defaults();
  void check_primary_folder();
  void parse_overrides();
  void pass_over(const ConfigError& error);
  bool is_consequence(std::string_view key) const;
  void begin_step(ComposeStep step);
  void refuse_sweeps() const;
  void merge_defaults();
  void mark_unknown_packages();
  void merge_config(const ResultDefault& entry);
  NodeId container_behind(NodeId node, const std::string& config_path);
  void merge_at_package(const LoadedConfig& loaded, const ResultDefault& entry, Merger& merger);
  void apply_overrides();
  std::optional<HydraSchemaFault> hydra_fault(bool merges);
  void check_hydra_after_config(const ResultDefault& entry);
  void check_hydra_after_override(const Override& word);

  const ComposeRequest& request_;
  Composition& out_;
  ConfigRepository repository_;
  Resolver resolver_;
  bool hydra_is_typed_ = false;
  std::vector<std::string> doubtful_keys_;  // what was passed over would have set them
};

void Composer::run() {
  check_primary_folder();
  read_words();
  refuse_sweeps();
  list_defaults();
  merge_defaults();
  if (request_.passed_over) mark_unknown_packages();
  apply_overrides();
  finish_hydra_node(out_, request_, resolver_);
  const NodeId hydra = out_.tree.find(out_.tree.root(), kHydra);
  if (hydra == kNoNode) return;
  if (request_.with_hydra) out_.hydra.add_copy(out_.hydra.root(), out_.tree, hydra);
  out_.tree.remove(hydra);
}

void Composer::run_defaults() {
  read_words();
  list_defaults();
}

void Composer::read_words() {
  parse_overrides();
  extend_search_path(repository_, request_, out_);
}

void Composer::list_defaults() {
  DefaultsRequest defaults;
  defaults.config_name = request_.config_name;
  if (request_.config_name) {
    defaults.config_name_pos = out_.sources->add(SourceKind::kFlag, "--config-name", *request_.config_name);
  }
  defaults.overrides = &out_.overrides;
  defaults.version_base = request_.version_base;
  defaults.context = &out_.context;
  defaults.with_hydra = request_.with_hydra;
  // The word that chooses a group may be one that was passed over.
  defaults.skip_missing = request_.skip_missing || !doubtful_keys_.empty();
  defaults.passed_over = request_.passed_over;
  repository_.pass_over(request_.passed_over);
  out_.defaults = create_defaults_list(repository_, defaults, *out_.sources);
  std::move(out_.defaults.warnings.begin(), out_.defaults.warnings.end(), std::back_inserter(out_.warnings));
  out_.search_path = repository_.search_path();
  out_.context.deleted_keys = out_.defaults.deleted_packages;
  doubtful_keys_.insert(doubtful_keys_.end(), out_.defaults.unknown_packages.begin(),
                        out_.defaults.unknown_packages.end());
}

// hydra: ensure_main_config_source_available
void Composer::check_primary_folder() {
  for (const SearchPathEntry& entry : repository_.search_path()) {
    if (entry.provider != "main" || repository_.available(entry)) continue;
    const std::string place = entry.path.substr(entry.path.find("://") + 3);
    const bool is_package = entry.path.starts_with("pkg://");
    Diagnostic diagnostic;
    diagnostic.code = "config-dir-missing";
    diagnostic.message = is_package
                             ? fmt::format(
                                   "Primary config module '{}' not found.\nCheck that it's correct and contains an "
                                   "__init__.py file",
                                   place)
                             : fmt::format(
                                   "Primary config directory not found.\nCheck that the config directory '{}' exists "
                                   "and readable",
                                   place);
    diagnostic.labels.push_back({out_.sources->add(SourceKind::kFlag, "--config-path", place), 1, {}});
    if (!is_package) suggest_for_missing_folder(place, diagnostic);
    throw ConfigError(std::move(diagnostic));
  }
}

/// Within the handler of `error`.
void Composer::pass_over(const ConfigError& error) {
  if (!request_.passed_over) throw;
  request_.passed_over->insert(request_.passed_over->end(), error.diagnostics().begin(), error.diagnostics().end());
}

/// Whether that a key cannot be changed may be due to what was passed over before.
bool Composer::is_consequence(std::string_view key) const {
  return std::any_of(doubtful_keys_.begin(), doubtful_keys_.end(), [&](std::string_view above) {
    return above.empty() || (key.starts_with(above) && (key.size() == above.size() || key[above.size()] == '.'));
  });
}

void Composer::parse_overrides() {
  OverrideOptions options;
  options.extended = request_.extended;
  out_.overrides.reserve(request_.overrides.size());
  for (size_t i = 0; i < request_.overrides.size(); ++i) {
    const uint32_t index = static_cast<uint32_t>(i + 1);
    const SourcePos word =
        out_.sources->add(SourceKind::kOverride, request_.overrides[i], request_.overrides[i], index);
    try {
      out_.overrides.push_back(parse_override(*out_.sources, word, options));
    } catch (ConfigError& error) {
      suggest_for_unread_word(request_.overrides, i, error.diagnostics().front());
      pass_over(error);
      const std::string_view text = request_.overrides[i];
      const size_t key = std::min(text.find_first_not_of("+~"), text.size());
      doubtful_keys_.emplace_back(text.substr(key, text.find_first_of("=@", key) - key));
    }
  }
}

/// `1,2` as a list; of a function of several values, such as `sort(2,1)`, its arguments as one.
std::string as_list(std::string_view values) {
  const size_t open = values.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  const bool is_call = open != values.npos && open > 0 && values[open] == '(' && values.ends_with(')');
  if (!is_call) return fmt::format("[{}]", values);
  return fmt::format("{}([{}])", values.substr(0, open), values.substr(open + 1, values.size() - open - 2));
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
      diagnostic.fix = fmt::format("{}={}", word.key_element(), as_list(word.value_string()));
    } else {
      diagnostic.message = fmt::format("Sweep parameters '{}' requires --multirun", word.input_line);
    }
    throw ConfigError(std::move(diagnostic));
  }
}

// hydra: _compose_config_from_defaults_list
void Composer::merge_defaults() {
  size_t nodes = 0;
  for (const ResultDefault& entry : out_.defaults.defaults) {
    const LoadedConfig* loaded = repository_.load_config(entry.config_path);
    if (loaded) nodes += loaded->file->tree.size();
  }
  out_.tree.reserve(nodes + nodes / 2);  // resolving adds some
  out_.steps.reserve(out_.steps.size() + out_.defaults.defaults.size() + out_.overrides.size());
  for (const ResultDefault& entry : out_.defaults.defaults) {
    check_deadline(out_.context, Stage::kCompose, entry.pos);
    merge_config(entry);
    if (out_.defaults.with_hydra) check_hydra_after_config(entry);
  }
}

void Composer::mark_unknown_packages() {
  for (const std::string& package : out_.defaults.unknown_packages) {
    NodeId at = out_.tree.root();
    for (const std::string_view name : split_key(out_.sources->keep(package))) {
      NodeId next = out_.tree.find(at, Key(name));
      if (next == kNoNode && out_.tree[at].kind == NodeKind::kMap) {
        Node node = Node::map();
        node.set_key(Key(name));
        next = out_.tree.add(at, node);
      }
      if (next == kNoNode) break;
      at = next;
    }
    if (at != out_.tree.root() && out_.tree[at].kind == NodeKind::kMap && out_.tree[at].length == 0)
      out_.tree.set_value(at, Node::of_string("???"));
  }
}

/// The container that the interpolation at `node` leads to, if it leads to one. As in OmegaConf, only a text that does
/// not parse is an error here; what fails later leaves the interpolation as it is.
NodeId Composer::container_behind(NodeId node, const std::string& config_path) {
  try {
    out_.context.parsed->parse_config_value(out_.tree[node].text(), {out_.sources.get(), out_.tree[node].pos});
  } catch (ConfigError& error) {
    Diagnostic& diagnostic = error.diagnostics().front();
    diagnostic.stage = Stage::kCompose;
    diagnostic.message =
        fmt::format("In '{}': GrammarParseError raised while composing config:\n{}", config_path, diagnostic.message);
    throw;
  }
  try {
    const NodeId target = resolver_.dereference(node);
    return resolver_.is_plain_container(target) ? kNoNode : target;
  } catch (const ConfigError&) {
    return kNoNode;
  }
}

void Composer::merge_config(const ResultDefault& entry) {
  const LoadedConfig* loaded = repository_.load_config(entry.config_path);
  if (!loaded) {
    throw_error(Stage::kCompose, "config-not-found", fmt::format("Could not load '{}'.", entry.config_path), entry.pos);
  }
  if (entry.config_path == "hydra/config" && !loaded->file->is_builtin) {
    throw_error(Stage::kCompose, "config-hides-schema",
                fmt::format("'{}' is validated against ConfigStore schema with the same name.\nHydra's own "
                            "configuration has this name; give the file another one",
                            entry.config_path),
                loaded->file->begin);
  }
  const auto index = static_cast<uint32_t>(&entry - out_.defaults.defaults.data());
  begin_step({ComposeStep::Kind::kConfig, index});
  Merger merger(out_.tree, [&](Tree&, NodeId node) { return container_behind(node, entry.config_path); });
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
    if (entry.pos && !entry.primary) diagnostic.labels.push_back({entry.pos, 1, "brings this config"});
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
  if (fault->unknown_key && node.parent != kNoNode) {
    std::vector<std::string> known;
    for (NodeId sibling : out_.tree.children(node.parent)) {
      if (sibling != fault->node) known.emplace_back(out_.tree[sibling].key().text);
    }
    if (std::string hint = did_you_mean(node.key().text, known); !hint.empty())
      diagnostic.notes.push_back(std::move(hint));
  }
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
  if (way.size() > kDeepestKey) {
    throw_error(Stage::kCompose, "package-too-deep",
                fmt::format("In '{}': the package has more than {} parts", entry.config_path, kDeepestKey),
                loaded.file->begin);
  }
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

void Composer::begin_step(ComposeStep step) {
  out_.tree.begin_step(static_cast<uint32_t>(out_.steps.size()));
  out_.steps.push_back(step);
}

void Composer::apply_overrides() {
  for (const Override* word : out_.defaults.config_overrides) {
    begin_step({ComposeStep::Kind::kOverride, static_cast<uint32_t>(word - out_.overrides.data())});
    try {
      const NodeId gone = apply_value_override(out_.tree, resolver_, *word);
      if (gone != kNoNode)
        out_.deleted.push_back({word->key_or_group, gone, word->key_pos, static_cast<uint32_t>(out_.steps.size() - 1)});
    } catch (ConfigError& error) {
      suggest_for_override(*word, out_, repository_, error.diagnostics().front());
      if (!is_consequence(word->key_or_group)) pass_over(error);
      doubtful_keys_.push_back(word->key_or_group);
      continue;
    }
    if (word->is_delete()) out_.context.deleted_keys.emplace_back(word->key_or_group, word->key_pos);
    check_hydra_after_override(*word);
  }
}

}  // namespace

ResolveContext Composition::resolve_context() const {
  ResolveContext with_hydra = context;
  with_hydra.hydra = hydra[hydra.root()].length > 0 ? &hydra : nullptr;
  return with_hydra;
}

Tree Composition::whole_tree() const {
  Tree all = hydra;
  for (const NodeId child : tree.children(tree.root()))
    all.add_copy(all.root(), tree, child);
  return all;
}

void Composition::resolve() {
  tree = resolved_tree(&warnings);
}

Tree Composition::resolved_tree(std::vector<Diagnostic>* notes) const {
  Tree resolved = tree;
  try {
    const ResolveContext here = resolve_context();
    Resolver resolver(resolved, *sources, here, notes);
    resolve_finding_all(resolver, resolved.root());
  } catch (ConfigError& error) {
    for (Diagnostic& diagnostic : error.diagnostics())
      diagnostic.stage = Stage::kResolve;
    error.set_sources(sources);
    throw;
  }
  return resolved;
}

namespace {

Composition compose_by(void (Composer::*steps)(), const std::shared_ptr<FileStore>& store,
                       const ComposeRequest& request) {
  Composition out;
  store->begin_composition(request.config_dirs.empty() ? "" : request.config_dirs.front(),
                           request.config_name.value_or(""));
  out.sources = std::make_shared<SourceMap>(store->sources());
  out.steps.resize(1);
  out.context = request.context;
  out.context.parsed = store->interpolations();
  try {
    (Composer(store, request, out).*steps)();
    out.tree.begin_step(0);
  } catch (ConfigError& error) {
    // A warning may be what explains the error.
    std::move(out.warnings.begin(), out.warnings.end(), std::back_inserter(error.diagnostics()));
    error.set_sources(out.sources);
    if (!request.passed_over) {
      try_fixes(error.diagnostics(), *out.sources, request,
                [&](const ComposeRequest& attempt) { return compose_by(steps, store, attempt); });
    }
    throw;
  }
  return out;
}

}  // namespace

Composition compose(const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  return compose_by(&Composer::run, store, request);
}

Composition compose_defaults(const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  return compose_by(&Composer::run_defaults, store, request);
}

}  // namespace cfgtool
