/// \file
/// The words for the interface's constants, as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cfgtool::attention {

/// "fp32", "fp16", "bf16", "fp8_e4m3", "fp8_e5m2"; "dtype 77" for what it does not know.
std::string dtype_name(int32_t dtype);
/// Knows the names above, and torch's ("bfloat16", "torch.bfloat16", "float", "half").
std::optional<int32_t> dtype_from_name(std::string_view name);
/// Bytes of one element; 0 for an unknown type.
int64_t dtype_bytes(int32_t dtype);

/// "cpu", "cuda".
std::string device_kind_name(int32_t kind);
std::optional<int32_t> device_kind_from_name(std::string_view name);

/// Stable codes such as "head-dim", for JSON and for programs; "reason-77" for what it does not know.
std::string reason_code(int32_t reason);

/// "rules", "heuristics", "compile".
std::string level_name(int32_t level);

}  // namespace cfgtool::attention
