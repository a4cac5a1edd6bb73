/// \file
/// The mapping file of a framework: which keys of its configuration say which attention implementation, sizes and types
/// each role uses. schemas/README.md describes the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/source.hpp"

namespace cfgtool {

/// The keys that give one value. No keys: nothing in the configuration gives it.
struct KeyChoice {
  enum class Rule : uint8_t {
    kFirstOf,  ///< the first key that is there and not null
    kSumOf,    ///< the sum of all; nothing unless all are there
  } rule = Rule::kFirstOf;
  std::vector<std::string> keys;
};

struct ModelMapping {
  std::string name;            ///< within the mapping file
  std::string section;         ///< the key below which the model is described; without it there is no such model
  std::string implementation;  ///< the key that chooses
  std::string folder;          ///< the key with the model's folder, which may hold a config.json; empty: none
  KeyChoice heads_q, heads_kv, head_dim, hidden_size;
};

struct RoleMapping {
  std::string name;
  size_t model = 0;     ///< index into AttentionMapping::models
  std::string section;  ///< the role is part of the configuration if this key is there; empty: if its model is
  bool trains = false;  ///< needs the backward pass
  KeyChoice dtype, sequence_length;
};

/// What is taken when nothing says it.
struct ExampleSizes {
  int64_t heads_q = 0;
  int64_t heads_kv = 0;
  int64_t head_dim = 0;
  int64_t sequence_length = 0;
  std::string dtype;
};

struct AttentionMapping {
  std::string file;  ///< as it was opened
  std::string framework;
  std::string default_implementation;
  std::vector<std::string> known_implementations;
  std::vector<ModelMapping> models;
  std::vector<RoleMapping> roles;  ///< in the order in which they are shown
  ExampleSizes examples;
  KeyChoice device;                         ///< the key that names the GPU that the roles are to run on
  std::vector<std::string> dtype_of_model;  ///< words in a dtype key that leave the type to the model's config.json
};

/// Reads and checks a mapping file; its text becomes part of `sources`.
/// \param name_or_file a file, or the name of a framework whose mapping comes with cfgtool, such as "verl": that is
/// what has no `/` and no ending `.yaml`, `.yml` or `.json`. A schema is such a file if it has, at its top,
/// `x-attention`: the mapping itself, or its file's path from the schema's folder \param flag the command-line flag
/// that it comes from, for messages; empty: none \throws ConfigError with sources and all problems found; codes
/// `mapping-…`, or `yaml-…` where it is no YAML
AttentionMapping read_attention_mapping(const std::shared_ptr<SourceMap>& sources, const std::string& name_or_file,
                                        const std::string& flag = "--attention-mapping");

}  // namespace cfgtool
