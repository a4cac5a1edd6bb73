/// \file
/// What a configuration asks of attention, role by role: typed, and each value with where it comes from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config_engine/source.hpp"
#include "schemas/attention_mapping.hpp"

namespace cfgtool {

class Config;

enum class OriginKind : uint8_t {
  kKey,        ///< a key of the configuration says it
  kDefault,    ///< no key says it, and the mapping's default holds
  kModelFile,  ///< the model's config.json says it
  kDerived,    ///< it follows from other values
  kExample,    ///< nothing says it: the mapping's example
  kFlag,       ///< a flag of the command line says it
};

/// "key", "default", "config.json", "derived", "example", "flag".
const char* to_string(OriginKind kind);

struct Origin {
  OriginKind kind = OriginKind::kDefault;
  /// For people: "override 1:53", "critic.yaml:44:3", "default", "hidden_size / num_attention_heads", "example".
  std::string text;
  std::string key;  ///< of kKey
  SourcePos pos;    ///< of kKey, kFlag and kModelFile; of kDefault where the configuration's key is null, that null
};

template <typename T>
struct SpecValue {
  T value{};
  Origin origin;
};

/// One role's attention.
struct RoleSpec {
  std::string name;
  SpecValue<std::string> implementation;     ///< as written; never empty
  std::string implementation_key;            ///< the key that decides
  bool implementation_key_is_there = false;  ///< it may be null even so
  /// The deepest key above `implementation_key` that is there, and its place: where the choice would be written.
  std::string nearest_key;
  SourcePos nearest_pos;
  bool trains = false;           ///< needs the backward pass
  SpecValue<std::string> dtype;  ///< as written, such as "bfloat16"
  SpecValue<int64_t> heads_q, heads_kv, head_dim, sequence_length;
  std::optional<SpecValue<int64_t>> head_dim_v;  ///< of values and outputs, where it is not head_dim
  std::string heads_key;                         ///< that would give heads_q; empty: none
  std::vector<std::string> model_features;       ///< see ModelConfigFile::features: nobody asks plugins about them
  std::string model_file;                        ///< the config.json that was read, or why none was
};

struct AttentionSpec {
  std::string framework;
  std::string mapping_file;
  std::string default_implementation;
  std::vector<std::string> known_implementations;
  /// The GPU that the roles are to run on, as it is named; nothing: this machine's devices.
  std::optional<SpecValue<std::string>> device;
  std::vector<RoleSpec> roles;
  std::vector<std::string> absent_roles;     ///< those whose section, or whose model's, is not in the configuration
  std::shared_ptr<const SourceMap> sources;  ///< what all positions refer to
};

/// Reads `cfg` through `mapping`. A key that is null says nothing, as one that is absent. A model's folder is looked at
/// if it is on this machine; `~/` is the home folder.
/// \throws ConfigError with sources and the problems of all roles: a value that has the wrong type or range, sizes that
/// do not fit each other, a config.json that cannot be read
/// \param model a config.json, or its folder, for all models whatever the configuration says; empty: none
AttentionSpec make_attention_spec(const Config& cfg, const AttentionMapping& mapping, const std::string& model = {});

/// Makes `spec.device` what a flag of the command line says, whatever the configuration says.
/// \param sources what `spec.sources` is
void take_device_flag(AttentionSpec& spec, SourceMap& sources, const std::string& device,
                      const std::string& flag = "--attention-device");

}  // namespace cfgtool
