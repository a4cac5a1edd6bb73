/// \file
/// The sizes in a Hugging Face model's config.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "config_engine/source.hpp"

namespace cfgtool {

template <typename T>
struct ModelFileValue {
  T value{};
  SourcePos pos;  ///< of the value
};

/// A field that is absent or null is nothing. Where the file describes a model with several parts, those of its
/// `text_config` are meant.
struct ModelConfigFile {
  std::string path;
  std::optional<ModelFileValue<int64_t>> num_attention_heads, num_key_value_heads, head_dim, hidden_size;
  std::optional<ModelFileValue<int64_t>> max_position_embeddings;  ///< the longest sequence
  std::optional<ModelFileValue<std::string>> dtype;                ///< `torch_dtype`, or `dtype` as newer files call it
};

/// Reads `file`, whose text becomes part of `sources`. \param named_at where the configuration names its folder
/// \throws ConfigError (without sources), codes `model-file-…`
ModelConfigFile read_model_config(SourceMap& sources, const std::filesystem::path& file, SourcePos named_at);

}  // namespace cfgtool
