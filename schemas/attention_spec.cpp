#include "schemas/attention_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "config_engine/config.hpp"
#include "schemas/config_keys.hpp"
#include "schemas/model_sizes.hpp"

namespace cfgtool {

namespace {

/// How an implementation was chosen, the same for all roles of a model.
struct ImplementationChoice {
  SpecValue<std::string> name;
  bool key_is_there = false;
  std::string nearest_key;
  SourcePos nearest_pos;
};

/// `a.b` of `a.b.c`; empty at the top.
std::string parent_of(const std::string& key) {
  const size_t dot = key.rfind('.');
  return dot == std::string::npos ? std::string() : key.substr(0, dot);
}

std::string names_in_words(const AttentionMapping& mapping) {
  return fmt::format("the names known are {}; without the key, {} holds",
                     fmt::join(mapping.known_implementations, ", "), mapping.default_implementation);
}

[[noreturn]] void refuse_name(const ConfigError& error, std::string code, const AttentionMapping& mapping) {
  std::vector<Diagnostic> diagnostics = error.diagnostics();
  diagnostics.front().code = std::move(code);
  diagnostics.front().notes.push_back(names_in_words(mapping));
  throw ConfigError(std::move(diagnostics));
}

std::string read_name(const ConfigValue& value, const AttentionMapping& mapping) {
  std::string name;
  try {
    name = value.as<std::string>();
  } catch (const ConfigError& error) {
    refuse_name(error, "attention-name-type", mapping);
  }
  try {
    if (name.empty())
      value.refuse(fmt::format("'{}' is an empty text, which names no attention implementation", value.path()));
  } catch (const ConfigError& error) {
    refuse_name(error, "attention-name-empty", mapping);
  }
  return name;
}

ImplementationChoice read_implementation(const Config& cfg, const ModelMapping& model,
                                         const AttentionMapping& mapping) {
  ImplementationChoice choice;
  const std::string& key = model.implementation;
  choice.name = {mapping.default_implementation, {OriginKind::kDefault, "default", {}, {}}};
  if (const std::optional<ConfigValue> written = cfg.lookup(key)) {
    choice.key_is_there = true;
    choice.nearest_key = key;
    choice.nearest_pos = written->pos();
    if (const std::optional<ConfigValue> value = said(cfg, key)) {
      choice.name = {read_name(*value, mapping), origin_of(*value)};
    } else {
      choice.name.origin.text = fmt::format("default ({} is null)", written->origin());
      choice.name.origin.pos = written->pos();
    }
    return choice;
  }
  for (std::string above = parent_of(key); !above.empty(); above = parent_of(above)) {
    const std::optional<ConfigValue> value = cfg.lookup(above);
    if (!value) continue;
    if (!value->is_map() && !value->is_null())
      value->refuse(fmt::format("'{}' is not a mapping, so that it cannot hold {}", above, key), "value-type");
    choice.nearest_key = above;
    choice.nearest_pos = value->pos();
    break;
  }
  return choice;
}

class SpecReader {
 public:
  SpecReader(const Config& cfg, const AttentionMapping& mapping, const std::string& model)
      : cfg_(cfg), mapping_(mapping), model_(model) {}

  AttentionSpec read();

 private:
  struct Model {
    bool is_there = false;
    std::optional<ImplementationChoice> implementation;
    std::optional<ModelSizes> sizes;
  };

  /// Keeps the problems of `step` for later, so that one run shows all.
  template <typename Step>
  void collect(const Step& step) {
    try {
      step();
    } catch (const ConfigError& error) {
      problems_.insert(problems_.end(), error.diagnostics().begin(), error.diagnostics().end());
    }
  }

  Model read_model(const ModelMapping& mapping);
  RoleSpec read_role(const RoleMapping& role, const Model& model);
  [[noreturn]] void refuse_no_roles() const;

  const Config& cfg_;
  const AttentionMapping& mapping_;
  const std::string& model_;
  std::vector<Diagnostic> problems_;
};

SpecReader::Model SpecReader::read_model(const ModelMapping& mapping) {
  Model model;
  collect([&] { model.is_there = section_is_there(cfg_, mapping.section); });
  if (!model.is_there) return model;
  collect([&] { model.implementation = read_implementation(cfg_, mapping, mapping_); });
  collect([&] { model.sizes = read_model_sizes(cfg_, mapping, mapping_.examples, model_); });
  return model;
}

RoleSpec SpecReader::read_role(const RoleMapping& mapping, const Model& model) {
  RoleSpec role;
  role.name = mapping.name;
  role.trains = mapping.trains;
  const std::vector<std::string>& heads_keys = mapping_.models[mapping.model].heads_q.keys;
  if (!heads_keys.empty()) role.heads_key = heads_keys.front();
  role.implementation_key = mapping_.models[mapping.model].implementation;
  if (model.implementation) {
    role.implementation = model.implementation->name;
    role.implementation_key_is_there = model.implementation->key_is_there;
    role.nearest_key = model.implementation->nearest_key;
    role.nearest_pos = model.implementation->nearest_pos;
  }
  const Origin example{OriginKind::kExample, "example", {}, {}};
  role.dtype = {mapping_.examples.dtype, example};
  role.sequence_length = {mapping_.examples.sequence_length, example};
  if (model.sizes) {
    role.heads_q = model.sizes->heads_q;
    role.heads_kv = model.sizes->heads_kv;
    role.head_dim = model.sizes->head_dim;
    role.head_dim_v = model.sizes->head_dim_v;
    role.model_features = model.sizes->model_features;
    role.model_file = model.sizes->model_file;
    role.dtype = model.sizes->dtype.value_or(role.dtype);
  }
  collect([&] { role.dtype = read_text(cfg_, mapping.dtype, mapping_.dtype_of_model).value_or(role.dtype); });
  collect([&] { role.sequence_length = read_size(cfg_, mapping.sequence_length).value_or(role.sequence_length); });
  return role;
}

void SpecReader::refuse_no_roles() const {
  std::vector<std::string> sections;
  for (const ModelMapping& model : mapping_.models)
    sections.push_back(model.section);
  Diagnostic diagnostic;
  diagnostic.code = "attention-no-roles";
  diagnostic.message =
      fmt::format("this configuration has none of the roles of the attention mapping '{}'", mapping_.file);
  diagnostic.notes.push_back(fmt::format("it has no {}", fmt::join(sections, " and no ")));
  diagnostic.notes.push_back("--attention-mapping names the mapping of another framework, or a file of your own");
  throw ConfigError(std::move(diagnostic));
}

AttentionSpec SpecReader::read() {
  AttentionSpec spec;
  spec.framework = mapping_.framework;
  spec.mapping_file = mapping_.file;
  spec.default_implementation = mapping_.default_implementation;
  spec.known_implementations = mapping_.known_implementations;
  spec.sources = cfg_.sources();
  collect([&] { spec.device = read_text(cfg_, mapping_.device, {}); });
  std::vector<Model> models;
  models.reserve(mapping_.models.size());
  for (const ModelMapping& model : mapping_.models)
    models.push_back(read_model(model));
  for (const RoleMapping& role : mapping_.roles) {
    const Model& model = models[role.model];
    bool is_there = model.is_there;
    collect([&] { is_there = is_there && (role.section.empty() || section_is_there(cfg_, role.section)); });
    if (is_there) {
      spec.roles.push_back(read_role(role, model));
    } else {
      spec.absent_roles.push_back(role.name);
    }
  }
  if (!problems_.empty()) throw ConfigError(std::move(problems_));
  if (spec.roles.empty()) refuse_no_roles();
  return spec;
}

}  // namespace

const char* to_string(OriginKind kind) {
  switch (kind) {
    case OriginKind::kKey:
      return "key";
    case OriginKind::kDefault:
      return "default";
    case OriginKind::kModelFile:
      return "config.json";
    case OriginKind::kDerived:
      return "derived";
    case OriginKind::kExample:
      return "example";
    case OriginKind::kFlag:
      return "flag";
  }
  return "";
}

AttentionSpec make_attention_spec(const Config& cfg, const AttentionMapping& mapping, const std::string& model) {
  try {
    return SpecReader(cfg, mapping, model).read();
  } catch (ConfigError& error) {
    error.set_sources(cfg.sources());
    throw;
  }
}

void take_device_flag(AttentionSpec& spec, SourceMap& sources, const std::string& device, const std::string& flag) {
  const SourcePos pos = sources.add(SourceKind::kFlag, flag, device);
  spec.device = SpecValue<std::string>{device, {OriginKind::kFlag, "flag " + flag, {}, pos}};
}

}  // namespace cfgtool
