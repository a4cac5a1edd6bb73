#include "attention_plugins/cudnn/graph_builder.hpp"

namespace cfgtool::attention::cudnn {

namespace {

/// The weights, and the log-sum-exp on the way.
TensorIndex softmax(GraphBuilder& graph, TensorIndex scores, Type type) {
  const attn_problem& problem = graph.problem();
  const TensorIndex largest = graph.reduce_last(Mode::kMax, scores);
  const TensorIndex powers = graph.pointwise(Mode::kExp, graph.pointwise(Mode::kSub, scores, largest));
  const TensorIndex sum = graph.reduce_last(Mode::kAdd, powers);
  const TensorIndex log = graph.pointwise(Mode::kLog, sum);
  if ((problem.passes & ATTN_PASS_LSE) != 0) {
    const TensorIndex stats = graph.row_numbers(Buffer::kStats, problem.varlen == ATTN_VARLEN_PACKED);
    graph.pointwise_into(Mode::kAdd, largest, log, stats);
  } else {
    graph.pointwise(Mode::kAdd, largest, log);
  }
  return graph.pointwise(Mode::kDiv, powers, sum, type);
}

}  // namespace

Graph make_forward_graph(const attn_problem& problem) {
  GraphBuilder graph(problem);
  const TensorIndex query = graph.query(Buffer::kQuery, problem.query_stride);
  const TensorIndex key = graph.key(Buffer::kKey, problem.key_stride);
  const TensorIndex value = graph.value(Buffer::kValue, problem.value_stride);
  graph.transpose(key);
  const TensorIndex scores = graph.masked(graph.scaled_scores(query, key, graph.scalar(problem.scale)));
  // The second product wants weights of the inputs' type, so the last operation before it rounds.
  const bool dropout = problem.dropout > 0;
  TensorIndex weights = softmax(graph, scores, dropout ? Type::kFloat : graph.io_type());
  if (dropout) {
    weights = graph.pointwise(Mode::kMul, weights, graph.random_kept());
    weights = graph.pointwise(Mode::kMul, weights, graph.scalar(1 / (1 - problem.dropout)), graph.io_type());
  }
  graph.matmul_into(weights, value, {.m = graph.lengths_q(), .k = graph.lengths_kv()},
                    graph.output(Buffer::kOutput, problem.output_stride));
  return graph.finish();
}

}  // namespace cfgtool::attention::cudnn
