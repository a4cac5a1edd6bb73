#include "attention_plugins/cudnn/band.hpp"

namespace cfgtool::attention::cudnn {

Band effective_band(const attn_problem& problem) {
  Band band{.bottom_right = problem.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT,
            .left = problem.window_left,
            .right = problem.window_right};
  if (problem.varlen == ATTN_VARLEN_NONE && problem.seq_q == problem.seq_kv) band.bottom_right = false;
  // The last row has the largest position: seq_q - 1, or, facing the last key, seq_kv - 1. The first row's is 0, or
  // seq_q - 1 below the last key. Shorter sequences of a batch need less.
  const int64_t left_enough = (band.bottom_right ? problem.seq_kv : problem.seq_q) - 1;
  const int64_t right_enough = (band.bottom_right ? problem.seq_q : problem.seq_kv) - 1;
  if (band.left >= left_enough) band.left = -1;
  if (band.right >= right_enough) band.right = -1;
  return band;
}

}  // namespace cfgtool::attention::cudnn
