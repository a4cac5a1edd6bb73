#include "schemas/tree_json.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace cfgtool {

nlohmann::json to_json_value(const Tree& tree, NodeId id) {
  using Json = nlohmann::json;
  const Node& node = tree[id];
  switch (node.kind) {
    case NodeKind::kNull:
      return nullptr;
    case NodeKind::kBool:
      return node.boolean;
    case NodeKind::kInt:
      return node.integer;
    case NodeKind::kBigInt:
      return std::strtod(std::string(node.text()).c_str(), nullptr);
    case NodeKind::kFloat:
      return node.real;
    case NodeKind::kMap: {
      Json map = Json::object();
      for (const NodeId child : tree.children(id))
        map[std::string(tree[child].key().text)] = to_json_value(tree, child);
      return map;
    }
    case NodeKind::kList: {
      Json list = Json::array();
      for (const NodeId child : tree.children(id))
        list.push_back(to_json_value(tree, child));
      return list;
    }
    default:
      return std::string(node.text());
  }
}

}  // namespace cfgtool
