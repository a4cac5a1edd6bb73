#include "config_engine/tree.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <vector>

namespace cfgtool {
namespace {

Node keyed(Node value, SourceMap& sources, const std::string& key) {
  value.set_key(sources.keep(key));
  return value;
}

}  // namespace

TEST_CASE("a map finds its keys however many it has, and after any of them is removed") {
  SourceMap sources;
  std::mt19937 random(1);
  for (const int count : {1, 23, 24, 25, 63, 64, 65, 1000}) {
    CAPTURE(count);
    Tree tree;
    std::vector<bool> there(static_cast<size_t>(count), true);
    for (int i = 0; i < count; ++i)
      tree.add(tree.root(), keyed(Node::of_int(i), sources, fmt::format("k{}", i)));
    for (int removed = 0; removed <= count / 2; ++removed) {
      for (int i = 0; i<count; i += count> 100 ? 97 : 1) {
        const NodeId found = tree.find(tree.root(), fmt::format("k{}", i));
        REQUIRE((found != kNoNode) == there[static_cast<size_t>(i)]);
        if (found != kNoNode) REQUIRE(tree[found].integer == i);
      }
      CHECK(tree.find(tree.root(), "other") == kNoNode);
      const size_t gone = random() % there.size();
      const NodeId found = tree.find(tree.root(), fmt::format("k{}", gone));
      if (found != kNoNode) tree.remove(found);
      there[gone] = false;
    }
    Tree copy;
    const NodeId map = copy.add_copy(copy.root(), tree, tree.root(), "below", {});
    for (size_t i = 0; i < there.size(); ++i)
      REQUIRE((copy.find(map, fmt::format("k{}", i)) != kNoNode) == there[i]);
  }
}

TEST_CASE("a map that became small and grows again finds its keys") {
  SourceMap sources;
  Tree tree;
  std::vector<NodeId> ids;
  const auto add = [&](int i) {
    ids.push_back(tree.add(tree.root(), keyed(Node::of_int(i), sources, fmt::format("k{}", i))));
  };
  for (int i = 0; i < 30; ++i)
    add(i);
  for (size_t i = 0; i < 20; ++i)
    tree.remove(ids[i]);
  for (int i = 30; i < 60; ++i)
    add(i);
  for (int i = 0; i < 60; ++i)
    CHECK((tree.find(tree.root(), fmt::format("k{}", i)) != kNoNode) == (i >= 20));
}

TEST_CASE("children are removed from the front, the middle and the end; the others keep their order") {
  Tree tree;
  Node list = Node::list();
  list.set_key("a");
  const NodeId a = tree.add(tree.root(), list);
  for (int i = 0; i < 10; ++i)
    tree.add(a, Node::of_int(i));
  for (const size_t place : {size_t{0}, size_t{3}, size_t{7}, size_t{2}})
    tree.remove(tree.item(a, place));
  tree.add(a, Node::of_int(10));
  const std::vector<int64_t> left{1, 2, 5, 6, 7, 8, 10};
  REQUIRE(tree[a].length == left.size());
  const NodeId copy = tree.add_copy(tree.root(), tree, a, "b", {});
  for (const NodeId each : {a, copy}) {
    size_t place = 0;
    for (const NodeId item : tree.children(each)) {
      CHECK(tree[item].integer == left[place]);
      CHECK(tree.item(each, place) == item);
      CHECK(tree.index_of(item) == place);
      ++place;
    }
    CHECK(place == left.size());
    CHECK(tree.item(each, place) == kNoNode);
  }
}

TEST_CASE("equal numbers are one key, in small maps and in large ones") {
  SourceMap sources;
  for (const int others : {0, 100}) {
    Tree tree;
    Node one = Node::of_int(7);
    one.set_key({KeyKind::kInt, "1"});
    const NodeId id = tree.add(tree.root(), one);
    for (int i = 0; i < others; ++i)
      tree.add(tree.root(), keyed(Node::null(), sources, fmt::format("k{}", i)));
    CHECK(tree.find(tree.root(), {KeyKind::kFloat, "1.0"}) == id);
    CHECK(tree.find(tree.root(), {KeyKind::kBool, "True"}) == id);
    CHECK(tree.find(tree.root(), "1") == kNoNode);
  }
}

TEST_CASE("a part of a tree is copied within it, children in order") {
  Tree tree;
  Node list = Node::list();
  list.set_key("a");
  const NodeId a = tree.add(tree.root(), list);
  for (int i = 0; i < 3; ++i) {
    const NodeId inner = tree.add(a, Node::list());
    tree.add(inner, Node::of_int(i));
  }
  const NodeId b = tree.add_copy(tree.root(), tree, a, "b", {});
  REQUIRE(tree[b].length == 3);
  for (size_t i = 0; i < 3; ++i) {
    const NodeId inner = tree.item(b, i);
    CHECK(tree[inner].parent == b);
    CHECK(tree[tree.item(inner, 0)].integer == static_cast<int64_t>(i));
  }
  CHECK(tree.key_path(tree.item(tree.item(b, 2), 0)) == "b[2][0]");
  CHECK(tree[a].length == 3);
}

}  // namespace cfgtool
