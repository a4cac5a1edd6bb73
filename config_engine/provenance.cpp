#include "config_engine/provenance.hpp"

#include <algorithm>

#include "config_engine/alias_place.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/value_chain.hpp"

namespace cfgtool {

namespace {

/// A chain of interpolations is followed so far.
constexpr size_t kDeepestRead = 500;

void append_leaves(const Tree& tree, NodeId node, std::vector<NodeId>& leaves) {
  if (!tree[node].is_container() || tree[node].length == 0) {
    leaves.push_back(node);
    return;
  }
  for (NodeId child : tree.children(node))
    append_leaves(tree, child, leaves);
}

NodeId child(const Tree& tree, NodeId node, std::string_view part) {
  if (tree[node].kind != NodeKind::kList) return tree.find(node, Key(part));
  const auto index = list_index(part);
  return index && *index >= 0 ? tree.item(node, static_cast<size_t>(*index)) : kNoNode;
}

/// The node below `node` with that dotted_path.
NodeId find_path(const Tree& tree, NodeId node, std::string_view path) {
  for (NodeId below : tree.children(node)) {
    const std::string here = dotted_path(tree, below);
    if (here == path) return below;
    if (!path.starts_with(here + ".")) continue;
    if (const NodeId found = find_path(tree, below, path); found != kNoNode) return found;
  }
  return kNoNode;
}

/// The node of `other` under the same keys, or kNoNode.
NodeId same_node(const Tree& tree, NodeId node, const Tree& other) {
  std::vector<NodeId> way;
  for (; node != tree.root(); node = tree[node].parent)
    way.push_back(node);
  NodeId found = other.root();
  for (auto step = way.rbegin(); step != way.rend() && found != kNoNode; ++step)
    found = tree[tree[*step].parent].kind == NodeKind::kList ? other.item(found, tree.index_of(*step))
                                                             : other.find(found, tree[*step].key());
  return found;
}

/// Resolvers that read the key which is their first argument.
bool reads_key(std::string_view resolver) {
  return resolver == "oc.select" || resolver == "oc.deprecated" || resolver == "oc.dict.keys" ||
         resolver == "oc.dict.values";
}

}  // namespace

std::string dotted_path(const Tree& tree, NodeId node) {
  std::vector<std::string> parts;
  for (; tree[node].parent != kNoNode; node = tree[node].parent) {
    const bool in_list = tree[tree[node].parent].kind == NodeKind::kList;
    parts.push_back(in_list ? std::to_string(tree.index_of(node)) : std::string(tree[node].key().text));
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    path += (path.empty() ? "" : ".") + *part;
  return path;
}

Provenance::Provenance(const Composition& composition, const Tree& tree)
    : composition_(composition),
      written_(tree),
      followed_(tree),
      resolved_(tree),
      context_(composition.resolve_context()),
      follower_(std::make_unique<Resolver>(followed_, *composition.sources, context_)),
      resolver_(std::make_unique<Resolver>(resolved_, *composition.sources, context_)) {}

Provenance::~Provenance() = default;

NodeId Provenance::find(std::string_view key) const {
  NodeId node = written_.root();
  for (const std::string_view part : split_key(key)) {
    node = child(written_, node, part);
    if (node == kNoNode) return find_path(written_, written_.root(), key);
  }
  return node;
}

NodeId Provenance::interpolation_above(std::string_view key) const {
  NodeId node = written_.root();
  for (const std::string_view part : split_key(key)) {
    if (written_[node].kind == NodeKind::kInterpolation) return node;
    node = child(written_, node, part);
    if (node == kNoNode) return kNoNode;
  }
  return kNoNode;
}

std::vector<NodeId> Provenance::leaves(NodeId root) const {
  std::vector<NodeId> leaves;
  // A configuration without anything in it has no leaf.
  if (root != written_.root() || written_[root].length != 0) append_leaves(written_, root, leaves);
  return leaves;
}

ValueCause Provenance::cause(SourcePos pos, uint32_t step) const {
  ValueCause cause;
  cause.pos = pos;
  composition_.sources->locate(pos, &cause.at);
  if (step < composition_.steps.size()) cause.step = composition_.steps[step];
  return cause;
}

ValueCause Provenance::cause_of(const Tree& tree, NodeId node) const {
  ValueCause found = cause(tree[node].pos, tree.step(node));
  found.key = dotted_path(tree, node);
  if (found.at.kind == SourceKind::kFile) found.via = alias_place(*composition_.sources, tree, node, found.pos);
  return found;
}

std::vector<ValueCause> Provenance::causes_of(NodeId node) const {
  // A copy does not know all that was replaced.
  const std::string path = dotted_path(written_, node);
  const bool is_of_hydra =
      composition_.hydra[composition_.hydra.root()].length > 0 && (path == "hydra" || path.starts_with("hydra."));
  const Tree& tree = is_of_hydra ? composition_.hydra : composition_.tree;
  const NodeId home = same_node(written_, node, tree);
  if (home == kNoNode) return {cause_of(written_, node)};
  std::vector<ValueCause> causes;
  for (const ChainLink& link : value_chain(composition_, tree, home)) {
    ValueCause& one = causes.emplace_back(cause(link.pos, link.step));
    one.key = link.key;
    one.is_deletion = link.is_deletion;
    if (one.at.kind == SourceKind::kFile && link.node != kNoNode)
      one.via = alias_place(*composition_.sources, tree, link.node, link.pos);
  }
  return causes;
}

ValueProvenance Provenance::explain(NodeId node) {
  ValueProvenance result;
  result.key = result.own_key = dotted_path(written_, node);
  result.node = node;
  result.causes = causes_of(node);
  told_.clear();
  collect_reads(node, 0, result.reads);
  return result;
}

ValueProvenance Provenance::explain_through(NodeId through, std::string_view key) {
  ValueProvenance result;
  result.key = key;
  result.own_key = dotted_path(written_, through);
  result.node = through;
  result.causes = causes_of(through);
  told_.clear();
  result.reads.push_back(read_key(key, written_.root(), 0));
  if (!result.reads.back().is_there) result.reads = explain(through).reads;
  return result;
}

NodeId Provenance::value(NodeId node) {
  try {
    resolver_->resolve_value_in_place(node);
    return node;
  } catch (ConfigError& error) {
    error.set_sources(composition_.sources);
    throw;
  }
}

NodeId Provenance::value_through(NodeId through, std::string_view key) {
  value(through);
  NodeId node = resolved_.root();
  for (const std::string_view part : split_key(key)) {
    node = child(resolved_, node, part);
    if (node == kNoNode) return kNoNode;
  }
  return node;
}

void Provenance::collect_reads(NodeId node, size_t depth, std::vector<ValueRead>& reads) {
  const Node& written = written_[node];
  if (written.kind != NodeKind::kInterpolation || depth == kDeepestRead) return;
  if (!told_.insert(node).second) return;  // a circle, or what was told before
  const Interpolation text = parse_config_value(written.text());
  collect_reads(text, text.root(), node, depth, reads);
}

void Provenance::collect_reads(const Interpolation& text, uint32_t expr, NodeId node, size_t depth,
                               std::vector<ValueRead>& reads) {
  const Expr& at = text[expr];
  // First what decides which key or resolver it is, then that.
  for (uint32_t child = at.first_child; child != kNoNode; child = text[child].next)
    collect_reads(text, child, node, depth, reads);
  if (at.kind == ExprKind::kCall) reads.push_back(read_resolver(text, expr, node, depth));
  if (at.kind != ExprKind::kSelect) return;
  std::optional<std::string> path = at.child_count == 0 ? std::string(at.path()) : joined_text(text, expr, node);
  if (path) reads.push_back(read_key(*path, node, depth));
}

/// What an argument or a part of a key is, as text; nothing where it cannot be told.
std::optional<std::string> Provenance::text_of(const Interpolation& text, uint32_t expr, NodeId from) {
  const Expr& part = text[expr];
  if (part.kind == ExprKind::kConstant)
    return std::string(part.value.is_text() ? part.value.text() : text.source_text(expr));
  if (part.kind == ExprKind::kConcat) return joined_text(text, expr, from);
  if (part.kind != ExprKind::kSelect && part.kind != ExprKind::kCall) return std::nullopt;
  Node alone = Node::of_text(NodeKind::kInterpolation, composition_.sources->keep(text.source_text(expr)));
  alone.pos = written_[from].pos;
  try {
    return python_str(followed_, follower_->dereference(follower_->make(alone, written_[from].parent)));
  } catch (const ConfigError&) {
    return std::nullopt;  // evaluating the whole value reports it
  }
}

std::optional<std::string> Provenance::joined_text(const Interpolation& text, uint32_t expr, NodeId from) {
  std::string joined;
  for (uint32_t child = text[expr].first_child; child != kNoNode; child = text[child].next) {
    const std::optional<std::string> part = text_of(text, child, from);
    if (!part) return std::nullopt;
    joined += *part;
  }
  return joined;
}

ValueRead Provenance::read_resolver(const Interpolation& text, uint32_t expr, NodeId from, size_t depth) {
  const Expr& call = text[expr];
  ValueRead read;
  read.kind = ValueRead::Kind::kResolver;
  read.name = call.name_parts == 0 ? std::string(call.path()) : std::string(text.source_text(expr));
  read.is_there = true;
  if (read.name != "oc.env" && !reads_key(read.name)) return read;
  const std::optional<std::string> argument =
      call.first_child == kNoNode ? std::nullopt : text_of(text, call.first_child, from);
  if (!argument) return read;
  if (reads_key(read.name)) return read_key(*argument, from, depth);
  read.kind = ValueRead::Kind::kEnvironment;
  read.name = *argument;
  const std::optional<std::string> value = environment_variable(context_, read.name);
  read.is_there = value.has_value();
  read.value = value.value_or("");
  return read;
}

/// Interpolations on the way are followed, that at its end is not.
NodeId Provenance::find_from(std::string_view path, NodeId from) {
  NodeId node = written_.root();
  const std::vector<std::string_view> parts = split_key(path);
  if (!parts.empty() && parts.front().empty()) node = from;
  for (const std::string_view part : parts) {
    if (part.empty()) {
      node = followed_[node].parent;
    } else {
      node = child(followed_, follower_->dereference(node), part);
    }
    if (node == kNoNode) return kNoNode;
  }
  return node;
}

ValueRead Provenance::read_key(std::string_view path, NodeId from, size_t depth) {
  ValueRead read;
  read.name = std::string(path);
  try {
    const NodeId node = find_from(path, from);
    // What a resolver made, or Hydra's configuration where it is not part of the tree, was not written anywhere here.
    if (node == kNoNode || node >= written_.size()) return read;
    read.name = dotted_path(written_, node);
    read.is_there = true;
    read.causes = causes_of(node);
    collect_reads(node, depth + 1, read.reads);
    read.value = python_repr(resolved_, value(node));
  } catch (const ConfigError&) {
    // It cannot be followed further, which evaluating the whole value reports with its place.
  }
  return read;
}

}  // namespace cfgtool
