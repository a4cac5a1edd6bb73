#include "config_engine/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "config_engine/hydra_schema.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

// Ten values, each ten times the one before, are ten lines of YAML and ten gigabytes of text.
constexpr size_t kMostTextBytes = size_t{64} << 20;

/// A dict key that an interpolation spells out.
Key key_of(const Node& name, SourceMap& sources) {
  const auto key = [&](KeyKind kind, const std::string& text) { return Key(kind, sources.keep(text)); };
  switch (name.kind) {
    case NodeKind::kNull:
      return {KeyKind::kNull, "None"};
    case NodeKind::kBool:
      return {KeyKind::kBool, name.boolean ? "True" : "False"};
    case NodeKind::kInt:
      return key(KeyKind::kInt, std::to_string(name.integer));
    case NodeKind::kBigInt:
      return key(KeyKind::kInt, std::string(name.text()));
    case NodeKind::kFloat:
      return key(KeyKind::kFloat, python_repr(name.real));
    default:
      return key(KeyKind::kString, std::string(name.text()));
  }
}

/// What Python prints for the class of a value.
std::string class_name(const Node& node, bool is_plain) {
  if (!node.is_container() || is_plain) return type_name(node);
  return node.kind == NodeKind::kMap ? "omegaconf.dictconfig.DictConfig" : "omegaconf.listconfig.ListConfig";
}

/// Takes the last step away again, also when an error passes.
template <typename Step>
struct PopTrail {
  std::vector<Step>& trail;
  ~PopTrail() { trail.pop_back(); }
};

}  // namespace

/// Where an expression is evaluated: in the value `node` of `container`.
struct Resolver::Frame {
  NodeId container;
  NodeId node;
};

Resolver::Resolver(Tree& tree, SourceMap& sources, const ResolveContext& context, std::vector<Diagnostic>* warnings)
    : tree_(tree), sources_(sources), context_(context), warnings_(warnings) {}

Resolver::~Resolver() = default;

NodeId Resolver::make(Node value, NodeId parent) {
  return tree_.add_detached(value, parent);
}

// What an interpolation makes stands where it does, and came with it.
void Resolver::place_at(NodeId made, NodeId interpolation) {
  tree_[made].pos = tree_[interpolation].pos;
  tree_.set_step_of(made, interpolation);
}

NodeId Resolver::make_at(NodeId interpolation, Node value, NodeId parent) {
  const NodeId made = make(value, parent);
  place_at(made, interpolation);
  return made;
}

NodeId Resolver::make_plain(Node container, NodeId parent) {
  const NodeId made = make(container, parent);
  plain_containers_.insert(made);
  return made;
}

bool Resolver::is_ancestor_or_self(NodeId candidate, NodeId node) const {
  for (; node != kNoNode; node = tree_[node].parent) {
    if (node == candidate) return true;
  }
  return false;
}

void check_deadline(const ResolveContext& context, Stage stage, SourcePos pos) {
  if (!context.deadline || std::chrono::steady_clock::now() < *context.deadline) return;
  throw_error(stage, "time-limit", "the time limit of this request has passed", pos);
}

void ResolveContext::stop_clock() {
  timespec clock{};
  ::clock_gettime(CLOCK_REALTIME, &clock);
  now.emplace();
  ::localtime_r(&clock.tv_sec, &*now);
  now_microsecond = static_cast<int>(clock.tv_nsec / 1000);
}

std::optional<std::string> environment_variable(const ResolveContext& context, const std::string& name) {
  if (context.environment) {
    const auto found = context.environment->find(name);
    if (found == context.environment->end()) return std::nullopt;
    return found->second;
  }
  const char* const found = std::getenv(name.c_str());
  return found ? std::optional<std::string>(found) : std::nullopt;
}

void Resolver::refuse_depth(size_t limit) {
  fail("", fmt::format("the interpolations need each other more than {} levels deep", limit), "interpolation-too-deep");
}

NodeId Resolver::dereference(NodeId node) {
  return dereference_in(node, tree_[node].parent);
}

NodeId Resolver::dereference_in(NodeId node, NodeId container) {
  if (tree_[node].kind != NodeKind::kInterpolation) return node;
  if (container == kNoNode) container = tree_.root();
  check_deadline(context_, Stage::kResolve, tree_[node].pos);
  trail_.push_back({node});
  const PopTrail pop{trail_};
  if (trail_.size() > kDeepestInterpolation) refuse_depth(kDeepestInterpolation);
  const std::string_view text = tree_[node].text();
  const Frame frame{container, node};
  if (const auto path = plain_select_path(text)) return select_node(*path, frame);
  const TextOrigin origin{&sources_, tree_[node].pos};
  if (!context_.parsed) {
    const Interpolation parsed = parse_config_value(text, origin);
    return evaluate(parsed, parsed.root(), frame);
  }
  const std::shared_ptr<const Interpolation> parsed = context_.parsed->parse_config_value(text, origin);
  return evaluate(*parsed, parsed->root(), frame);
}

NodeId Resolver::evaluate_single_element(std::string_view text, NodeId parent, NodeId node) {
  const std::string_view kept = sources_.keep(text);
  try {
    const Interpolation parsed = parse_single_element(kept, {&sources_, {}});
    return evaluate(parsed, parsed.root(), {parent, node});
  } catch (const ConfigError& error) {
    if (error.diagnostics().front().code != "interpolation-syntax") throw;
    fail("GrammarParseError", error.diagnostics().front().message, "interpolation-syntax");
  }
}

/// What fails from here on is that part of the text, if it is the text of the interpolation itself.
void Resolver::note_part(const Expr& part, const Frame& frame) {
  if (trail_.empty() || trail_.back().node != frame.node) return;
  trail_.back().begin = part.begin;
  trail_.back().length = part.length;
}

// omegaconf: GrammarVisitor
NodeId Resolver::evaluate(const Interpolation& text, uint32_t expr, const Frame& frame) {
  const Expr& node = text[expr];
  switch (node.kind) {
    case ExprKind::kConstant: {
      Node value = node.value;
      switch (value.kind) {
        case NodeKind::kString:
        case NodeKind::kBigInt:
          value.text_data = sources_.keep(value.text()).data();
          break;
        default:
          break;
      }
      return make_at(frame.node, value, frame.container);
    }
    case ExprKind::kConcat: {
      std::string joined;
      for (uint32_t child = node.first_child; child != kNoNode; child = text[child].next) {
        const std::string part = python_str_or_mode(tree_, evaluate(text, child, frame));
        text_bytes_ += part.size();
        if (text_bytes_ > kMostTextBytes) {
          fail("", fmt::format("the interpolated strings together are longer than {} bytes", kMostTextBytes),
               "interpolation-too-long");
        }
        joined += part;
      }
      Node value = Node::of_text(NodeKind::kString, sources_.keep(joined));
      return make_at(frame.node, value, frame.container);
    }
    case ExprKind::kList:
    case ExprKind::kDict:
      return evaluate_container(text, expr, frame);
    case ExprKind::kSelect: {
      std::string joined;
      if (node.child_count > 0) joined = joined_names(text, node, node.child_count, "", frame);
      note_part(node, frame);
      return select_node(node.child_count > 0 ? joined : node.path(), frame);
    }
    case ExprKind::kCall:
      return evaluate_call(text, expr, frame);
  }
  return kNoNode;
}

std::string Resolver::joined_names(const Interpolation& text, const Expr& expr, uint32_t parts,
                                   std::string_view separator, const Frame& frame) {
  std::string joined;
  uint32_t child = expr.first_child;
  for (uint32_t i = 0; i < parts; ++i, child = text[child].next) {
    if (i > 0) joined += separator;
    const NodeId part = evaluate(text, child, frame);
    const NodeKind kind = tree_[part].kind;
    if (kind != NodeKind::kString && kind != NodeKind::kInterpolation && kind != NodeKind::kMissing) {
      const std::string value = python_str(tree_, part);
      const std::string type = class_name(tree_[part], is_plain_container(part));
      const std::string_view written = text.source_text(child);
      fail("",
           expr.kind == ExprKind::kCall
               ? fmt::format("The name of a resolver must be a string, but the interpolation {} resolved to `{}` which "
                             "is of type <class '{}'>",
                             written, value, type)
               : fmt::format("The following interpolation is used to denote a config key and thus should return a "
                             "string, but instead returned `{}` of type `<class '{}'>`: {}",
                             value, type, written),
           "interpolation-type");
    }
    joined += tree_[part].text();
  }
  return joined;
}

NodeId Resolver::evaluate_container(const Interpolation& text, uint32_t expr, const Frame& frame) {
  const Expr& node = text[expr];
  const NodeId container = make_plain(node.kind == ExprKind::kList ? Node::list() : Node::map(), frame.container);
  place_at(container, frame.node);
  for (uint32_t child = node.first_child; child != kNoNode; child = text[child].next) {
    Key key;
    if (node.kind == ExprKind::kDict) {
      const Node& name = text[child].value;
      key = key_of(name, sources_);
      child = text[child].next;
    }
    const NodeId value = evaluate(text, child, frame);
    NodeId home = node.kind == ExprKind::kDict ? tree_.find(container, key) : kNoNode;
    if (home == kNoNode) {
      Node placeholder;
      placeholder.set_key(key);
      home = tree_.add(container, placeholder);
    }
    tree_.assign(home, tree_, value);
  }
  return container;
}

NodeId Resolver::evaluate_call(const Interpolation& text, uint32_t expr, const Frame& frame) {
  const Expr& node = text[expr];
  std::string joined_name;
  if (node.name_parts > 0) joined_name = joined_names(text, node, node.name_parts, ".", frame);
  const std::string_view name = node.name_parts > 0 ? joined_name : node.path();
  uint32_t child = node.first_child;
  for (uint32_t i = 0; i < node.name_parts; ++i)
    child = text[child].next;
  if (node.has_empty_items) {
    warn(fmt::format(
             "In the sequence `{}` some elements are missing: please replace them with empty quoted strings. See "
             "https://github.com/omry/omegaconf/issues/572 for details.",
             text.source_text(expr)),
         frame.node);
  }
  std::vector<NodeId> arguments;
  arguments.reserve(node.child_count);
  const uint32_t first_argument = child;
  for (; child != kNoNode; child = text[child].next)
    arguments.push_back(evaluate(text, child, frame));
  note_part(node, frame);
  const RegisteredResolver& resolver = find_resolver(name);
  if (!resolver.use_cache) return call(resolver, std::move(arguments), frame);
  // As in OmegaConf the spelling of the arguments is the key, not their values.
  std::string cache_key(name);
  for (child = first_argument; child != kNoNode; child = text[child].next) {
    cache_key += '\0';
    cache_key += text.source_text(child);
  }
  if (auto cached = call_cache_.find(cache_key); cached != call_cache_.end()) return cached->second;
  const NodeId result = call(resolver, std::move(arguments), frame);
  call_cache_.emplace(std::move(cache_key), result);
  return result;
}

const RegisteredResolver& Resolver::find_resolver(std::string_view name) {
  if (const RegisteredResolver* resolver = context_.resolvers.find(name)) return *resolver;
  const std::vector<std::string> known = context_.resolvers.names();
  try {
    fail("", fmt::format("Unsupported interpolation type {}", name), "resolver-unknown");
  } catch (ConfigError& error) {
    const std::string hint = did_you_mean(name, known);
    if (!hint.empty()) error.diagnostics().front().notes.push_back(hint);
    error.diagnostics().front().notes.push_back(fmt::format("known resolvers: {}", fmt::join(known, ", ")));
    throw;
  }
}

NodeId Resolver::call(const RegisteredResolver& resolver, std::vector<NodeId> arguments, const Frame& frame) {
  ResolverCall request(*this, std::move(arguments), frame.container, frame.node, resolver.use_cache);
  try {
    const NodeId result = resolver.function(request);
    return result == kNoNode ? request.give(Node::null()) : result;
  } catch (const ConfigError&) {
    throw;
  } catch (const std::exception& error) {
    fail("RuntimeError", error.what());
  }
}

// omegaconf: Container._resolve_node_interpolation
NodeId Resolver::select_node(std::string_view key, const Frame& frame) {
  const std::string_view whole = key;
  NodeId root = tree_.root();
  if (key.starts_with('.')) {
    root = frame.container;
    for (key.remove_prefix(1); key.starts_with('.'); key.remove_prefix(1)) {
      root = tree_[root].parent;
      if (root == kNoNode) {
        fail("", fmt::format("ConfigKeyError while resolving interpolation: Error resolving key '{}'", whole),
             "interpolation-key");
      }
    }
  }
  const NodeId value = select_below(root, key, true, true);
  if (value == kNoNode) refuse_missing_key(root, key);
  if (is_ancestor_or_self(value, frame.container)) {
    fail("", "Interpolation to parent node detected", "interpolation-cycle");
  }
  return value;
}

NodeId Resolver::select(NodeId from, std::string_view key, bool throw_on_missing) {
  const std::string_view whole = key;
  NodeId root = tree_.root();
  if (key.starts_with('.')) {
    root = from;
    for (key.remove_prefix(1); key.starts_with('.'); key.remove_prefix(1)) {
      root = tree_[root].parent;
      if (root == kNoNode) fail("ConfigKeyError", fmt::format("Error resolving key '{}'", whole), "interpolation-key");
    }
  }
  return select_below(root, key, throw_on_missing, false);
}

// omegaconf: omegaconf._select_one
NodeId Resolver::select_one(NodeId container, std::string_view key, bool throw_on_missing) {
  NodeId found = kNoNode;
  if (tree_[container].kind == NodeKind::kMap) {
    found = tree_.find(container, Key(key));
  } else {
    const auto index = list_index(key);
    if (!index) fail("TypeError", fmt::format("Index '{}' (str) is not an int", key), "interpolation-type");
    if (*index >= 0) found = tree_.item(container, static_cast<size_t>(*index));
  }
  if (found != kNoNode && tree_[found].kind == NodeKind::kMissing && throw_on_missing) {
    fail("",
         fmt::format("MissingMandatoryValue while resolving interpolation: Missing mandatory value: {}",
                     tree_.key_path(found)),
         "interpolation-to-missing");
  }
  return found;
}

void Resolver::refuse_way_through_scalar(std::string_view key, size_t depth) {
  const std::vector<std::string_view> names = split_key(key);
  const std::string way =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<ptrdiff_t>(depth), "."));
  fail("ConfigTypeError",
       fmt::format("Error trying to access {}: node `{}` is not a container and thus cannot contain `{}`", key, way,
                   names[depth]),
       "interpolation-type");
}

// omegaconf: Container._select_impl
NodeId Resolver::select_below(NodeId root, std::string_view key, bool throw_on_missing, bool remember) {
  if (key.empty()) return root;
  KeyReader reader(key);
  NodeId at = root;
  std::string_view name = reader.next().value_or("");
  for (size_t depth = 1; const auto following = reader.next(); ++depth) {
    NodeId next = select_one(at, name, throw_on_missing);
    if (next == kNoNode) return kNoNode;
    next = dereference_in(next, at);
    if (!tree_[next].is_container() || is_plain_container(next)) refuse_way_through_scalar(key, depth);
    at = next;
    name = *following;
  }
  const NodeId value = select_one(at, name, throw_on_missing);
  if (value == kNoNode || tree_[value].kind != NodeKind::kInterpolation) return value;
  if (remember) {
    if (std::find(being_resolved_.begin(), being_resolved_.end(), value) != being_resolved_.end()) {
      trail_.push_back({value});
      const PopTrail pop{trail_};
      fail("", "Recursive interpolation detected", "interpolation-cycle");
    }
    being_resolved_.push_back(value);
  }
  struct Forget {
    std::vector<NodeId>* values;
    ~Forget() {
      if (values) values->pop_back();
    }
  } forget{remember ? &being_resolved_ : nullptr};
  return dereference_in(value, at);
}

std::string resolve_to_string(Tree& tree, NodeId node, SourceMap& sources, const ResolveContext& context) {
  Resolver resolver(tree, sources, context);
  const NodeId value = resolver.dereference(node);
  const NodeKind kind = tree[value].kind;
  if (kind != NodeKind::kString && kind != NodeKind::kInterpolation && kind != NodeKind::kMissing) {
    throw_error(Stage::kCompose, "interpolation-type",
                fmt::format("'{}' is not a string but of type {}", tree[node].text(), type_name(tree[value])),
                tree[node].pos);
  }
  return std::string(tree[value].text());
}

}  // namespace cfgtool
