/// \file
/// The sizes of a model's attention: from keys, the model's config.json, one another, or the examples.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config_engine/config.hpp"
#include "schemas/attention_spec.hpp"

namespace cfgtool {

struct ModelSizes {
  SpecValue<int64_t> heads_q, heads_kv, head_dim;
  std::optional<SpecValue<int64_t>> head_dim_v;  ///< where it is not head_dim
  std::optional<SpecValue<std::string>> dtype;   ///< of the config.json
  std::string model_file;                        ///< the config.json that was read, or why none was
  std::vector<std::string> model_features;       ///< see ModelConfigFile::features
};

/// \throws ConfigError
/// \param named a config.json, or its folder, in place of what the configuration's key names; empty: none
ModelSizes read_model_sizes(const Config& cfg, const ModelMapping& model, const ExampleSizes& examples,
                            const std::string& named = {});

}  // namespace cfgtool
