#include "schemas/attention_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "config_engine/json_reader.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_reader.hpp"
#include "schemas/mapping_reader.hpp"
#include "schemas/schema_folders.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kVersion = 1;
constexpr const char* kFile = "the mapping";

KeyChoice read_choice(MappingReader& reader, NodeId map, const std::string& owner, std::string_view name) {
  KeyChoice choice;
  const NodeId node = reader.field(map, owner, name, false);
  if (node == kNoNode) return choice;
  const std::string what = fmt::format("'{}' of {}", name, owner);
  const Tree& tree = reader.tree();
  if (tree[node].kind != NodeKind::kMap) {
    choice.keys.push_back(reader.key_at(node, what));
    return choice;
  }
  reader.check_fields(node, what, {"first_of", "sum_of"});
  const NodeId first_of = tree.find(node, "first_of");
  const NodeId sum_of = tree.find(node, "sum_of");
  if ((first_of == kNoNode) == (sum_of == kNoNode)) {
    reader.refuse(tree[node].key_pos, name.size(), "mapping-choice",
                  fmt::format("{} needs either 'first_of' or 'sum_of'", what));
    return choice;
  }
  choice.rule = sum_of == kNoNode ? KeyChoice::Rule::kFirstOf : KeyChoice::Rule::kSumOf;
  const NodeId keys = sum_of == kNoNode ? first_of : sum_of;
  choice.keys = reader.list_at(keys, fmt::format("'{}' in {}", tree[keys].key().text, what), true);
  return choice;
}

/// A choice of a text, of which there is no sum.
KeyChoice read_text_choice(MappingReader& reader, NodeId map, const std::string& owner, std::string_view name) {
  KeyChoice choice = read_choice(reader, map, owner, name);
  if (choice.rule == KeyChoice::Rule::kSumOf) {
    reader.refuse(reader.tree()[reader.tree().find(map, name)].key_pos, name.size(), "mapping-choice",
                  fmt::format("'{}' of {} cannot be a sum", name, owner));
  }
  return choice;
}

ModelMapping read_model(MappingReader& reader, NodeId node) {
  ModelMapping model;
  model.name = reader.tree()[node].key().text;
  const std::string owner = fmt::format("the model '{}'", model.name);
  if (!reader.check_fields(node, owner, {"section", "implementation", "folder", "sizes"})) return model;
  model.section = reader.key(node, owner, "section", true);
  model.implementation = reader.key(node, owner, "implementation", true);
  model.folder = reader.key(node, owner, "folder", false);
  const NodeId sizes = reader.field(node, owner, "sizes", false);
  const std::string sizes_owner = fmt::format("'sizes' of {}", owner);
  if (sizes == kNoNode ||
      !reader.check_fields(sizes, sizes_owner, {"heads_q", "heads_kv", "head_dim", "hidden_size"})) {
    return model;
  }
  model.heads_q = read_choice(reader, sizes, sizes_owner, "heads_q");
  model.heads_kv = read_choice(reader, sizes, sizes_owner, "heads_kv");
  model.head_dim = read_choice(reader, sizes, sizes_owner, "head_dim");
  model.hidden_size = read_choice(reader, sizes, sizes_owner, "hidden_size");
  return model;
}

size_t find_model(MappingReader& reader, NodeId role, const std::string& owner,
                  const std::vector<ModelMapping>& models) {
  const std::string wanted = reader.text(role, owner, "model", true);
  if (wanted.empty()) return 0;
  std::vector<std::string> names;
  names.reserve(models.size());
  for (const ModelMapping& model : models)
    names.push_back(model.name);
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  const std::string hint = did_you_mean(wanted, names);
  const NodeId node = reader.tree().find(role, "model");
  reader.refuse(reader.tree()[node].pos, wanted.size(), "mapping-unknown-model",
                fmt::format("{} uses the model '{}', which 'models' does not have", owner, wanted),
                hint.empty() ? fmt::format("its models are {}", fmt::join(names, ", ")) : hint);
  return 0;
}

bool read_passes(MappingReader& reader, NodeId role, const std::string& owner) {
  const std::string passes = reader.text(role, owner, "passes", true);
  if (passes.empty() || passes == "train" || passes == "infer") return passes == "train";
  const NodeId node = reader.tree().find(role, "passes");
  const std::string hint = did_you_mean(passes, {"train", "infer"});
  reader.refuse(reader.tree()[node].pos, passes.size(), "mapping-passes",
                fmt::format("'passes' of {} is '{}', expected train or infer", owner, passes), hint);
  return false;
}

RoleMapping read_role(MappingReader& reader, NodeId node, const std::vector<ModelMapping>& models) {
  RoleMapping role;
  role.name = reader.tree()[node].key().text;
  const std::string owner = fmt::format("the role '{}'", role.name);
  if (!reader.check_fields(node, owner, {"model", "section", "passes", "dtype", "sequence_length"})) return role;
  role.model = find_model(reader, node, owner, models);
  role.section = reader.key(node, owner, "section", false);
  role.trains = read_passes(reader, node, owner);
  role.dtype = read_text_choice(reader, node, owner, "dtype");
  role.sequence_length = read_choice(reader, node, owner, "sequence_length");
  return role;
}

void read_version(MappingReader& reader, NodeId root) {
  const NodeId node = reader.field(root, kFile, "version", true);
  if (node == kNoNode) return;
  const Node& version = reader.tree()[node];
  if (version.kind == NodeKind::kInt && version.integer == kVersion) return;
  reader.refuse(version.pos, 1, "mapping-version",
                fmt::format("this mapping is of a version that is not known here, which is {}", kVersion));
}

void read_implementations(MappingReader& reader, NodeId root, AttentionMapping& mapping) {
  const NodeId node = reader.field(root, kFile, "implementations", true);
  const std::string owner = "'implementations'";
  if (node == kNoNode || !reader.check_fields(node, owner, {"default", "known"})) return;
  mapping.default_implementation = reader.text(node, owner, "default", true);
  mapping.known_implementations = reader.texts(node, owner, "known", true);
  const auto& known = mapping.known_implementations;
  const NodeId chosen = reader.tree().find(node, "default");
  if (mapping.default_implementation.empty() || known.empty()) return;
  if (std::find(known.begin(), known.end(), mapping.default_implementation) != known.end()) return;
  reader.refuse(
      reader.tree()[chosen].pos, mapping.default_implementation.size(), "mapping-unknown-default",
      fmt::format("the default implementation '{}' is not among the known ones", mapping.default_implementation),
      did_you_mean(mapping.default_implementation, known));
}

ExampleSizes read_examples(MappingReader& reader, NodeId root) {
  ExampleSizes examples;
  const NodeId node = reader.field(root, kFile, "examples", true);
  const std::string owner = "'examples'";
  if (node == kNoNode ||
      !reader.check_fields(node, owner, {"heads_q", "heads_kv", "head_dim", "sequence_length", "dtype"})) {
    return examples;
  }
  examples.heads_q = reader.positive(node, owner, "heads_q");
  examples.heads_kv = reader.positive(node, owner, "heads_kv");
  examples.head_dim = reader.positive(node, owner, "head_dim");
  examples.sequence_length = reader.positive(node, owner, "sequence_length");
  examples.dtype = reader.text(node, owner, "dtype", true);
  if (examples.heads_q > 0 && examples.heads_kv > 0 && examples.heads_q % examples.heads_kv != 0) {
    reader.refuse(reader.tree()[reader.tree().find(node, "heads_q")].pos, 1, "mapping-type",
                  fmt::format("'heads_q' of {} must be a multiple of 'heads_kv', {}", owner, examples.heads_kv));
  }
  return examples;
}

AttentionMapping read_fields(MappingReader& reader, NodeId root) {
  AttentionMapping mapping;
  const std::vector<std::string> fields = {"version", "framework", "implementations", "models",
                                           "roles",   "examples",  "device",          "dtype_of_model"};
  if (!reader.check_fields(root, kFile, fields)) return mapping;
  read_version(reader, root);
  mapping.framework = reader.text(root, kFile, "framework", true);
  read_implementations(reader, root, mapping);
  for (const NodeId model : reader.members(root, kFile, "models"))
    mapping.models.push_back(read_model(reader, model));
  for (const NodeId role : reader.members(root, kFile, "roles"))
    mapping.roles.push_back(read_role(reader, role, mapping.models));
  mapping.examples = read_examples(reader, root);
  mapping.device = read_text_choice(reader, root, kFile, "device");
  mapping.dtype_of_model = reader.texts(root, kFile, "dtype_of_model", false);
  return mapping;
}

std::string read_whole_file(const fs::path& file, SourcePos named_at) {
  std::error_code error;
  std::ifstream stream;
  if (fs::is_regular_file(file, error)) stream.open(file, std::ios::binary);
  if (!stream.is_open()) {
    Diagnostic diagnostic;
    diagnostic.code = "mapping-unreadable";
    diagnostic.message = fmt::format("the attention mapping '{}' {}", file.string(),
                                     fs::exists(file, error) ? "is no file that can be read" : "does not exist");
    if (named_at) diagnostic.labels.push_back({named_at, 1, {}});
    throw ConfigError(std::move(diagnostic));
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

constexpr const char* kInSchema = "x-attention";

Tree read_tree(SourceMap& sources, const fs::path& file, SourcePos named_at) {
  const SourcePos begin = sources.add(SourceKind::kFile, file.string(), read_whole_file(file, named_at));
  return file.extension() == ".json" ? read_json(sources, begin) : read_yaml(sources, begin);
}

AttentionMapping read_fields_of(const Tree& tree, NodeId root, const fs::path& file) {
  MappingReader reader(tree);
  AttentionMapping mapping = read_fields(reader, root);
  if (!reader.problems().empty()) throw ConfigError(reader.problems());
  mapping.file = file.string();
  return mapping;
}

AttentionMapping read_file(SourceMap& sources, const fs::path& file, SourcePos named_at) {
  const Tree tree = read_tree(sources, file, named_at);
  const NodeId in_schema = tree.find(tree.root(), kInSchema);
  if (in_schema == kNoNode) return read_fields_of(tree, tree.root(), file);
  if (!tree[in_schema].is_text()) return read_fields_of(tree, in_schema, file);
  const fs::path other = file.parent_path() / tree[in_schema].text();
  const Tree mapping = read_tree(sources, other, tree[in_schema].pos);
  return read_fields_of(mapping, mapping.root(), other);
}

}  // namespace

AttentionMapping read_attention_mapping(const std::shared_ptr<SourceMap>& sources, const std::string& name_or_file,
                                        const std::string& flag) {
  try {
    const SourcePos named_at = flag.empty() ? SourcePos{} : sources->add(SourceKind::kFlag, flag, name_or_file);
    return read_file(*sources, find_attention_mapping(name_or_file, named_at), named_at);
  } catch (ConfigError& error) {
    error.set_sources(sources);
    throw;
  }
}

}  // namespace cfgtool
