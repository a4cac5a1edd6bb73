/// \file
/// The sizes in a Hugging Face model's config.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config_engine/source.hpp"

namespace cfgtool {

template <typename T>
struct ModelFileValue {
  T value{};
  SourcePos pos;  ///< of the value
};

/// The fields under the names that Hugging Face's models use (`n_head` of GPT-2, `multi_query` of Falcon, the sums of
/// DeepSeek's MLA). A field that is absent or null is nothing. Where the file describes a model with several parts,
/// those of its `text_config` are meant.
struct ModelConfigFile {
  std::string path;
  SourcePos begin;  ///< of the file
  std::optional<ModelFileValue<int64_t>> num_attention_heads, num_key_value_heads, head_dim, hidden_size;
  std::optional<ModelFileValue<int64_t>> head_dim_v;  ///< where it is not that of queries and keys (DeepSeek's MLA)
  std::optional<ModelFileValue<int64_t>> max_position_embeddings;  ///< the longest sequence
  std::optional<ModelFileValue<std::string>> dtype;                ///< `torch_dtype`, or `dtype` as newer files call it
  bool is_causal = false;  ///< an architecture "…ForCausalLM" or "…LMHeadModel"
  /// What else the file says about attention, of which sizes and type say nothing: "sliding_window 4096".
  std::vector<std::string> features;
};

/// Reads `file`, whose text becomes part of `sources`. \param named_at where the configuration names its folder
/// \throws ConfigError (without sources), codes `model-file-…`
ModelConfigFile read_model_config(SourceMap& sources, const std::filesystem::path& file, SourcePos named_at);

}  // namespace cfgtool
