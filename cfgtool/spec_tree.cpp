#include "cfgtool/spec_tree.hpp"

#include <string_view>

namespace cfgtool {

namespace {

using attention::RoleChoice;

/// Appends to maps and lists of one tree.
class Builder {
 public:
  explicit Builder(SourceMap& sources) : sources_(sources) {}

  NodeId root() const { return tree_.root(); }
  NodeId map(NodeId parent, std::string_view key) { return add(parent, key, Node::map()); }
  NodeId list(NodeId parent, std::string_view key) { return add(parent, key, Node::list()); }
  void text(NodeId parent, std::string_view key, std::string_view value) {
    add(parent, key, Node::of_text(NodeKind::kString, sources_.keep(value)));
  }
  void integer(NodeId parent, std::string_view key, int64_t value) { add(parent, key, Node::of_int(value)); }
  void boolean(NodeId parent, std::string_view key, bool value) { add(parent, key, Node::of_bool(value)); }
  void copy(NodeId parent, std::string_view key, const Tree& from) {
    const NodeId node = map(parent, key);
    tree_.assign(node, from, from.root());
  }
  NodeId item(NodeId list) { return tree_.add(list, Node::map()); }
  void text_item(NodeId list, std::string_view value) {
    tree_.add(list, Node::of_text(NodeKind::kString, sources_.keep(value)));
  }
  Tree take() { return std::move(tree_); }

 private:
  NodeId add(NodeId parent, std::string_view key, Node node) {
    node.set_key(sources_.keep(key));
    return tree_.add(parent, node);
  }

  SourceMap& sources_;
  Tree tree_;
};

void add_origin(Builder& out, NodeId map, const Origin& origin) {
  out.text(map, "kind", to_string(origin.kind));
  if (!origin.key.empty()) out.text(map, "key", origin.key);
  out.text(map, "origin", origin.text);
}

void add_value(Builder& out, NodeId map, const char* name, const SpecValue<int64_t>& value) {
  const NodeId node = out.map(map, name);
  out.integer(node, "value", value.value);
  add_origin(out, node, value.origin);
}

void add_device(Builder& out, NodeId attention, const SpecValue<std::string>& named,
                const attention::KnownDevice& device) {
  const NodeId node = out.map(attention, "device");
  out.text(node, "value", named.value);
  add_origin(out, node, named.origin);
  out.text(node, "name", device.gpu.name);
  out.integer(node, "compute_capability", device.gpu.compute_capability);
  out.text(node, "file", device.file.string());
  out.boolean(node, "verified", device.verified);
}

void add_machine(Builder& out, NodeId attention, const attention::Machine& machine) {
  const NodeId node = out.map(attention, "machine");
  out.integer(node, "cpu_workers", machine.workers);
  const NodeId gpus = out.list(node, "gpus");
  for (const attention::CudaDevice& device : machine.cuda)
    out.text_item(gpus, device.name);
  if (!machine.no_cuda.empty()) out.text(node, "no_gpu", machine.no_cuda);
}

void add_plugin(Builder& out, NodeId role, const RoleChoice& choice) {
  const attention::Candidate& chosen = *choice.chosen;
  const NodeId node = out.map(role, "plugin");
  out.text(node, "name", chosen.plugin->name());
  out.text(node, "version", chosen.plugin->version());
  out.text(node, "implementation", chosen.name());
  out.text(node, "device", attention::describe(choice.device));
  if (!chosen.answer.engine.empty()) out.text(node, "engine", chosen.answer.engine);
  out.text(node, "path", chosen.plugin->path().string());
}

void add_refusal(Builder& out, NodeId role, const RoleChoice& choice) {
  const NodeId node = out.map(role, "refusal");
  out.text(node, "verdict", choice.cannot_tell ? "cannot tell" : "no");
  const NodeId reasons = out.list(node, "reasons");
  for (const attention::RefusalReason& reason : choice.reasons) {
    const NodeId entry = out.item(reasons);
    out.text(entry, "reason", reason.code);
    if (!reason.plugin.empty()) out.text(entry, "plugin", reason.plugin);
    if (!reason.device.empty()) out.text(entry, "device", reason.device);
    out.text(entry, "sentence", reason.sentence);
  }
  const NodeId supported = out.list(node, "supported");
  for (const std::string& name : choice.supported)
    out.text_item(supported, name);
  if (!choice.override_word.empty()) out.text(node, "override", choice.override_word);
}

void add_role(Builder& out, NodeId roles, const RoleSpec& role, const RoleChoice& choice) {
  const NodeId node = out.map(roles, role.name);
  out.text(node, "implementation", role.implementation.value);
  add_origin(out, node, role.implementation.origin);
  out.text(node, "decided_by", role.implementation_key);
  out.text(node, "passes", role.trains ? "train" : "infer");
  const NodeId dtype = out.map(node, "dtype");
  out.text(dtype, "value", role.dtype.value);
  add_origin(out, dtype, role.dtype.origin);
  add_value(out, node, "heads_q", role.heads_q);
  add_value(out, node, "heads_kv", role.heads_kv);
  add_value(out, node, "head_dim", role.head_dim);
  if (role.head_dim_v) add_value(out, node, "head_dim_v", *role.head_dim_v);
  add_value(out, node, "sequence_length", role.sequence_length);
  out.text(node, "model_file", role.model_file);
  if (choice.chosen) {
    add_plugin(out, node, choice);
  } else {
    add_refusal(out, node, choice);
  }
}

}  // namespace

Tree make_spec_tree(const Specification& specification, SourceMap& sources) {
  Builder out(sources);
  out.copy(out.root(), "configuration", specification.configuration);
  out.text(out.root(), "hash", specification.hash);
  const NodeId attention = out.map(out.root(), "attention");
  out.text(attention, "framework", specification.attention.framework);
  out.text(attention, "mapping", specification.attention.mapping_file);
  if (const auto& described = specification.machine.described) {
    add_device(out, attention, *specification.attention.device, *described);
  } else {
    add_machine(out, attention, specification.machine);
  }
  const NodeId plugins = out.list(attention, "plugins");
  for (const auto& plugin : specification.plugins) {
    const NodeId entry = out.item(plugins);
    out.text(entry, "name", plugin->name());
    out.text(entry, "version", plugin->version());
    out.text(entry, "path", plugin->path().string());
  }
  const NodeId roles = out.map(attention, "roles");
  for (size_t i = 0; i < specification.attention.roles.size(); ++i)
    add_role(out, roles, specification.attention.roles[i], specification.choices[i]);
  const NodeId absent = out.list(attention, "absent_roles");
  for (const std::string& role : specification.attention.absent_roles)
    out.text_item(absent, role);
  return out.take();
}

}  // namespace cfgtool
