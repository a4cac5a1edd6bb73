#include "config_engine/resolvers.hpp"

#include <fmt/format.h>

#include <map>

#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/yaml_reader.hpp"

namespace cfgtool {

namespace {

/// The key argument, which must be a string.
std::string_view key_argument(ResolverCall& call) {
  const Node& key = call.value(0);
  if (!key.is_text()) {
    // What Python's str.startswith says of other types.
    call.fail("AttributeError", fmt::format("'{}' object has no attribute 'startswith'", type_name(key)),
              "resolver-arguments");
  }
  return key.text();
}

NodeId oc_env(ResolverCall& call) {
  call.require("env", {"key"}, 2);
  Tree& tree = call.tree();
  const Node& key = call.value(0);
  if (!key.is_text()) {
    call.fail("TypeError", fmt::format("str expected, not {}", type_name(key)), "resolver-arguments");
  }
  const std::string name(key.text());
  const std::optional<std::string> value = environment_variable(call.resolver().context(), name);
  if (value) return call.give_text(*value);
  if (call.count() < 2) {
    try {
      call.fail("KeyError", fmt::format("\"Environment variable '{}' not found\"", name), "environment-missing");
    } catch (ConfigError& error) {
      error.diagnostics().front().notes.push_back(
          fmt::format("set {}, or give a default: ${{oc.env:{},null}}", name, name));
      throw;
    }
  }
  if (call.value(1).kind == NodeKind::kNull) return call.give(Node::null());
  return call.give_text(python_str(tree, call.argument(1)));
}

NodeId oc_decode(ResolverCall& call) {
  call.require("decode", {"expr"}, 1);
  const Node& text = call.value(0);
  if (text.kind == NodeKind::kNull) return call.give(Node::null());
  if (!text.is_text()) {
    call.fail("TypeError",
              fmt::format("`oc.decode` can only take strings or None as input, but `{}` is of type {}",
                          python_str(call.tree(), call.argument(0)), type_name(text)),
              "resolver-arguments");
  }
  return call.resolver().evaluate_single_element(text.text(), call.parent(), call.node());
}

NodeId oc_create(ResolverCall& call) {
  call.require("create", {"obj"}, 1);
  Tree& tree = call.tree();
  const Node argument = call.value(0);
  if (argument.kind == NodeKind::kNull) return call.give(Node::null());
  NodeId created = kNoNode;
  if (argument.is_text()) {
    // A string is YAML.
    SourceMap& sources = call.resolver().sources();
    const SourcePos text = sources.add(SourceKind::kBuiltin, "oc.create", std::string(argument.text()));
    const Tree parsed = read_yaml(sources, text);
    created = call.resolver().make(parsed[parsed.root()], call.parent());
    tree.assign(created, parsed, parsed.root());
  } else if (argument.is_container()) {
    created = call.resolver().make(argument, call.parent());
    tree.assign(created, tree, call.argument(0));
  } else {
    call.fail("ValidationError", fmt::format("Object of unsupported type: '{}'", type_name(argument)),
              "resolver-arguments");
  }
  tree[created].pos = tree[call.node()].pos;
  // The new nodes are the last ones. As configuration nodes they have no null keys, and a string with "${" is an
  // interpolation.
  for (NodeId id = created; id < tree.size(); ++id) {
    Node& node = tree[id];
    if (node.kind == NodeKind::kString) node.kind = Node::of_string(node.text()).kind;
    if (node.key_kind == KeyKind::kNull && id != created) {
      call.fail("KeyValidationError", "Incompatible key type 'NoneType'", "resolver-arguments");
    }
  }
  return created;
}

/// omegaconf: _impl.select_node: a key that goes through a scalar is just not there.
NodeId select_or_none(ResolverCall& call, std::string_view key) {
  try {
    return call.resolver().select(call.parent(), key, false);
  } catch (const ConfigError& error) {
    if (error.diagnostics().front().message.starts_with("ConfigTypeError")) return kNoNode;
    throw;
  }
}

NodeId oc_select(ResolverCall& call) {
  call.require("select", {"key"}, 2);
  const NodeId found = select_or_none(call, key_argument(call));
  if (found != kNoNode && call.tree()[found].kind != NodeKind::kMissing) return found;
  return call.count() > 1 ? call.argument(1) : call.give(Node::null());
}

/// Python's string.Template.safe_substitute with two names.
std::string substitute(std::string_view message, const std::string& old_key, const std::string& new_key) {
  std::string text;
  for (size_t i = 0; i < message.size();) {
    const std::string_view rest = message.substr(i);
    const auto take = [&](std::string_view name, const std::string& value) {
      if (!rest.starts_with(name)) return false;
      text += value;
      i += name.size();
      return true;
    };
    if (rest[0] == '$' && (take("$$", "$") || take("$OLD_KEY", old_key) || take("${OLD_KEY}", old_key) ||
                           take("$NEW_KEY", new_key) || take("${NEW_KEY}", new_key))) {
      continue;
    }
    text += message[i++];
  }
  return text;
}

NodeId oc_deprecated(ResolverCall& call) {
  call.require("deprecated", {"key"}, 2);
  Tree& tree = call.tree();
  const char* const names[] = {"key", "message"};
  for (size_t i = 0; i < call.count(); ++i) {
    if (call.value(i).is_text()) continue;
    call.fail(
        "TypeError",
        fmt::format("oc.deprecated: interpolation {} type is not a string ({})", names[i], type_name(call.value(i))),
        "resolver-arguments");
  }
  const std::string_view key = call.value(0).text();
  const std::string old_key = tree.key_path(call.node());
  const NodeId target = select_or_none(call, key);
  if (target == kNoNode) {
    call.fail("ConfigKeyError", fmt::format("In oc.deprecated resolver at '{}': Key not found: '{}'", old_key, key),
              "interpolation-key");
  }
  const std::string_view message = call.count() > 1
                                       ? call.value(1).text()
                                       : "'$OLD_KEY' is deprecated. Change your code and config to use '$NEW_KEY'";
  call.resolver().warn(substitute(message, old_key, tree.key_path(target)), call.node());
  return target;
}

/// The map that `oc.dict.keys` and `oc.dict.values` look into.
NodeId dict_argument(ResolverCall& call, std::string_view function) {
  call.require(function, {"key"}, 1);
  Tree& tree = call.tree();
  const Node& key = call.value(0);
  if (!key.is_text()) {
    call.fail("TypeError",
              fmt::format("`oc.dict.{}` requires a string as input, but obtained `{}` of type: {}", function,
                          python_str(tree, call.argument(0)), type_name(key)),
              "resolver-arguments");
  }
  const NodeId map = select_or_none(call, key.text());
  if (map != kNoNode && tree[map].kind == NodeKind::kMissing) {
    call.fail("MissingMandatoryValue", fmt::format("Missing mandatory value: {}", key.text()), "resolver-arguments");
  }
  if (map == kNoNode) {
    call.fail("ConfigKeyError", fmt::format("Key not found: '{}'", key.text()), "interpolation-key");
  }
  if (tree[map].kind != NodeKind::kMap || call.resolver().is_plain_container(map)) {
    const char* const type = tree[map].kind == NodeKind::kList ? "ListConfig" : type_name(tree[map]);
    call.fail("TypeError", fmt::format("`oc.dict.{}` cannot be applied to objects of type: {}", function, type),
              "resolver-arguments");
  }
  return map;
}

Node key_as_value(const Key& key) {
  switch (key.kind) {
    case KeyKind::kNull:
      return Node::null();
    case KeyKind::kBool:
      return Node::of_bool(key.text == "True");
    case KeyKind::kInt: {
      const auto value = python_int(key.text);
      return value && value->fits ? Node::of_int(value->value) : Node::of_text(NodeKind::kBigInt, key.text);
    }
    case KeyKind::kFloat:
      return Node::of_float(python_float(key.text).value_or(0));
    case KeyKind::kBytes:
      return Node::of_text(NodeKind::kBytes, key.text);
    case KeyKind::kString:
      break;
  }
  return Node::of_string(key.text);
}

NodeId oc_dict_keys(ResolverCall& call) {
  const NodeId map = dict_argument(call, "keys");
  Tree& tree = call.tree();
  const NodeId list = call.resolver().make(Node::list(), call.parent());
  tree[list].pos = tree[call.node()].pos;
  for (NodeId child = tree[map].child.first; child != kNoNode; child = tree[child].next) {
    Node value = key_as_value(tree[child].key());
    value.pos = tree[child].key_pos;
    tree.add(list, value);
  }
  return list;
}

NodeId oc_dict_values(ResolverCall& call) {
  const NodeId map = dict_argument(call, "values");
  Tree& tree = call.tree();
  std::string prefix(call.value(0).text());
  // The values stand one level deeper than the interpolation that asks for them.
  if (prefix.starts_with('.')) prefix = "." + prefix;
  const NodeId list = call.resolver().make(Node::list(), call.parent());
  tree[list].pos = tree[call.node()].pos;
  for (NodeId child = tree[map].child.first; child != kNoNode; child = tree[child].next) {
    const std::string reference = fmt::format("${{{}.{}}}", prefix, tree[child].key().text);
    Node value = Node::of_string(call.resolver().sources().keep(reference));
    value.pos = tree[child].pos;
    tree.add(list, value);
  }
  return list;
}

/// `%f` is Python's own: C's strftime does not know it.
std::string with_microseconds(std::string_view pattern, int microsecond) {
  std::string text;
  for (size_t at = 0; at < pattern.size(); ++at) {
    const std::string_view two = pattern.substr(at, 2);
    if (two == "%f") {
      text += fmt::format("{:06}", microsecond);
    } else {
      text += two.starts_with('%') ? two : two.substr(0, 1);
    }
    at += two.size() == 2 && two[0] == '%' ? 1 : 0;
  }
  return text;
}

NodeId now(ResolverCall& call) {
  call.require("<lambda>", {"pattern"}, 1);
  const Node& pattern = call.value(0);
  if (!pattern.is_text()) {
    call.fail("TypeError", fmt::format("strftime() argument 1 must be str, not {}", type_name(pattern)),
              "resolver-arguments");
  }
  std::tm time{};
  int microsecond = call.resolver().context().now_microsecond;
  if (call.resolver().context().now) {
    time = *call.resolver().context().now;
  } else {
    timespec clock{};
    ::clock_gettime(CLOCK_REALTIME, &clock);
    ::localtime_r(&clock.tv_sec, &time);
    microsecond = static_cast<int>(clock.tv_nsec / 1000);
  }
  // strftime returns 0 both for an empty result and for one that does not fit: a mark in front tells them apart.
  const std::string format = "x" + with_microseconds(pattern.text(), microsecond);
  std::string text(64 + format.size() * 16, '\0');
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &time));
  return call.give_text(text.empty() ? text : text.substr(1));
}

NodeId python_version(ResolverCall& call) {
  call.require("<lambda>", {}, 1);
  Tree& tree = call.tree();
  const std::string level = call.count() == 0 ? "minor" : python_str(tree, call.argument(0));
  const std::string& micro = call.resolver().context().python_version;
  const size_t first_dot = micro.find('.');
  if (level == "micro") return call.give_text(micro);
  if (level == "major") return call.give_text(micro.substr(0, first_dot));
  if (level == "minor") return call.give_text(micro.substr(0, micro.find('.', first_dot + 1)));
  return call.give(Node::null());
}

NodeId hydra(ResolverCall& call) {
  call.require("<lambda>", {"path"}, 1);
  const NodeId hydra = call.resolver().hydra_node();
  if (hydra == kNoNode) call.fail("ValueError", "HydraConfig was not set", "resolver-hydra");
  const NodeId found = call.resolver().select(hydra, "." + std::string(key_argument(call)), false);
  return found == kNoNode || call.tree()[found].kind == NodeKind::kMissing ? kNoNode : found;
}

const std::map<std::string_view, RegisteredResolver>& builtin_resolvers() {
  static const std::map<std::string_view, RegisteredResolver> resolvers = {
      {"oc.create", {oc_create, false}},           {"oc.decode", {oc_decode, false}},
      {"oc.deprecated", {oc_deprecated, false}},   {"oc.dict.keys", {oc_dict_keys, false}},
      {"oc.dict.values", {oc_dict_values, false}}, {"oc.env", {oc_env, false}},
      {"oc.select", {oc_select, false}},           {"now", {now, true}},
      {"python_version", {python_version, false}}, {"hydra", {hydra, false}},
  };
  return resolvers;
}

}  // namespace

const RegisteredResolver* find_builtin_resolver(std::string_view name) {
  const auto& resolvers = builtin_resolvers();
  const auto found = resolvers.find(name);
  return found == resolvers.end() ? nullptr : &found->second;
}

std::vector<std::string> builtin_resolver_names() {
  std::vector<std::string> names;
  for (const auto& resolver : builtin_resolvers())
    names.emplace_back(resolver.first);
  return names;
}

}  // namespace cfgtool
