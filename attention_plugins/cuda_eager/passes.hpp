/// \file
/// The two passes as sequences of phases, whoever runs these: a kernel of each, or a loop.
#pragma once

#include <algorithm>

#include "attention_plugins/cuda_eager/backward_phases.hpp"
#include "attention_plugins/cuda_eager/forward_phases.hpp"
#include "attention_plugins/cuda_eager/gradient_sums.hpp"

namespace cfgtool::attention::cuda_eager {

/// \param for_each_index for_each_index(count, phase) calls phase(index) for each index in [0, count), in any order,
/// after all that earlier calls of it do
template <typename ForEachIndex>
void forward(const CudaPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras, void* workspace,
             const ForEachIndex& for_each_index) {
  const attn_problem& p = plan.problem;
  const ForwardWorkspace w(plan, workspace);
  const View<const void> query(tensors.query, p.dtype, p.query_stride);
  const View<const void> key(tensors.key, p.dtype, p.key_stride);
  const View<const void> value(tensors.value, p.dtype, p.value_stride);
  const View<void> output(tensors.output, p.dtype, p.output_stride);
  const auto run = [&](const auto& phase) { for_each_index(phase.count(), phase); };

  for (int64_t first = 0; first < plan.all_rows(); first += plan.forward_chunk_rows) {
    const Phase phase{plan, extras, {first, std::min(plan.forward_chunk_rows, plan.all_rows() - first)}};
    run(Scores{phase, query, key, w.scores});
    run(RowSums{phase, w.scores, w.largest, w.sums, tensors.lse});
    run(Weights{phase, w.scores, w.largest, w.sums});
    run(Outputs{phase, w.scores, value, output});
  }
}

template <typename ForEachIndex>
void backward(const CudaPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras, void* workspace,
              const ForEachIndex& for_each_index) {
  const attn_problem& p = plan.problem;
  const BackwardWorkspace w(plan, workspace);
  const View<const void> query(tensors.query, p.dtype, p.query_stride);
  const View<const void> key(tensors.key, p.dtype, p.key_stride);
  const View<const void> value(tensors.value, p.dtype, p.value_stride);
  const View<const void> d_output(tensors.d_output, p.dtype, p.d_output_stride);
  const View<void> d_query(tensors.d_query, p.dtype, p.d_query_stride);
  const View<void> d_key(tensors.d_key, p.dtype, p.d_key_stride);
  const View<void> d_value(tensors.d_value, p.dtype, p.d_value_stride);
  const auto run = [&](const auto& phase) { for_each_index(phase.count(), phase); };

  run(Zero{w.d_key, plan.key_count() * (p.head_dim_qk + p.head_dim_v) + plan.d_bias_count()});
  for (int64_t first = 0; first < plan.all_rows(); first += plan.backward_chunk_rows) {
    const Phase phase{plan, extras, {first, std::min(plan.backward_chunk_rows, plan.all_rows() - first)}};
    run(Scores{phase, query, key, w.weights});
    run(WeightGradients{phase, w.weights, w.d_scores, value, d_output, tensors.lse});
    run(RowDeltas{phase, w.weights, w.d_scores, w.sums, w.deltas});
    run(ScoreGradients{phase, w.weights, w.d_scores, w.sums, w.deltas});
    run(QueryGradients{phase, w.d_scores, key, d_query});
    run(KeySums{phase, w.d_scores, query, p.head_dim_qk, p.scale, w.d_key});
    run(KeySums{phase, w.weights, d_output, p.head_dim_v, 1.0F, w.d_value});
    if (plan.d_bias_count() > 0) run(BiasSums{phase, w.d_scores, w.d_bias});
  }
  const Phase all{plan, extras, {0, 0}};
  run(StoreKeySums{all, w.d_key, p.head_dim_qk, d_key});
  run(StoreKeySums{all, w.d_value, p.head_dim_v, d_value});
  if (plan.d_bias_count() > 0) run(StoreBiasSums{all, w.d_bias});
}

}  // namespace cfgtool::attention::cuda_eager
