#include "schemas/attention_keys.hpp"

#include <fmt/format.h>

#include <memory>

#include "schemas/attention_mapping.hpp"

namespace cfgtool {

std::vector<KnownKey> known_attention_keys(const std::string& mapping, const std::vector<std::string>& devices) {
  const AttentionMapping read = read_attention_mapping(std::make_shared<SourceMap>(), mapping);
  std::vector<KnownKey> keys;
  for (const ModelMapping& model : read.models) {
    keys.push_back({model.implementation, model.section, read.known_implementations,
                    fmt::format("attention implementation ({})", read.framework)});
  }
  for (const std::string& key : read.device.keys)
    keys.push_back({key, {}, devices, "the GPU to run on"});
  return keys;
}

}  // namespace cfgtool
