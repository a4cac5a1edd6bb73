#include "config_engine/hydra_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/typed_value.hpp"

namespace cfgtool {

namespace {

enum class FieldType : uint8_t {
  kAny,
  kString,
  kInt,
  kBool,
  kRunMode,
  kStringList,
  kList,
  kStringMap,
  kMap,
  kClass,
  kPlugin
};

struct HydraClass;

struct Field {
  std::string_view name;
  FieldType type;
  bool optional = false;
  const HydraClass* fields = nullptr;  // of kClass; of kPlugin, if it is that one
};

struct HydraClass {
  std::string_view name;
  std::span<const Field> fields;
  std::string_view target = {};  // _target_ of a plugin
};

constexpr Field kRunDirFields[] = {{"dir", FieldType::kString}};
constexpr HydraClass kRunDir{"RunDir", kRunDirFields};
constexpr Field kSweepDirFields[] = {{"dir", FieldType::kString}, {"subdir", FieldType::kString}};
constexpr HydraClass kSweepDir{"SweepDir", kSweepDirFields};
constexpr Field kHelpFields[] = {{"app_name", FieldType::kString},
                                 {"header", FieldType::kString},
                                 {"footer", FieldType::kString},
                                 {"template", FieldType::kString}};
constexpr HydraClass kHelp{"HelpConf", kHelpFields};
constexpr Field kHydraHelpFields[] = {{"hydra_help", FieldType::kString}, {"template", FieldType::kString}};
constexpr HydraClass kHydraHelp{"HydraHelpConf", kHydraHelpFields};
constexpr Field kOverridesFields[] = {{"hydra", FieldType::kStringList}, {"task", FieldType::kStringList}};
constexpr HydraClass kOverrides{"OverridesConf", kOverridesFields};
constexpr Field kOverrideDirnameFields[] = {
    {"kv_sep", FieldType::kString}, {"item_sep", FieldType::kString}, {"exclude_keys", FieldType::kStringList}};
constexpr HydraClass kOverrideDirname{"OverrideDirname", kOverrideDirnameFields};
constexpr Field kJobConfigFields[] = {{"override_dirname", FieldType::kClass, false, &kOverrideDirname}};
constexpr HydraClass kJobConfig{"JobConfig", kJobConfigFields};
constexpr Field kJobFields[] = {{"name", FieldType::kString},
                                {"chdir", FieldType::kBool, true},
                                {"override_dirname", FieldType::kString},
                                {"id", FieldType::kString},
                                {"num", FieldType::kInt},
                                {"config_name", FieldType::kString, true},
                                {"env_set", FieldType::kStringMap},
                                {"env_copy", FieldType::kStringList},
                                {"config", FieldType::kClass, false, &kJobConfig}};
constexpr HydraClass kJob{"JobConf", kJobFields};
constexpr Field kRuntimeFields[] = {{"version", FieldType::kString},    {"version_base", FieldType::kString},
                                    {"cwd", FieldType::kString},        {"config_sources", FieldType::kList},
                                    {"output_dir", FieldType::kString}, {"choices", FieldType::kMap}};
constexpr HydraClass kRuntime{"RuntimeConf", kRuntimeFields};
constexpr Field kSweeperFields[] = {{"_target_", FieldType::kString},
                                    {"max_batch_size", FieldType::kInt, true},
                                    {"params", FieldType::kStringMap, true}};
constexpr HydraClass kSweeper{"BasicSweeperConf", kSweeperFields,
                              "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"};
constexpr Field kLauncherFields[] = {{"_target_", FieldType::kString}};
constexpr HydraClass kLauncher{"BasicLauncherConf", kLauncherFields,
                               "hydra._internal.core_plugins.basic_launcher.BasicLauncher"};
constexpr Field kHydraFields[] = {{"mode", FieldType::kRunMode, true},
                                  {"searchpath", FieldType::kStringList},
                                  {"run", FieldType::kClass, false, &kRunDir},
                                  {"sweep", FieldType::kClass, false, &kSweepDir},
                                  {"hydra_logging", FieldType::kMap},
                                  {"job_logging", FieldType::kMap},
                                  {"sweeper", FieldType::kPlugin, true, &kSweeper},
                                  {"launcher", FieldType::kPlugin, true, &kLauncher},
                                  {"callbacks", FieldType::kMap},
                                  {"help", FieldType::kClass, false, &kHelp},
                                  {"hydra_help", FieldType::kClass, false, &kHydraHelp},
                                  {"output_subdir", FieldType::kString, true},
                                  {"overrides", FieldType::kClass, false, &kOverrides},
                                  {"job", FieldType::kClass, false, &kJob},
                                  {"runtime", FieldType::kClass, false, &kRuntime},
                                  {"verbose", FieldType::kAny},
                                  // No field of HydraConf, but Hydra merges its group before the dataclass.
                                  {"env", FieldType::kAny}};
constexpr HydraClass kHydra{"HydraConf", kHydraFields};

/// nullptr where no dataclass is.
const HydraClass* class_at(std::string_view key_path) {
  const std::vector<std::string_view> parts = split_key(key_path);
  if (parts.empty() || parts[0] != "hydra") return nullptr;
  const HydraClass* at = &kHydra;
  for (size_t i = 1; i < parts.size() && at; ++i) {
    const auto field =
        std::find_if(at->fields.begin(), at->fields.end(), [&](const Field& f) { return f.name == parts[i]; });
    at = field == at->fields.end() ? nullptr : field->fields;
  }
  return at;
}

class HydraSchema {
 public:
  HydraSchema(Tree& tree, SourceMap& sources, bool merges) : tree_(tree), sources_(sources), merges_(merges) {}

  std::optional<HydraSchemaFault> check_class(NodeId map, const HydraClass& type);

 private:
  std::optional<HydraSchemaFault> check(NodeId node, const Field& field);
  std::optional<HydraSchemaFault> check_run_mode(NodeId node);
  std::optional<HydraSchemaFault> check_scalar(NodeId node, FieldType type);
  std::optional<HydraSchemaFault> check_items(NodeId container);
  HydraSchemaFault invalid(NodeId node, std::string message) const {
    return {node, false, "ValidationError", std::move(message)};
  }
  HydraSchemaFault not_convertible(NodeId node, const char* wanted) const {
    return invalid(node, fmt::format("Value '{}' of type '{}' could not be converted to {}", python_str(tree_, node),
                                     type_name(tree_[node]), wanted));
  }
  void change(NodeId node, Node value) {
    value.pos = tree_[node].pos;
    tree_.set_value(node, value);
  }

  Tree& tree_;
  SourceMap& sources_;
  const bool merges_;
};

std::optional<HydraSchemaFault> HydraSchema::check_class(NodeId map, const HydraClass& type) {
  if (tree_[map].kind != NodeKind::kMap) {
    return invalid(
        map, fmt::format("Value '{}' of type '{}' is no {}", python_str(tree_, map), type_name(tree_[map]), type.name));
  }
  for (NodeId child = tree_[map].child.first; child != kNoNode; child = tree_[child].next) {
    const std::string_view name = tree_[child].key().text;
    const auto field =
        std::find_if(type.fields.begin(), type.fields.end(), [&](const Field& f) { return f.name == name; });
    if (field == type.fields.end()) {
      if (!merges_) continue;
      return HydraSchemaFault{child, true, "ConfigKeyError", fmt::format("Key '{}' not in '{}'", name, type.name)};
    }
    if (auto fault = check(child, *field)) return fault;
  }
  return std::nullopt;
}

std::optional<HydraSchemaFault> HydraSchema::check(NodeId node, const Field& field) {
  const NodeKind kind = tree_[node].kind;
  if (field.type == FieldType::kAny || kind == NodeKind::kMissing) return std::nullopt;
  if (kind == NodeKind::kInterpolation && !(field.type == FieldType::kClass && merges_)) return std::nullopt;
  if (kind == NodeKind::kNull) {
    if (field.optional) return std::nullopt;
    return invalid(node, fmt::format("field '{}' is not Optional", tree_.key_path(node)));
  }
  switch (field.type) {
    case FieldType::kClass:
      return check_class(node, *field.fields);
    case FieldType::kPlugin: {
      const NodeId target = tree_.find(node, "_target_");
      const bool is_known = target != kNoNode && python_str(tree_, target) == field.fields->target;
      return is_known ? check_class(node, *field.fields) : std::nullopt;
    }
    case FieldType::kMap:
    case FieldType::kStringMap:
      if (kind != NodeKind::kMap) return invalid(node, fmt::format("Cannot assign {} to Dict", type_name(tree_[node])));
      return field.type == FieldType::kStringMap ? check_items(node) : std::nullopt;
    case FieldType::kList:
    case FieldType::kStringList:
      if (kind != NodeKind::kList) {
        return invalid(node, fmt::format("Invalid value assigned: {} is not a ListConfig, list or tuple.",
                                         type_name(tree_[node])));
      }
      return field.type == FieldType::kStringList ? check_items(node) : std::nullopt;
    default:
      return check_scalar(node, field.type);
  }
}

std::optional<HydraSchemaFault> HydraSchema::check_items(NodeId container) {
  for (NodeId child = tree_[container].child.first; child != kNoNode; child = tree_[child].next) {
    if (auto fault = check(child, Field{"", FieldType::kString})) return fault;
  }
  return std::nullopt;
}

// omegaconf: EnumNode.validate_and_convert_impl
std::optional<HydraSchemaFault> HydraSchema::check_run_mode(NodeId node) {
  const std::string text = python_str(tree_, node);
  if (tree_[node].kind == NodeKind::kString && (text == "RUN" || text == "MULTIRUN")) return std::nullopt;
  return invalid(node, fmt::format("Invalid value '{}', expected one of [RUN, MULTIRUN]", text));
}

std::optional<HydraSchemaFault> HydraSchema::check_scalar(NodeId node, FieldType type) {
  const Node value = tree_[node];
  if (value.is_container()) return not_convertible(node, "a scalar");
  if (type == FieldType::kRunMode) return check_run_mode(node);
  const ValueType wanted = type == FieldType::kString ? ValueType::kString
                           : type == FieldType::kInt  ? ValueType::kInt
                                                      : ValueType::kBool;
  if (const std::optional<Node> typed = typed_value(tree_, node, wanted, sources_)) {
    if (typed->kind != value.kind) change(node, *typed);
    return std::nullopt;
  }
  if (wanted == ValueType::kString) return not_convertible(node, "String");
  if (wanted == ValueType::kInt) return not_convertible(node, "Integer");
  return invalid(node,
                 fmt::format("Value '{}' is not a valid bool (type {})", python_str(tree_, node), type_name(value)));
}

}  // namespace

std::optional<HydraSchemaFault> apply_hydra_schema(Tree& tree, NodeId map, std::string_view key_path,
                                                   SourceMap& sources, bool merges) {
  const HydraClass* const type = class_at(key_path);
  return type ? HydraSchema(tree, sources, merges).check_class(map, *type) : std::nullopt;
}

std::string python_str_or_mode(const Tree& tree, NodeId id) {
  std::string text = python_str(tree, id);
  if (text != "RUN" && text != "MULTIRUN") return text;
  return tree.key_path(id) == "hydra.mode" ? "RunMode." + text : text;
}

std::string_view hydra_class_at(std::string_view key_path) {
  const HydraClass* const type = class_at(key_path);
  return type ? type->name : std::string_view();
}

std::vector<std::string_view> hydra_values_at(std::string_view key_path) {
  const size_t dot = key_path.rfind('.');
  const HydraClass* const type = dot == std::string_view::npos ? nullptr : class_at(key_path.substr(0, dot));
  if (!type) return {};
  const auto field = std::find_if(type->fields.begin(), type->fields.end(),
                                  [&](const Field& f) { return f.name == key_path.substr(dot + 1); });
  if (field == type->fields.end()) return {};
  std::vector<std::string_view> values;
  if (field->type == FieldType::kBool) values = {"true", "false"};
  if (field->type == FieldType::kRunMode) values = {"RUN", "MULTIRUN"};
  if (!values.empty() && field->optional) values.push_back("null");
  return values;
}

}  // namespace cfgtool
