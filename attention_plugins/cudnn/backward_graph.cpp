#include "attention_plugins/cudnn/graph_builder.hpp"

namespace cfgtool::attention::cudnn {

namespace {

/// Whether what is kept for each row lies packed when the sequences do. cudnn-frontend's CompositeSDPABackwardNode says
/// where cuDNN cannot: kernels for compute capability 8.x and 12.x read no packed log-sum-exp.
bool reads_packed_rows(const attn_problem& problem, int32_t compute_capability) {
  const int32_t major = compute_capability / 10;
  return problem.varlen == ATTN_VARLEN_PACKED && major != 8 && major != 12;
}

/// The same of the workspace: by the same source, not with head dimensions that are no multiples of 16.
bool packs_workspace(const attn_problem& problem, int32_t compute_capability) {
  return reads_packed_rows(problem, compute_capability) && problem.head_dim_qk % 16 == 0 &&
         problem.head_dim_v % 16 == 0;
}

/// Names as in the usual derivation: P = softmax(S), O = P V, and d of each. The graph is that of
/// CompositeSDPABackwardNode, in its order.
class BackwardGraph {
 public:
  BackwardGraph(const attn_problem& problem, int32_t compute_capability)
      : problem_(problem),
        packed_rows_(reads_packed_rows(problem, compute_capability)),
        packed_workspace_(packs_workspace(problem, compute_capability)),
        graph_(problem),
        query_(graph_.query(Buffer::kQuery, problem.query_stride)),
        key_(graph_.key(Buffer::kKey, problem.key_stride)),
        value_(graph_.value(Buffer::kValue, problem.value_stride)),
        d_output_(graph_.output(Buffer::kDOutput, problem.d_output_stride)),
        scale_(graph_.scalar(problem.scale)) {
    graph_.transpose(key_);
    graph_.transpose(value_);
    if (problem.dropout > 0) {
      kept_ = graph_.random_kept();
      kept_scale_ = graph_.scalar(1 / (1 - problem.dropout));
    }
  }

  Graph make() {
    const TensorIndex delta = softmax_sum();
    const TensorIndex weights = recomputed_weights();
    d_value(weights);
    const TensorIndex d_scores = gradient_of_scores(weights, delta);
    d_key(d_scores);
    d_query(d_scores);
    return graph_.finish();
  }

 private:
  /// dot(dO, O) = dot(dP, P), times 1 - dropout since `kept_scale_` comes later. Without dropout cuDNN wants the
  /// product with 1 all the same.
  TensorIndex softmax_sum() {
    const TensorIndex output = graph_.output(Buffer::kOutput, problem_.output_stride);
    const TensorIndex dots = graph_.reduce_last(Mode::kAdd, graph_.pointwise(Mode::kMul, d_output_, output));
    const TensorIndex sum = graph_.row_numbers(Buffer::kSoftmaxSum, packed_workspace_);
    graph_.pointwise_into(Mode::kMul, dots, graph_.scalar(1 - problem_.dropout), sum);
    return sum;
  }

  TensorIndex recomputed_weights() {
    const TensorIndex scores = graph_.scaled_scores(query_, key_, scale_);
    const TensorIndex stats = graph_.row_numbers(Buffer::kStats, packed_rows_);
    return graph_.pointwise(Mode::kExp, graph_.masked(graph_.pointwise(Mode::kSub, scores, stats)));
  }

  void d_value(TensorIndex weights) {
    if (kept_ != kNoTensor) weights = scaled_kept(graph_.pointwise(Mode::kMul, weights, kept_));
    product_over_rows(weights, d_output_, graph_.value(Buffer::kDValue, problem_.d_value_stride));
  }

  TensorIndex gradient_of_scores(TensorIndex weights, TensorIndex delta) {
    TensorIndex gradient = graph_.matmul(d_output_, value_, {.m = graph_.lengths_q(), .n = graph_.lengths_kv()});
    if (kept_ != kNoTensor) gradient = graph_.pointwise(Mode::kMul, gradient, kept_);
    gradient = graph_.pointwise(Mode::kMul, graph_.pointwise(Mode::kSub, gradient, delta), weights);
    if (kept_ != kNoTensor) gradient = scaled_kept(gradient);
    if ((problem_.flags & ATTN_FLAG_D_BIAS) != 0)
      graph_.reduce_into(Mode::kAdd, gradient, graph_.bias(Buffer::kDBias, problem_.d_bias_stride));
    return graph_.pointwise(Mode::kMul, gradient, scale_);
  }

  void d_key(TensorIndex d_scores) {
    product_over_rows(d_scores, query_, graph_.key(Buffer::kDKey, problem_.d_key_stride));
  }

  void d_query(TensorIndex d_scores) {
    const TensorIndex key = graph_.transposed(key_, Type::kFloat);
    const MatmulLengths lengths{.m = graph_.lengths_q(), .k = graph_.lengths_kv()};
    const TensorIndex gradient = graph_.query(Buffer::kDQuery, problem_.d_query_stride);
    if ((problem_.flags & (ATTN_FLAG_DETERMINISTIC | ATTN_FLAG_D_BIAS)) != 0) {
      graph_.matmul_into(d_scores, key, lengths, gradient);
      return;
    }
    const TensorIndex sum =
        packed_workspace_ ? graph_.query(Buffer::kDQueryAccumulator, problem_.d_query_stride)
                          : graph_.contiguous(Buffer::kDQueryAccumulator, Type::kFloat, graph_.tensor(gradient).size);
    graph_.matmul_into(d_scores, key, lengths, sum);
    graph_.pointwise_into(Mode::kIdentity, sum, kNoTensor, gradient);
  }

  /// gradient = transpose(scores) x rows; of grouped heads, summed over each group.
  void product_over_rows(TensorIndex scores, TensorIndex rows, TensorIndex gradient) {
    const TensorIndex factor = graph_.transposed(scores, graph_.io_type());
    const MatmulLengths lengths{.m = graph_.lengths_kv(), .k = graph_.lengths_q()};
    if (problem_.heads_q == problem_.heads_kv) {
      graph_.matmul_into(factor, rows, lengths, gradient);
    } else {
      graph_.reduce_into(Mode::kAdd, graph_.matmul(factor, rows, lengths, graph_.io_type()), gradient);
    }
  }

  TensorIndex scaled_kept(TensorIndex a) { return graph_.pointwise(Mode::kMul, a, kept_scale_); }

  const attn_problem& problem_;
  bool packed_rows_, packed_workspace_;
  GraphBuilder graph_;
  TensorIndex query_, key_, value_, d_output_, scale_;
  TensorIndex kept_ = kNoTensor, kept_scale_ = kNoTensor;
};

}  // namespace

Graph make_backward_graph(const attn_problem& problem, int32_t compute_capability) {
  return BackwardGraph(problem, compute_capability).make();
}

}  // namespace cfgtool::attention::cudnn
