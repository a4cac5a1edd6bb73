/// \file
/// Making, checking and describing attention problems and devices.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "attention_plugins/abi/attention_problem.h"

namespace cfgtool::attention {

using Dims = std::array<int64_t, 4>;  ///< [batch, heads, sequence, head_dim]

enum class Layout {
  kBatchHeadsSequence,  ///< "BHSD": one head's rows lie together
  kBatchSequenceHeads,  ///< "BSHD": one position's heads lie together, as a projection leaves them
};

/// The sizes that a plain problem needs; a value of 0 is taken from its neighbour.
struct ProblemSizes {
  int64_t batch = 1;
  int64_t heads_q = 1;
  int64_t heads_kv = 0;  ///< 0: heads_q
  int64_t seq_q = 1;
  int64_t seq_kv = 0;  ///< 0: seq_q
  int64_t head_dim_qk = 1;
  int64_t head_dim_v = 0;  ///< 0: head_dim_qk
};

/// Full attention with scale 1 / sqrt(head_dim_qk), no mask, no bias, contiguous tensors of that layout, and an
/// alignment of one element. The caller changes what is different, then calls check_problem. `passes` are ATTN_PASS_….
attn_problem make_problem(const ProblemSizes& sizes, int32_t dtype, uint32_t passes,
                          Layout layout = Layout::kBatchHeadsSequence);

void make_causal(attn_problem& problem, int32_t diagonal);

/// Gives the bias, and its gradient where it is asked for, contiguous strides over [batch, heads_q, seq_q, seq_kv],
/// with 0 along the first two where they are broadcast.
void add_bias(attn_problem& problem, int32_t dtype, bool broadcast_batch, bool broadcast_heads);

/// `problem` as it is asked about where no tensors are there yet: in a GPU's memory they begin at multiples of 16 bytes
/// at least. (CUDA's allocator gives 256, torch's 512; a tensor within one begins after whole heads.)
attn_problem placed_on(attn_problem problem, const attn_device& device);

/// Sizes of the tensors, with packed sequences taken into account.
Dims query_size(const attn_problem& problem);
Dims key_size(const attn_problem& problem);
Dims value_size(const attn_problem& problem);
Dims output_size(const attn_problem& problem);
Dims bias_size(const attn_problem& problem);
int64_t lse_count(const attn_problem& problem);

/// Which rule of attention_problem.h a problem breaks, whatever the plugin.
struct ProblemFault {
  int32_t reason = ATTN_REASON_NONE;
  std::string text;
};
std::optional<ProblemFault> check_problem(const attn_problem& problem);

/// For messages: "bf16, forward+backward, batch 2, heads 32:8, seq 2048, head_dim 128, causal (top-left)".
std::string describe(const attn_problem& problem);

/// This machine's processors. The text behind `name` is static.
attn_device cpu_device(uint32_t max_workers);

}  // namespace cfgtool::attention
