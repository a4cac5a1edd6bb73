/// \file
/// Puts what a YAML parser finds into a tree, as PyYAML's composer and constructor and OmegaConf do: types, tags, keys,
/// aliases and `<<`.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"
#include "config_engine/yaml_event.hpp"
#include "config_engine/yaml_tags.hpp"

namespace cfgtool {

class YamlTreeBuilder {
 public:
  /// Collections in collections, at most. Python gives up (RecursionError) between 100 and 200.
  static constexpr size_t kDeepestNesting = 500;
  /// Values that aliases may stand for in one document.
  static constexpr size_t kMostAliasedNodes = 1000000;

  /// \param duplicates where keys that are given twice are noted, the later value held; nullptr: refused
  YamlTreeBuilder(SourceMap& sources, SourcePos begin, std::vector<Diagnostic>* duplicates = nullptr);

  /// Each event's texts must live as long as `sources`. All throw ConfigError.
  void scalar(const YamlEvent& event);
  void alias(const YamlEvent& event);
  [[noreturn]] void refuse_undefined_alias(const YamlEvent& event);
  void start_collection(const YamlEvent& event);
  void end_collection();

  Tree take() { return std::move(tree_); }

 private:
  /// What an anchor stands for: a scalar, or the node of a collection.
  struct Anchor {
    SourcePos pos;
    Node scalar;
    NodeId collection = kNoNode;
  };

  /// A collection whose end has not been read yet, and the key that waits for its value.
  struct Frame {
    NodeId id = kNoNode;
    YamlCollectionTag tag = YamlCollectionTag::kPlain;
    bool has_key = false;
    bool key_is_merge = false;
    uint32_t merges = 0;
    NodeId existing = kNoNode;  ///< the child that the waiting key's value replaces
    Key key;
    SourcePos key_pos;
  };

  bool expects_key() const;
  void set_key(const Node& node, SourcePos key_pos);
  NodeId place(Node node);
  Anchor& add_anchor(const YamlEvent& event);
  void charge_copy(NodeId top, const YamlEvent& event);
  void flatten_mapping(NodeId map);
  void put_copy(NodeId map, NodeId child);
  void turn_into_pairs(NodeId list);

  SourceMap& sources_;
  std::vector<Diagnostic>* duplicates_;
  Tree tree_;
  std::vector<Frame> frames_;
  std::unordered_map<std::string_view, Anchor> anchors_;
  size_t aliased_nodes_ = 0;
};

}  // namespace cfgtool
