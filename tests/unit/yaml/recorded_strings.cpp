#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "config_engine/python_text.hpp"
#include "config_engine/yaml_writer.hpp"
#include "recorded.hpp"

namespace cfgtool {

namespace {

Node with_key(Node node, Key key) {
  node.set_key(key);
  return node;
}

std::string written(const Tree& tree) {
  return write_yaml(tree, tree.root());
}

}  // namespace

TEST_CASE("strings are written as OmegaConf writes them: as values, keys, items and alone") {
  for (const nlohmann::json& row : recorded("strings", 750)) {
    const std::string text = row["text"];
    CAPTURE(text);
    CHECK(python_repr(std::string_view(text)) == row["repr"].get<std::string>());
    Tree value;
    value.add(value.root(), with_key(Node::of_string(text), "k"));
    CHECK(written(value) == row["value"].get<std::string>());
    Tree key;
    key.add(key.root(), with_key(Node::of_int(1), text));
    CHECK(written(key) == row["key"].get<std::string>());
    Tree items;
    items.set_value(items.root(), Node::list());
    const NodeId inner = items.add(items.root(), Node::list());
    items.add(inner, Node::of_string(text));
    const NodeId map = items.add(inner, Node::map());
    const NodeId below = items.add(map, with_key(Node::map(), "k"));
    items.add(below, with_key(Node::of_string(text), "l"));
    CHECK(written(items) == row["items"].get<std::string>());
    Tree root;
    root.set_value(root.root(), Node::of_string(text));
    CHECK(written(root) == row["root"].get<std::string>());
  }
}

TEST_CASE("floats are written as Python and PyYAML write them") {
  for (const nlohmann::json& row : recorded("floats", 400)) {
    double value = std::nan("");
    if (row["bits"] != "nan") {
      const uint64_t bits = std::stoull(row["bits"].get<std::string>(), nullptr, 16);
      std::memcpy(&value, &bits, sizeof value);
    }
    CHECK(python_repr(value) == row["repr"].get<std::string>());
    Tree tree;
    tree.add(tree.root(), with_key(Node::of_float(value), "k"));
    CHECK(written(tree) == row["yaml"].get<std::string>());
  }
}

TEST_CASE("the other kinds of values and empty roots") {
  Tree tree;
  CHECK(written(tree) == "{}\n");
  tree.set_value(tree.root(), Node::list());
  CHECK(written(tree) == "[]\n");
  tree.set_value(tree.root(), Node::null());
  CHECK(written(tree) == "null\n...\n");
  tree.set_value(tree.root(), Node::of_int(-5));
  CHECK(written(tree) == "-5\n...\n");
  tree.set_value(tree.root(), Node::map());
  tree.add(tree.root(), with_key(Node::of_text(NodeKind::kBytes, "hi"), Key(KeyKind::kBytes, "")));
  tree.add(tree.root(),
           with_key(Node::of_text(NodeKind::kBigInt, "-18446744073709551616"), Key(KeyKind::kNull, "None")));
  tree.add(tree.root(), with_key(Node::of_text(NodeKind::kBytes, ""), Key(KeyKind::kFloat, "1e-05")));
  CHECK(written(tree) ==
        "? !!binary \"\"\n: !!binary |\n  aGk=\nnull: -18446744073709551616\n1.0e-05: !!binary \"\"\n");
}

}  // namespace cfgtool
