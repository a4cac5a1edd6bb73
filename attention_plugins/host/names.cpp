#include "attention_plugins/host/names.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "attention_plugins/abi/attention_problem.h"

namespace cfgtool::attention {
namespace {

using Entry = std::pair<int32_t, std::string_view>;

constexpr std::array<Entry, 5> kDtypes{{{ATTN_DTYPE_F32, "fp32"},
                                        {ATTN_DTYPE_F16, "fp16"},
                                        {ATTN_DTYPE_BF16, "bf16"},
                                        {ATTN_DTYPE_F8_E4M3, "fp8_e4m3"},
                                        {ATTN_DTYPE_F8_E5M2, "fp8_e5m2"}}};

constexpr std::array<Entry, 8> kTorchDtypes{{{ATTN_DTYPE_F32, "float32"},
                                             {ATTN_DTYPE_F32, "float"},
                                             {ATTN_DTYPE_F16, "float16"},
                                             {ATTN_DTYPE_F16, "half"},
                                             {ATTN_DTYPE_BF16, "bfloat16"},
                                             {ATTN_DTYPE_F8_E4M3, "float8_e4m3fn"},
                                             {ATTN_DTYPE_F8_E5M2, "float8_e5m2"},
                                             {ATTN_DTYPE_F32, "f32"}}};

constexpr std::array<Entry, 2> kDeviceKinds{{{ATTN_DEVICE_CPU, "cpu"}, {ATTN_DEVICE_CUDA, "cuda"}}};

constexpr std::array<Entry, 3> kLevels{
    {{ATTN_LEVEL_RULES, "rules"}, {ATTN_LEVEL_HEURISTICS, "heuristics"}, {ATTN_LEVEL_COMPILE, "compile"}}};

constexpr std::array<Entry, 23> kReasons{{{ATTN_REASON_NONE, "none"},
                                          {ATTN_REASON_DEVICE, "device"},
                                          {ATTN_REASON_ARCHITECTURE, "architecture"},
                                          {ATTN_REASON_DTYPE, "dtype"},
                                          {ATTN_REASON_HEAD_DIM, "head-dim"},
                                          {ATTN_REASON_HEADS, "heads"},
                                          {ATTN_REASON_SEQUENCE, "sequence"},
                                          {ATTN_REASON_MASK, "mask"},
                                          {ATTN_REASON_VARLEN, "varlen"},
                                          {ATTN_REASON_BIAS, "bias"},
                                          {ATTN_REASON_DROPOUT, "dropout"},
                                          {ATTN_REASON_SINK, "sink"},
                                          {ATTN_REASON_STRIDES, "strides"},
                                          {ATTN_REASON_ALIGNMENT, "alignment"},
                                          {ATTN_REASON_PASS, "pass"},
                                          {ATTN_REASON_DETERMINISM, "determinism"},
                                          {ATTN_REASON_RESOURCES, "resources"},
                                          {ATTN_REASON_RUNTIME_MISSING, "runtime-missing"},
                                          {ATTN_REASON_KNOWN_BUG, "known-bug"},
                                          {ATTN_REASON_UNKNOWN_FEATURE, "unknown-feature"},
                                          {ATTN_REASON_OPTIONS, "options"},
                                          {ATTN_REASON_STALE, "stale"},
                                          {ATTN_REASON_OTHER, "other"}}};

template <typename Table>
std::string name_in(const Table& table, int32_t value, std::string_view unknown) {
  for (const Entry& entry : table)
    if (entry.first == value) return std::string(entry.second);
  return fmt::format("{}{}", unknown, value);
}

template <typename Table>
std::optional<int32_t> value_in(const Table& table, std::string_view name) {
  for (const Entry& entry : table)
    if (entry.second == name) return entry.first;
  return std::nullopt;
}

}  // namespace

std::string dtype_name(int32_t dtype) {
  return name_in(kDtypes, dtype, "dtype ");
}

std::optional<int32_t> dtype_from_name(std::string_view name) {
  constexpr std::string_view kTorch = "torch.";
  if (name.starts_with(kTorch)) return value_in(kTorchDtypes, name.substr(kTorch.size()));
  if (auto dtype = value_in(kDtypes, name)) return dtype;
  return value_in(kTorchDtypes, name);
}

int64_t dtype_bytes(int32_t dtype) {
  switch (dtype) {
    case ATTN_DTYPE_F32:
      return 4;
    case ATTN_DTYPE_F16:
    case ATTN_DTYPE_BF16:
      return 2;
    case ATTN_DTYPE_F8_E4M3:
    case ATTN_DTYPE_F8_E5M2:
      return 1;
    default:
      return 0;
  }
}

std::string device_kind_name(int32_t kind) {
  return name_in(kDeviceKinds, kind, "device kind ");
}
std::optional<int32_t> device_kind_from_name(std::string_view name) {
  return value_in(kDeviceKinds, name);
}
std::string reason_code(int32_t reason) {
  return name_in(kReasons, reason, "reason-");
}
std::string level_name(int32_t level) {
  return name_in(kLevels, level, "level ");
}

}  // namespace cfgtool::attention
