#include "config_engine/yaml_tree_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_keys.hpp"

namespace cfgtool {

namespace {

[[noreturn]] void refuse(std::string code, std::string message, std::vector<Label> labels, std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.labels = std::move(labels);
  diagnostic.fix = std::move(fix);
  throw ConfigError(std::move(diagnostic));
}

uint32_t alias_length(const YamlEvent& event) {
  return static_cast<uint32_t>(event.text.size()) + 1;
}

/// Until its mapping is complete, the value of a `<<` is a child under a key that no document can have.
bool is_merge_value(const Node& node) {
  return node.key_kind == KeyKind::kNull;
}

void append_children(const Tree& tree, NodeId parent, std::vector<NodeId>* out) {
  for (const NodeId child : tree.children(parent))
    out->push_back(child);
}

/// The children that one `<<` value brings, in the order in which PyYAML merges them: of a list, the last mapping
/// first.
void append_merged(const Tree& tree, NodeId value, std::vector<NodeId>* out) {
  if (tree[value].kind == NodeKind::kMap) {
    append_children(tree, value, out);
    return;
  }
  std::vector<NodeId> maps;
  append_children(tree, value, &maps);
  for (auto map = maps.rbegin(); map != maps.rend(); ++map) {
    if (tree[*map].kind != NodeKind::kMap) {
      refuse("yaml-bad-merge", "expected a mapping for merging, but found something else", {{tree[*map].pos, 1, {}}},
             "give << aliases of mappings, such as [*first, *second]");
    }
    append_children(tree, *map, out);
  }
}

}  // namespace

YamlTreeBuilder::YamlTreeBuilder(SourceMap& sources, SourcePos begin, std::vector<Diagnostic>* duplicates)
    : sources_(sources), duplicates_(duplicates) {
  tree_[tree_.root()].pos = begin;
}

bool YamlTreeBuilder::expects_key() const {
  return !frames_.empty() && tree_[frames_.back().id].kind == NodeKind::kMap && !frames_.back().has_key;
}

void YamlTreeBuilder::scalar(const YamlEvent& event) {
  const bool is_key = expects_key();
  if (is_key && is_merge_key(event)) {
    Frame& frame = frames_.back();
    frame.has_key = frame.key_is_merge = true;
    frame.key_pos = event.pos;
    return;
  }
  Node node = make_yaml_scalar(sources_, event, is_key);
  node.pos = event.pos;
  if (!event.anchor.empty()) add_anchor(event).scalar = node;
  if (is_key) {
    set_key(node, event.pos);
  } else if (frames_.empty()) {
    tree_.set_value(tree_.root(), node);
  } else {
    place(node);
  }
}

void YamlTreeBuilder::alias(const YamlEvent& event) {
  const auto found = anchors_.find(event.text);
  if (found == anchors_.end()) refuse_undefined_alias(event);
  const Anchor& anchor = found->second;
  if (anchor.collection == kNoNode) {
    if (expects_key()) {
      set_key(anchor.scalar, event.pos);
    } else {
      place(anchor.scalar);
    }
    return;
  }
  for (const Frame& frame : frames_) {
    if (frame.id != anchor.collection) continue;
    refuse("yaml-recursive-alias", fmt::format("the alias '*{}' stands inside of what it stands for", event.text),
           {{event.pos, alias_length(event), {}}, {anchor.pos, 1, "the anchor"}});
  }
  if (expects_key()) set_key(tree_[anchor.collection], event.pos);
  charge_copy(anchor.collection, event);
  Node node = tree_[anchor.collection].kind == NodeKind::kMap ? Node::map() : Node::list();
  node.pos = tree_[anchor.collection].pos;
  const NodeId id = place(node);
  const SourcePos key_pos = tree_[id].key_pos;
  tree_.assign(id, tree_, anchor.collection);
  tree_[id].key_pos = key_pos;
}

void YamlTreeBuilder::refuse_undefined_alias(const YamlEvent& event) {
  std::vector<std::string> names;
  names.reserve(anchors_.size());
  for (const auto& [name, anchor] : anchors_)
    names.emplace_back(name);
  std::string fix = did_you_mean(event.text, names);
  if (fix.empty()) {
    fix = fmt::format("write &{} in front of the value meant, further up; put the text in quotes if it is none",
                      event.text);
  }
  refuse("yaml-undefined-alias", fmt::format("found undefined alias '{}'", event.text),
         {{event.pos, alias_length(event), {}}}, std::move(fix));
}

// Aliases of aliases can make a short text stand for more values than memory holds.
void YamlTreeBuilder::charge_copy(NodeId top, const YamlEvent& event) {
  size_t depth = frames_.size() + 1;
  NodeId id = top;
  while (true) {
    const bool too_many = ++aliased_nodes_ > kMostAliasedNodes;
    if (too_many || depth > kDeepestNesting) {
      refuse(too_many ? "yaml-alias-limit" : "yaml-too-deep",
             too_many ? fmt::format("the aliases stand for more than {} values", kMostAliasedNodes)
                      : fmt::format("more than {} collections in one another, through aliases", kDeepestNesting),
             {{event.pos, alias_length(event), {}}});
    }
    if (tree_[id].is_container() && tree_[id].length > 0) {
      id = tree_[id].child.first;
      ++depth;
      continue;
    }
    while (id != top && tree_[id].next == kNoNode) {
      id = tree_[id].parent;
      --depth;
    }
    if (id == top) return;
    id = tree_[id].next;
  }
}

YamlTreeBuilder::Anchor& YamlTreeBuilder::add_anchor(const YamlEvent& event) {
  const auto [entry, added] = anchors_.try_emplace(event.anchor);
  if (!added) {
    refuse("yaml-duplicate-anchor", fmt::format("found duplicate anchor '{}'", event.anchor),
           {{event.property_pos, 1, "second occurrence"}, {entry->second.pos, 1, "first occurrence"}},
           "give it another name");
  }
  entry->second.pos = event.property_pos;
  return entry->second;
}

void YamlTreeBuilder::start_collection(const YamlEvent& event) {
  if (frames_.size() >= kDeepestNesting) {
    refuse("yaml-too-deep", fmt::format("more than {} collections in one another", kDeepestNesting),
           {{event.pos, 1, {}}});
  }
  Node node = event.kind == YamlEvent::Kind::kMappingStart ? Node::map() : Node::list();
  node.pos = event.pos;
  if (expects_key()) set_key(node, event.pos);
  Frame frame;
  frame.tag = check_collection_tag(event);
  if (frames_.empty()) {
    tree_.set_value(tree_.root(), node);
    frame.id = tree_.root();
  } else {
    frame.id = place(node);
  }
  if (!event.anchor.empty()) add_anchor(event).collection = frame.id;
  frames_.push_back(frame);
}

void YamlTreeBuilder::end_collection() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (frame.merges > 0) flatten_mapping(frame.id);
  if (frame.tag == YamlCollectionTag::kPairs) turn_into_pairs(frame.id);
}

// Equal strings are refused, as OmegaConf does; of other equal keys the last one's value holds, as in a Python dict.
void YamlTreeBuilder::set_key(const Node& node, SourcePos key_pos) {
  Frame& frame = frames_.back();
  frame.key = make_yaml_key(sources_, node, key_pos);
  frame.key_pos = key_pos;
  frame.has_key = true;
  frame.existing = tree_.find(frame.id, frame.key);
  if (frame.existing == kNoNode || frame.key.kind != KeyKind::kString) return;
  Diagnostic diagnostic;
  diagnostic.code = "yaml-duplicate-key";
  diagnostic.message = fmt::format("found duplicate key {}", frame.key.text);
  const uint32_t length = std::max<uint32_t>(static_cast<uint32_t>(frame.key.text.size()), 1);
  diagnostic.labels.push_back({key_pos, length, "given again here"});
  diagnostic.labels.push_back({tree_[frame.existing].key_pos, length, "first given here"});
  diagnostic.fix = "remove one of the two";
  diagnostic.key_path = tree_.key_path(frame.existing);
  if (!duplicates_) throw ConfigError(std::move(diagnostic));
  duplicates_->push_back(std::move(diagnostic));
}

/// Puts a value where the open collection expects one.
NodeId YamlTreeBuilder::place(Node node) {
  Frame& frame = frames_.back();
  if (tree_[frame.id].kind == NodeKind::kList) {
    node.key_pos = node.pos;
    node.set_key(Key());
    return tree_.add(frame.id, node);
  }
  frame.has_key = false;
  if (frame.key_is_merge) {
    frame.key_is_merge = false;
    if (!node.is_container()) {
      refuse("yaml-bad-merge", "expected a mapping or list of mappings for merging, but found scalar",
             {{node.pos, 1, {}}}, "give << an alias such as *name, or put << in quotes if it is a key");
    }
    node.set_key({KeyKind::kNull, sources_.keep(std::to_string(frame.merges++))});
    return tree_.add(frame.id, node);
  }
  node.key_pos = frame.key_pos;
  node.set_key(frame.key);
  if (frame.existing == kNoNode) return tree_.add(frame.id, node);
  tree_.set_value(frame.existing, node);
  return frame.existing;
}

// SafeConstructor.flatten_mapping: what is merged comes first, in the order of the `<<` keys; a later value replaces an
// earlier one and keeps its place.
void YamlTreeBuilder::flatten_mapping(NodeId map) {
  std::vector<NodeId> children;
  std::vector<NodeId> own;
  for (const NodeId child : tree_.children(map)) {
    if (is_merge_value(tree_[child])) {
      append_merged(tree_, child, &children);
    } else {
      own.push_back(child);
    }
  }
  children.insert(children.end(), own.begin(), own.end());
  const Node emptied = tree_[map];
  tree_.set_value(map, emptied);
  for (const NodeId child : children)
    put_copy(map, child);
}

void YamlTreeBuilder::put_copy(NodeId map, NodeId child) {
  const NodeId existing = tree_.find(map, tree_[child].key());
  if (existing == kNoNode) {
    tree_.add_copy(map, tree_, child);
    return;
  }
  const SourcePos key_pos = tree_[child].key_pos;
  tree_.assign(existing, tree_, child);
  tree_[existing].key_pos = key_pos;
}

// construct_yaml_omap and construct_yaml_pairs: a list of one-key mappings becomes a list of [key, value].
void YamlTreeBuilder::turn_into_pairs(NodeId list) {
  std::vector<NodeId> items;
  append_children(tree_, list, &items);
  for (const NodeId item : items) {
    if (tree_[item].kind != NodeKind::kMap || tree_[item].length != 1) {
      refuse("yaml-bad-value", "expected a mapping of length 1", {{tree_[item].pos, 1, {}}});
    }
    const NodeId value = tree_[item].child.first;
    Node pair = Node::list();
    pair.pos = tree_[item].pos;
    tree_.set_value(item, pair);
    Node first = make_key_value(tree_[value].key());
    first.pos = first.key_pos = tree_[value].key_pos;
    tree_.add(item, first);
    const NodeId second = tree_.add_copy(item, tree_, value);
    tree_[second].set_key(Key());
    tree_[second].key_pos = tree_[second].pos;
  }
}

}  // namespace cfgtool
