#include "config_engine/provenance.hpp"

#include <algorithm>

#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

/// A chain of interpolations is followed so far: longer ones are circles, or nobody reads them.
constexpr size_t kDeepestRead = 16;

void append_leaves(const Tree& tree, NodeId node, std::vector<NodeId>& leaves) {
  if (!tree[node].is_container() || tree[node].length == 0) {
    leaves.push_back(node);
    return;
  }
  for (NodeId child : tree.children(node))
    append_leaves(tree, child, leaves);
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
      resolved_(tree),
      context_(composition.resolve_context()),
      resolver_(std::make_unique<Resolver>(resolved_, *composition.sources, context_)) {}

Provenance::~Provenance() = default;

NodeId Provenance::find(std::string_view key) const {
  NodeId node = written_.root();
  for (const std::string_view part : split_key(key)) {
    if (written_[node].kind == NodeKind::kList) {
      const auto index = list_index(part);
      node = index && *index >= 0 ? written_.item(node, static_cast<size_t>(*index)) : kNoNode;
    } else {
      node = written_.find(node, Key(part));
    }
    if (node == kNoNode) return kNoNode;
  }
  return node;
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

std::vector<ValueCause> Provenance::causes_of(NodeId node) const {
  std::vector<ValueCause> causes{cause_of(written_, node)};
  for (const EarlierValue& earlier : written_.earlier(node))
    causes.push_back(cause(earlier.pos, earlier.step));
  std::ranges::reverse(causes);
  return causes;
}

ValueProvenance Provenance::explain(NodeId node) {
  ValueProvenance result;
  result.key = dotted_path(written_, node);
  result.node = node;
  result.causes = causes_of(node);
  collect_reads(node, 0, result.reads);
  return result;
}

NodeId Provenance::value(NodeId node) {
  try {
    return resolver_->dereference(node);
  } catch (ConfigError& error) {
    error.set_sources(composition_.sources);
    throw;
  }
}

void Provenance::collect_reads(NodeId node, size_t depth, std::vector<ValueRead>& reads) {
  const Node& written = written_[node];
  if (written.kind != NodeKind::kInterpolation || depth == kDeepestRead) return;
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
  if (at.kind == ExprKind::kSelect && at.child_count == 0) reads.push_back(read_key(at.path(), node, depth));
}

ValueRead Provenance::read_resolver(const Interpolation& text, uint32_t expr, NodeId from, size_t depth) {
  const Expr& call = text[expr];
  ValueRead read;
  read.kind = ValueRead::Kind::kResolver;
  read.name = call.name_parts == 0 ? std::string(call.path()) : std::string(text.source_text(expr));
  read.is_there = true;
  const bool is_constant = call.first_child != kNoNode && text[call.first_child].kind == ExprKind::kConstant;
  if (read.name == "oc.select" && is_constant) return read_key(text.source_text(call.first_child), from, depth);
  if (read.name != "oc.env" || !is_constant) return read;
  read.kind = ValueRead::Kind::kEnvironment;
  read.name = std::string(text.source_text(call.first_child));
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
      node = resolved_[node].parent;
    } else {
      node = resolver_->dereference(node);
      if (resolved_[node].kind == NodeKind::kList) {
        const auto index = list_index(part);
        node = index && *index >= 0 ? resolved_.item(node, static_cast<size_t>(*index)) : kNoNode;
      } else {
        node = resolved_.find(node, Key(part));
      }
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
    read.value = python_repr(resolved_, resolver_->dereference(node));
  } catch (const ConfigError&) {
    // It cannot be followed further, which evaluating the whole value reports with its place.
  }
  return read;
}

}  // namespace cfgtool
