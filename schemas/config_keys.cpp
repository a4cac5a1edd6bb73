#include "schemas/config_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cfgtool {

namespace {

SpecValue<int64_t> size_at(const ConfigValue& value) {
  const auto size = value.as<int64_t>();
  if (size < 1 || size > INT32_MAX) {
    value.refuse(fmt::format("'{}' is {}, expected an integer from 1 to {}", value.path(), size, INT32_MAX),
                 "value-range");
  }
  return {size, origin_of(value)};
}

std::optional<SpecValue<int64_t>> read_sum(const Config& cfg, const std::vector<std::string>& keys) {
  SpecValue<int64_t> sum;
  std::vector<std::string> places;
  for (const std::string& key : keys) {
    const std::optional<ConfigValue> value = said(cfg, key);
    if (!value) return std::nullopt;
    const SpecValue<int64_t> part = size_at(*value);
    if (places.empty()) sum.origin = part.origin;
    sum.value += part.value;
    places.push_back(fmt::format("{} ({})", key, part.origin.text));
    if (sum.value > INT32_MAX)
      value->refuse(fmt::format("the sum of {} is greater than {}", fmt::join(keys, ", "), INT32_MAX), "value-range");
  }
  sum.origin.text = fmt::format("{}", fmt::join(places, " + "));
  sum.origin.key = fmt::format("{}", fmt::join(keys, " + "));
  return sum;
}

}  // namespace

std::optional<ConfigValue> said(const Config& cfg, const std::string& key) {
  std::optional<ConfigValue> value = cfg.lookup(key);
  if (!value || value->is_null()) return std::nullopt;
  if (value->kind() == NodeKind::kMissing) return cfg.at(key);  // which throws
  return value;
}

Origin origin_of(const ConfigValue& value) {
  return {OriginKind::kKey, value.origin(), value.path(), value.pos()};
}

std::optional<SpecValue<int64_t>> read_size(const Config& cfg, const KeyChoice& choice) {
  if (choice.rule == KeyChoice::Rule::kSumOf) return read_sum(cfg, choice.keys);
  for (const std::string& key : choice.keys) {
    if (const auto value = said(cfg, key)) return size_at(*value);
  }
  return std::nullopt;
}

std::optional<SpecValue<std::string>> read_text(const Config& cfg, const KeyChoice& choice,
                                                const std::vector<std::string>& unsaid) {
  for (const std::string& key : choice.keys) {
    const auto value = said(cfg, key);
    if (!value) continue;
    auto text = value->as<std::string>();
    if (text.empty()) value->refuse(fmt::format("'{}' is an empty text", key), "value-empty");
    if (std::find(unsaid.begin(), unsaid.end(), text) != unsaid.end()) continue;
    return SpecValue<std::string>{std::move(text), origin_of(*value)};
  }
  return std::nullopt;
}

bool section_is_there(const Config& cfg, const std::string& key) {
  const std::optional<ConfigValue> value = said(cfg, key);
  if (!value) return false;
  if (!value->is_map()) value->refuse(fmt::format("'{}' is not a mapping", key), "value-type");
  return true;
}

}  // namespace cfgtool
