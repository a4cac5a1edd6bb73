/// \file
/// An attention problem with its inputs, and its results: by the plugin's graphs, and by the formulas alone.
#pragma once

#include <cstdint>
#include <vector>

#include "attention_plugins/abi/attention_plugin.h"
#include "tests/attention/reference_cases.hpp"

namespace cudnn_graph_test {

/// Tensors in the order [batch, heads, sequence, head_dim], whatever their strides.
struct Inputs {
  attn_problem problem{};
  std::vector<int32_t> lengths_q, lengths_kv;  ///< of all sequences, equally long ones too
  std::vector<double> query, key, value, d_output;
  std::vector<double> bias;    ///< of size 1 where it is broadcast
  std::vector<double> slopes;  ///< by heads
  std::vector<double> kept;    ///< 1 where dropout leaves a weight: [batch, heads_q, seq_q, seq_kv]

  int64_t first_row(int64_t batch) const;  ///< of a sequence in query and those like it, and its batch there
  int64_t first_key(int64_t batch) const;
  int64_t tensor_batch(int64_t batch) const { return problem.varlen == ATTN_VARLEN_PACKED ? 0 : batch; }
};

struct Results {
  std::vector<double> output, lse, d_query, d_key, d_value, d_bias;
};

/// The inputs that were recorded with.
Inputs recorded_inputs(const attention_test::ReferenceCase& reference);

/// Numbers from a seed; NaN, or with a gradient of the bias large numbers, behind the ends of padded sequences.
/// \param lengths_q, lengths_kv empty: all sequences as long as the problem says
Inputs random_inputs(const attn_problem& problem, uint32_t seed, std::vector<int32_t> lengths_q = {},
                     std::vector<int32_t> lengths_kv = {});

/// By the graphs, as the plugin runs them: with the backward pass on what the forward pass gave. Empty rows are put
/// right between the two, as graph.hpp says, and tails of padded sequences are set to 0 (-infinity in lse).
Results by_graphs(const Inputs& inputs, int32_t compute_capability);

/// By the formulas of attention_problem.h, with loops.
Results by_formulas(const Inputs& inputs);

}  // namespace cudnn_graph_test
