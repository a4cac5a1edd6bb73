#include "config_engine/config.hpp"

#include <fmt/format.h>

#include <mutex>

#include "config_engine/key_path.hpp"
#include "config_engine/merge.hpp"
#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

/// Following an interpolation appends to the tree, so that readers take turns.
struct ConfigValue::State {
  explicit State(Composition from)
      : composition(std::move(from)),
        tree(composition.tree),
        context(composition.resolve_context()),
        resolver(tree, *composition.sources, context) {}

  Composition composition;
  Tree tree;
  ResolveContext context;
  Resolver resolver;
  std::mutex mutex;

  std::unordered_map<NodeId, NodeId> followed;
  std::optional<Provenance> provenance;  // made when it is first asked for

  NodeId follow(NodeId node) {
    if (tree[node].kind != NodeKind::kInterpolation) return node;
    if (auto known = followed.find(node); known != followed.end()) return known->second;
    try {
      return followed.emplace(node, resolver.dereference(node)).first->second;
    } catch (ConfigError& error) {
      error.set_sources(composition.sources);
      throw;
    }
  }
};

namespace {

const char* describe(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return "a boolean";
    case NodeKind::kInt:
    case NodeKind::kBigInt:
      return "an integer";
    case NodeKind::kFloat:
      return "a floating-point number";
    case NodeKind::kString:
    case NodeKind::kInterpolation:
      return "a string";
    case NodeKind::kBytes:
      return "bytes";
    case NodeKind::kMissing:
      return "missing (?\?\?)";
    case NodeKind::kMap:
      return "a mapping";
    case NodeKind::kList:
      return "a list";
  }
  return "";
}

}  // namespace

NodeKind ConfigValue::kind() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree[value_].kind;
}

std::string ConfigValue::key() const {
  const std::lock_guard lock(state_->mutex);
  return std::string(state_->tree[written_].key().text);
}

std::string ConfigValue::path() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.key_path(written_);
}

SourcePos ConfigValue::pos() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree[value_].pos;
}

std::string ConfigValue::origin() const {
  SourceLocation at;
  return state_->composition.sources->locate(pos(), &at) ? to_string(at) : "nowhere";
}

ValueProvenance ConfigValue::provenance() const {
  const std::lock_guard lock(state_->mutex);
  const Composition& composition = state_->composition;
  if (!state_->provenance) state_->provenance.emplace(composition, composition.tree);
  if (written_ < composition.tree.size()) return state_->provenance->explain(written_);
  ValueProvenance made;
  made.key = dotted_path(state_->tree, written_);
  made.node = written_;
  made.causes.emplace_back();
  made.causes.back().pos = state_->tree[written_].pos;
  composition.sources->locate(made.causes.back().pos, &made.causes.back().at);
  return made;
}

std::vector<ConfigValue> ConfigValue::children() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<NodeId> ids;
  for (NodeId child : state_->tree.children(value_))
    ids.push_back(child);
  std::vector<ConfigValue> values;
  values.reserve(ids.size());
  for (NodeId child : ids)
    values.push_back(ConfigValue(state_, child, state_->follow(child)));
  return values;
}

namespace {

/// The environment has no line to show.
void note_variables(const std::vector<ValueRead>& reads, std::vector<std::string>& notes) {
  for (const ValueRead& read : reads) {
    if (read.kind == ValueRead::Kind::kEnvironment)
      notes.push_back(
          fmt::format("it reads the environment variable {}{}", read.name, read.is_there ? "" : ", which is not set"));
    note_variables(read.reads, notes);
  }
}

}  // namespace

void ConfigValue::refuse(const std::string& message, std::string code) const {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kResolve;
  diagnostic.code = std::move(code);
  diagnostic.message = message;
  diagnostic.key_path = path();
  diagnostic.labels.push_back({pos(), 1, {}});
  const SourcePos used = [&] {
    const std::lock_guard lock(state_->mutex);
    return state_->tree[written_].pos;
  }();
  if (written_ != value_ && !(used == pos())) {
    diagnostic.labels.push_back({used, 1, fmt::format("used here as '{}'", diagnostic.key_path)});
  }
  note_variables(provenance().reads, diagnostic.notes);
  ConfigError error(std::move(diagnostic));
  error.set_sources(state_->composition.sources);
  throw error;
}

void ConfigValue::refuse_type(const char* expected) const {
  const NodeKind found = kind();
  std::string value;
  if (found != NodeKind::kMap && found != NodeKind::kList && found != NodeKind::kNull && found != NodeKind::kMissing) {
    const std::lock_guard lock(state_->mutex);
    value = fmt::format(" ({})", python_repr(state_->tree, value_));
  }
  refuse(fmt::format("'{}' is {}{}, expected {}", path(), describe(found), value, expected), "value-type");
}

bool ConfigValue::read_bool() const {
  if (kind() != NodeKind::kBool) refuse_type("a boolean (true or false)");
  const std::lock_guard lock(state_->mutex);
  return state_->tree[value_].boolean;
}

int64_t ConfigValue::read_int(int64_t least, int64_t greatest) const {
  const NodeKind found = kind();
  if (found == NodeKind::kBigInt) refuse(fmt::format("'{}' is beyond 64 bits", path()), "value-range");
  if (found != NodeKind::kInt) refuse_type("an integer");
  const int64_t value = [&] {
    const std::lock_guard lock(state_->mutex);
    return state_->tree[value_].integer;
  }();
  if (value < least || value > greatest) {
    refuse(fmt::format("'{}' is {}, expected an integer from {} to {}", path(), value, least, greatest), "value-range");
  }
  return value;
}

uint64_t ConfigValue::read_unsigned(uint64_t greatest) const {
  const int64_t value = read_int(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
  if (value < 0 || static_cast<uint64_t>(value) > greatest) {
    refuse(fmt::format("'{}' is {}, expected an integer from 0 to {}", path(), value, greatest), "value-range");
  }
  return static_cast<uint64_t>(value);
}

double ConfigValue::read_double() const {
  const NodeKind found = kind();
  if (found != NodeKind::kFloat && found != NodeKind::kInt && found != NodeKind::kBigInt) refuse_type("a number");
  const std::lock_guard lock(state_->mutex);
  const Node& node = state_->tree[value_];
  if (node.kind == NodeKind::kBigInt) return python_float(node.text()).value_or(0);
  return node.kind == NodeKind::kFloat ? node.real : static_cast<double>(node.integer);
}

std::string ConfigValue::read_string() const {
  const NodeKind found = kind();
  // An interpolation that stays one is a string that an escape made look like it.
  if (found != NodeKind::kString && found != NodeKind::kInterpolation) refuse_type("a string");
  const std::lock_guard lock(state_->mutex);
  return std::string(state_->tree[value_].text());
}

Config::Config(Composition composition) : state_(std::make_shared<ConfigValue::State>(std::move(composition))) {}

const Composition& Config::composition() const {
  return state_->composition;
}
std::shared_ptr<const SourceMap> Config::sources() const {
  return state_->composition.sources;
}

ConfigValue Config::root() const {
  return {state_, state_->tree.root(), state_->tree.root()};
}

std::optional<ConfigValue> Config::lookup(std::string_view key) const {
  const std::lock_guard lock(state_->mutex);
  NodeId written = state_->tree.root();
  NodeId value = written;
  if (key.empty()) return ConfigValue(state_, written, value);
  for (const std::string_view part : split_key(key)) {
    if (state_->tree[value].kind == NodeKind::kMap) {
      written = state_->tree.find(value, Key(part));
    } else {
      const auto index = list_index(part);
      written = index && *index >= 0 ? state_->tree.item(value, static_cast<size_t>(*index)) : kNoNode;
    }
    if (written == kNoNode) return std::nullopt;
    value = state_->follow(written);
  }
  return ConfigValue(state_, written, value);
}

ConfigValue Config::at(std::string_view key) const {
  std::optional<ConfigValue> found = lookup(key);
  if (found && found->kind() == NodeKind::kMissing) {
    found->refuse(fmt::format("Missing mandatory value: {}\ngive it one: {}=VALUE", key, key), "value-missing");
  }
  if (found) return *found;
  // The deepest map that is there knows what the key could have been.
  ConfigValue deepest = root();
  std::string way;
  std::string_view wrong = key;
  for (const std::string_view part : split_key(key)) {
    const std::string next = way.empty() ? std::string(part) : way + "." + std::string(part);
    const std::optional<ConfigValue> value = lookup(next);
    wrong = part;
    if (!value) break;
    deepest = *value;
    way = next;
  }
  std::vector<std::string> known;
  SourcePos place = deepest.pos();
  {
    const std::lock_guard lock(state_->mutex);
    const SourcePos own = container_place(state_->tree, deepest.value_);
    if (own && !way.empty()) place = own;
    for (NodeId child : state_->tree.children(deepest.value_))
      known.emplace_back(state_->tree[child].key().text);
  }
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kResolve;
  diagnostic.code = "value-absent";
  diagnostic.message = fmt::format("The configuration has no '{}'", key);
  diagnostic.key_path = std::string(key);
  for (const ResultDefault& entry : state_->composition.defaults.defaults) {
    // The whole configuration has no place of its own: its name stands for it.
    if (!place && entry.primary) place = entry.pos;
  }
  if (place) diagnostic.labels.push_back({place, 1, way.empty() ? "" : fmt::format("'{}' is here", way)});
  const std::string hint = did_you_mean(wrong, known);
  if (!hint.empty()) diagnostic.notes.push_back(hint);
  ConfigError error(std::move(diagnostic));
  error.set_sources(sources());
  throw error;
}

}  // namespace cfgtool
