/// \file
/// What the CPU plugins of this folder, and cuda_eager, take and refuse in common.
#pragma once

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention::geometry {

/// Fills in the answer, and returns `status`.
[[gnu::format(printf, 4, 5)]] attn_status say(attn_status status, attn_answer* answer, int32_t reason,
                                              const char* format, ...);

/// Whether a problem is one that an explicit computation in fp32 has an answer to: types, features and sizes.
attn_status check_problem(const attn_problem& problem, attn_answer* answer);

/// Whether the question is one that a plugin with `implementations` of them, for the CPU, has an answer to: types,
/// features and sizes.
attn_status check_question(uint32_t implementation, uint32_t implementations, const attn_device& device,
                           const attn_problem& problem, attn_answer* answer);

/// Whether a run has workspace enough, and lengths or offsets that fit the problem.
attn_status check_run(const attn_problem& problem, const attn_extras& extras, const attn_run& run,
                      uint64_t workspace_bytes, attn_answer* answer);

}  // namespace cfgtool::attention::geometry
