/// \file
/// A program's own resolvers against what record_resolvers.py has written down of OmegaConf's.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "config_engine/resolve.hpp"
#include "config_engine/yaml_reader.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

constexpr const char* kLambda = "resolvers.<locals>.<lambda>";

std::vector<nlohmann::json> recorded(const char* with_key) {
  std::ifstream file(fmt::format("{}/recorded_resolvers.jsonl", RESOLVERS_DATA));
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(file, line);) {
    nlohmann::json row = nlohmann::json::parse(line);
    if (row.contains(with_key)) rows.push_back(std::move(row));
  }
  return rows;
}

NodeId type(ResolverCall& call) {
  const Node& x = call.value(0);
  if (x.kind == NodeKind::kMap && !call.is_plain(0)) return call.give_text("DictConfig");
  if (x.kind == NodeKind::kList && !call.is_plain(0)) return call.give_text("ListConfig");
  return call.give_text(type_name(x));
}

NodeId half(ResolverCall& call) {
  const Node& x = call.value(0);
  if (x.kind == NodeKind::kString) {
    call.fail("TypeError", fmt::format("unsupported operand type(s) for /: '{}' and 'int'", type_name(x)));
  }
  return call.give(Node::of_float(call.number(0) / 2));
}

NodeId list(ResolverCall& call) {
  const NodeId list = call.give(Node::list());
  call.tree().add(list, Node::of_int(1));
  call.tree().add(list, Node::of_string("${a}"));
  return list;
}

NodeId plain_list(ResolverCall& call) {
  const NodeId list = call.give_plain(Node::list());
  call.tree().add(list, Node::of_int(1));
  call.tree().add(list, Node::of_int(2));
  return list;
}

NodeId map(ResolverCall& call) {
  const NodeId map = call.give(Node::map());
  Node value = Node::of_int(1);
  value.set_key("x");
  call.tree().add(map, value);
  return map;
}

std::string keys(const Tree& tree, NodeId container) {
  std::string keys;
  for (const NodeId child : tree.children(container)) {
    if (!keys.empty()) keys += ',';
    keys += tree[child].key().text;
  }
  return keys;
}

NodeId key(ResolverCall& call) {
  const Tree& tree = call.tree();
  if (tree[tree[call.node()].parent].kind == NodeKind::kList) {
    return call.give(Node::of_int(static_cast<int64_t>(tree.index_of(call.node()))));
  }
  return call.give_text(tree[call.node()].key().text);
}

NodeId beside(ResolverCall& call) {
  const NodeId parent = call.parent();
  if (call.tree()[parent].kind == NodeKind::kMap) return call.tree().find(parent, call.text(0));
  return call.tree().item(parent, static_cast<size_t>(call.number(0)));
}

ResolverFunction counter() {
  return [calls = std::make_shared<int64_t>(0)](ResolverCall& call) { return call.give(Node::of_int(++*calls)); };
}

/// The twins of resolvers() in record_resolvers.py.
ResolverTable twins() {
  ResolverTable table;
  table.add("same", [](ResolverCall& call) {
    call.require(kLambda, {"x"});
    return call.argument(0);
  });
  table.add("type", type);
  table.add("count", [](ResolverCall& call) { return call.give(Node::of_int(static_cast<int64_t>(call.count()))); });
  table.add("two", [](ResolverCall& call) {
    call.require(kLambda, {"x", "y"});
    return kNoNode;
  });
  table.add("one_or_two", [](ResolverCall& call) {
    call.require(kLambda, {"x"}, 2);
    return kNoNode;
  });
  table.add("truth", [](ResolverCall& call) { return call.give(Node::of_bool(call.truth(0))); });
  table.add("str", [](ResolverCall& call) { return call.give_text(call.str(0)); });
  table.add("none", [](ResolverCall&) { return kNoNode; });
  table.add("half", half);
  table.add("missing", [](ResolverCall& call) { return call.give_text("?\?\?"); });
  table.add("interpolation", [](ResolverCall& call) { return call.give_text("${a}"); });
  table.add("list", list);
  table.add("plain_list", plain_list);
  table.add("map", map);
  table.add("refuse", [](ResolverCall& call) -> NodeId { call.fail("ValueError", call.text(0)); });
  table.add("next", counter());
  table.add("next_cached", counter(), {.use_cache = true});
  table.add("keys_beside", [](ResolverCall& call) { return call.give_text(keys(call.tree(), call.parent())); });
  table.add("key", key);
  table.add("keys_of_all", [](ResolverCall& call) { return call.give_text(keys(call.tree(), call.root())); });
  table.add("beside", beside);
  return table;
}

/// What a configuration resolves to, or the first line of the refusal.
std::string resolved(const std::string& text, const ResolverTable& resolvers) {
  SourceMap sources;
  Tree tree = read_yaml(sources, sources.add(SourceKind::kFile, "test.yaml", text));
  ResolveContext context;
  context.resolvers = resolvers;
  try {
    Resolver(tree, sources, context).resolve_in_place(tree.root());
    return write_yaml(tree, tree.root());
  } catch (const ConfigError& error) {
    CHECK(error.diagnostics().front().labels.size() > 0);
    const std::string& message = error.diagnostics().front().message;
    return message.substr(0, message.find('\n'));
  }
}

std::string refusal_to_add(const std::function<void(ResolverTable&)>& add) {
  ResolverTable table;
  table.add("there", [](ResolverCall&) { return kNoNode; });
  try {
    add(table);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

NodeId give_one(ResolverCall& call) {
  return call.give(Node::of_int(1));
}

NodeId give_two(ResolverCall& call) {
  return call.give(Node::of_int(2));
}

}  // namespace

TEST_CASE("registered resolvers do what they do in OmegaConf") {
  const auto rows = recorded("text");
  REQUIRE(rows.size() > 30);
  for (const nlohmann::json& row : rows) {
    CAPTURE(row.dump());
    CHECK(resolved(row["text"], twins()) == (row.contains("yaml") ? row["yaml"] : row["message"]).get<std::string>());
  }
}

TEST_CASE("what cannot be registered is refused in OmegaConf's words") {
  const std::map<std::string, std::string> got{
      {"twice", refusal_to_add([](ResolverTable& table) { table.add("there", give_two); })},
      {"built-in", refusal_to_add([](ResolverTable& table) { table.add("oc.env", give_two); })},
      {"empty", refusal_to_add([](ResolverTable& table) { table.add("", give_two); })},
      {"no function", refusal_to_add([](ResolverTable& table) { table.add("new", nullptr); })},
  };
  size_t compared = 0;
  for (const nlohmann::json& row : recorded("registering")) {
    const auto found = got.find(row["registering"]);
    if (found == got.end()) continue;
    CAPTURE(found->first);
    CHECK(found->second == row["message"].get<std::string>());
    ++compared;
  }
  CHECK(compared == got.size());
}

TEST_CASE("a cached resolver must not know where its value stands") {
  // OmegaConf sees it from the function's parameters when it is registered; here it shows when it is called.
  ResolverTable table;
  table.add("cached parent", [](ResolverCall& call) { return call.parent(); }, {.use_cache = true});
  table.add("cached node", [](ResolverCall& call) { return call.node(); }, {.use_cache = true});
  table.add("cached root", [](ResolverCall& call) { return call.root(); }, {.use_cache = true});
  size_t compared = 0;
  for (const nlohmann::json& row : recorded("registering")) {
    const std::string name = row["registering"];
    const RegisteredResolver* const resolver = table.find(name);
    if (!resolver) continue;
    ResolverTable one;
    one.add("f", resolver->function, {.use_cache = true});
    CHECK(resolved("a: ${f:}", one) ==
          "ValueError raised while resolving interpolation: " + row["message"].get<std::string>());
    ++compared;
  }
  CHECK(compared == 3);
}

TEST_CASE("a resolver may be replaced, also a built-in one") {
  ResolverTable table;
  CHECK_FALSE(table.has("f"));
  CHECK(table.has("oc.env"));
  table.add("f", give_one);
  CHECK(table.has("f"));
  table.add("f", give_two, {.replace = true});
  table.add("oc.env", give_one, {.replace = true});
  CHECK(resolved("a: ${f:}\nb: ${oc.env:HOME}", table) == "a: 2\nb: 1\n");
  const std::vector<std::string> names = table.names();
  CHECK(std::count(names.begin(), names.end(), "oc.env") == 1);
  CHECK(std::count(names.begin(), names.end(), "f") == 1);
}

TEST_CASE("any exception of a resolver is a refusal with a place") {
  ResolverTable table;
  table.add("f", [](ResolverCall&) -> NodeId { throw std::out_of_range("no row 7"); });
  CHECK(resolved("a: ${f:}", table) == "RuntimeError raised while resolving interpolation: no row 7");
}

TEST_CASE("a resolver that gives a container around its value is refused") {
  // OmegaConf follows it until Python's recursion limit.
  ResolverTable table;
  table.add("parent", [](ResolverCall& call) { return call.parent(); });
  table.add("root", [](ResolverCall& call) { return call.root(); });
  CHECK(resolved("a: {b: '${parent:}'}", table) == "Recursive interpolation detected");
  CHECK(resolved("a: {b: '${root:}'}", table) == "Recursive interpolation detected");
}

}  // namespace cfgtool
