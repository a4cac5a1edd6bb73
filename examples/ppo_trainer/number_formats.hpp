/// \file
/// Rounds plain floats to the type that an attention kernel computes in, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ppo_trainer {

using Floats = std::vector<float>;
using Bytes = std::vector<std::byte>;

/// `dtype` is fp32, fp16 or bf16 (ATTN_DTYPE_…); to the nearest, ties to even.
void pack(const float* values, size_t count, int32_t dtype, std::byte* bytes);
void unpack(const std::byte* bytes, size_t count, int32_t dtype, float* values);

/// `values` as they are after being stored in that type.
Floats rounded(const Floats& values, int32_t dtype);

}  // namespace ppo_trainer
