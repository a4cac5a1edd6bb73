#include "tests/cudnn_graph/attention_case.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "attention_plugins/host/problem.hpp"
#include "tests/attention/case_run.hpp"
#include "tests/cudnn_graph/interpreter.hpp"

namespace cudnn_graph_test {

using namespace cfgtool::attention::cudnn;
using attention_test::CaseRun;
using attention_test::ReferenceCase;
using cfgtool::attention::Dims;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

int64_t first(const Inputs& inputs, const std::vector<int32_t>& lengths, int64_t batch) {
  if (inputs.problem.varlen != ATTN_VARLEN_PACKED) return 0;
  return std::accumulate(lengths.begin(), lengths.begin() + batch, int64_t{0});
}

std::vector<double> widened(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

std::vector<int32_t> all_equal(const std::vector<int32_t>& given, int64_t batch, int64_t length) {
  return given.empty() ? std::vector<int32_t>(static_cast<size_t>(batch), static_cast<int32_t>(length)) : given;
}

Dims stored_bias_size(const attn_problem& p) {
  Dims size = cfgtool::attention::bias_size(p);
  for (size_t i = 0; i < size.size(); ++i)
    if (p.bias_stride[i] == 0) size[i] = 1;
  return size;
}

void add_slopes(Inputs& inputs) {
  for (int64_t head = 0; head < inputs.problem.heads_q; ++head)
    inputs.slopes.push_back(std::ldexp(1.0, -static_cast<int>(head) - 1));
}

/// NaN in the rows behind the ends of padded sequences; a large number where the gradient of a bias sums over them.
void spoil_tails(const Inputs& inputs, const std::vector<int32_t>& lengths, const Dims& size,
                 std::vector<double>& values) {
  if (inputs.problem.varlen != ATTN_VARLEN_PADDED) return;
  const bool summed = (inputs.problem.flags & ATTN_FLAG_D_BIAS) != 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto row = static_cast<int64_t>(i) / size[3];
    if (row % size[2] >= lengths[static_cast<size_t>(row / size[2] / size[1])])
      values[i] = summed ? 1e4 : std::numeric_limits<double>::quiet_NaN();
  }
}

/// Calls function(position in the order of sizes, place by strides) for each element.
template <typename Function>
void for_each_element(const Dims& size, const int64_t (&stride)[4], const Function& function) {
  size_t position = 0;
  for (int64_t b = 0; b < size[0]; ++b)
    for (int64_t h = 0; h < size[1]; ++h)
      for (int64_t s = 0; s < size[2]; ++s)
        for (int64_t d = 0; d < size[3]; ++d)
          function(position++, static_cast<size_t>(b * stride[0] + h * stride[1] + s * stride[2] + d * stride[3]));
}

/// As strides address it; nothing is known of what lies between.
std::vector<double> spread(const std::vector<double>& values, const Dims& size, const int64_t (&stride)[4]) {
  std::vector<double> memory;
  for_each_element(size, stride, [&](size_t position, size_t place) {
    if (memory.size() <= place) memory.resize(place + 1, std::numeric_limits<double>::quiet_NaN());
    memory[place] = values.at(position);
  });
  return memory;
}

std::vector<double> collect(const std::vector<double>& memory, const Dims& size, const int64_t (&stride)[4]) {
  std::vector<double> values(static_cast<size_t>(size[0] * size[1] * size[2] * size[3]));
  for_each_element(size, stride, [&](size_t position, size_t place) { values[position] = memory.at(place); });
  return values;
}

class GraphRun {
 public:
  GraphRun(const Inputs& inputs, int32_t compute_capability)
      : in_(inputs), p_(inputs.problem), compute_capability_(compute_capability) {
    memory_[Buffer::kQuery] = spread(in_.query, cfgtool::attention::query_size(p_), p_.query_stride);
    memory_[Buffer::kKey] = spread(in_.key, cfgtool::attention::key_size(p_), p_.key_stride);
    memory_[Buffer::kValue] = spread(in_.value, cfgtool::attention::value_size(p_), p_.value_stride);
    if (p_.bias == ATTN_BIAS_ADDITIVE) memory_[Buffer::kBias] = spread(in_.bias, stored_bias_size(p_), p_.bias_stride);
    memory_[Buffer::kAlibiSlopes] = in_.slopes;
    memory_[Buffer::kLengthsQ] = {in_.lengths_q.begin(), in_.lengths_q.end()};
    memory_[Buffer::kLengthsKv] = {in_.lengths_kv.begin(), in_.lengths_kv.end()};
    memory_[Buffer::kOffsetsQuery] = offsets(in_.lengths_q, p_.query_stride[2]);
    memory_[Buffer::kOffsetsKey] = offsets(in_.lengths_kv, p_.key_stride[2]);
    memory_[Buffer::kOffsetsValue] = offsets(in_.lengths_kv, p_.value_stride[2]);
    memory_[Buffer::kOffsetsOutput] = offsets(in_.lengths_q, p_.output_stride[2]);
    memory_[Buffer::kOffsetsStats] = offsets(in_.lengths_q, p_.heads_q);
  }

  void forward() {
    const Graph graph = make_forward_graph(p_);
    interpret(graph, in_.kept, memory_);
    results_.output = collect(memory_.at(Buffer::kOutput), cfgtool::attention::output_size(p_), p_.output_stride);
    results_.lse.assign(static_cast<size_t>(cfgtool::attention::lse_count(p_)), -kInfinity);
    for_each_row([&](int64_t batch, int64_t head, int64_t row) {
      if (row >= in_.lengths_q[static_cast<size_t>(batch)]) return;
      lse(batch, head, row) = memory_.at(Buffer::kStats).at(stats_place(graph, batch, head, row));
    });
    repair_empty_rows();
  }

  void backward() {
    const Graph graph = make_backward_graph(p_, compute_capability_);
    memory_[Buffer::kOutput] = spread(results_.output, cfgtool::attention::output_size(p_), p_.output_stride);
    memory_[Buffer::kDOutput] = spread(in_.d_output, cfgtool::attention::output_size(p_), p_.d_output_stride);
    auto& stats = memory_[Buffer::kStats];
    stats.assign(static_cast<size_t>(p_.batch * p_.heads_q * p_.seq_q), 0);
    for_each_row([&](int64_t batch, int64_t head, int64_t row) {
      if (p_.varlen == ATTN_VARLEN_PACKED && row >= in_.lengths_q[static_cast<size_t>(batch)]) return;
      const double value = lse(batch, head, row);
      stats.at(stats_place(graph, batch, head, row)) = value == -kInfinity ? kInfinity : value;
    });
    interpret(graph, in_.kept, memory_);
    results_.d_query = collect(memory_.at(Buffer::kDQuery), cfgtool::attention::query_size(p_), p_.d_query_stride);
    results_.d_key = collect(memory_.at(Buffer::kDKey), cfgtool::attention::key_size(p_), p_.d_key_stride);
    results_.d_value = collect(memory_.at(Buffer::kDValue), cfgtool::attention::value_size(p_), p_.d_value_stride);
    if ((p_.flags & ATTN_FLAG_D_BIAS) != 0)
      results_.d_bias = collect(memory_.at(Buffer::kDBias), stored_bias_size(p_), p_.d_bias_stride);
  }

  const Results& results() const { return results_; }

 private:
  static std::vector<double> offsets(const std::vector<int32_t>& lengths, int64_t row_stride) {
    std::vector<double> offsets{0};
    for (int32_t length : lengths)
      offsets.push_back(offsets.back() + static_cast<double>(length * row_stride));
    return offsets;
  }

  template <typename Function>
  void for_each_row(const Function& function) const {
    for (int64_t batch = 0; batch < p_.batch; ++batch)
      for (int64_t head = 0; head < p_.heads_q; ++head)
        for (int64_t row = 0; row < p_.seq_q; ++row)
          function(batch, head, row);
  }

  /// Row `row` of all rows of a head, in the interface's order.
  size_t row_number(int64_t batch, int64_t head, int64_t row) const {
    const int64_t rows = p_.varlen == ATTN_VARLEN_PACKED ? p_.total_q : p_.seq_q;
    return static_cast<size_t>((in_.tensor_batch(batch) * p_.heads_q + head) * rows + in_.first_row(batch) + row);
  }
  double& lse(int64_t batch, int64_t head, int64_t row) { return results_.lse.at(row_number(batch, head, row)); }

  size_t stats_place(const Graph& graph, int64_t batch, int64_t head, int64_t row) const {
    const Tensor& stats = graph.tensors[static_cast<size_t>(graph.find(Buffer::kStats).value())];
    if (stats.offsets == kNoTensor) return static_cast<size_t>((batch * p_.heads_q + head) * p_.seq_q + row);
    return static_cast<size_t>((in_.first_row(batch) + row) * p_.heads_q + head);
  }

  void repair_empty_rows() {
    const auto dim = static_cast<size_t>(p_.head_dim_v);
    for (size_t row = 0; row < results_.lse.size(); ++row) {
      if (!std::isnan(results_.lse[row]) && results_.lse[row] != -kInfinity) continue;
      results_.lse[row] = -kInfinity;
      std::fill_n(results_.output.begin() + static_cast<std::ptrdiff_t>(row * dim), dim, 0.0);
    }
  }

  const Inputs& in_;
  const attn_problem& p_;
  int32_t compute_capability_;
  Memory memory_;
  Results results_;
};

}  // namespace

int64_t Inputs::first_row(int64_t batch) const {
  return first(*this, lengths_q, batch);
}
int64_t Inputs::first_key(int64_t batch) const {
  return first(*this, lengths_kv, batch);
}

Inputs recorded_inputs(const ReferenceCase& reference) {
  const CaseRun run(reference);
  Inputs inputs;
  inputs.problem = run.problem();
  inputs.lengths_q = all_equal(reference.lengths_q, inputs.problem.batch, inputs.problem.seq_q);
  inputs.lengths_kv = all_equal(reference.lengths_kv, inputs.problem.batch, inputs.problem.seq_kv);
  inputs.query = widened(run.query.values());
  inputs.key = widened(run.key.values());
  inputs.value = widened(run.value.values());
  inputs.d_output = widened(run.d_output.values());
  inputs.bias = widened(run.bias.values());
  add_slopes(inputs);
  return inputs;
}

Inputs random_inputs(const attn_problem& problem, uint32_t seed, std::vector<int32_t> lengths_q,
                     std::vector<int32_t> lengths_kv) {
  Inputs inputs;
  inputs.problem = problem;
  inputs.lengths_q = all_equal(lengths_q, problem.batch, problem.seq_q);
  inputs.lengths_kv = all_equal(lengths_kv, problem.batch, problem.seq_kv);
  ReferenceCase source;
  source.fields["seed"] = seed;
  const auto fill = [&](std::vector<double>& values, const Dims& size, uint32_t stream) {
    values.resize(static_cast<size_t>(size[0] * size[1] * size[2] * size[3]));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(attention_test::input_value(source, stream, static_cast<int64_t>(i), 1.0F));
  };
  fill(inputs.query, cfgtool::attention::query_size(problem), 1);
  fill(inputs.key, cfgtool::attention::key_size(problem), 2);
  fill(inputs.value, cfgtool::attention::value_size(problem), 3);
  fill(inputs.d_output, cfgtool::attention::output_size(problem), 4);
  if (problem.bias == ATTN_BIAS_ADDITIVE) fill(inputs.bias, stored_bias_size(problem), 5);
  spoil_tails(inputs, inputs.lengths_q, cfgtool::attention::query_size(problem), inputs.query);
  spoil_tails(inputs, inputs.lengths_kv, cfgtool::attention::key_size(problem), inputs.key);
  spoil_tails(inputs, inputs.lengths_kv, cfgtool::attention::value_size(problem), inputs.value);
  spoil_tails(inputs, inputs.lengths_q, cfgtool::attention::output_size(problem), inputs.d_output);
  add_slopes(inputs);
  if (problem.dropout <= 0) return inputs;
  fill(inputs.kept, {problem.batch, problem.heads_q, problem.seq_q, problem.seq_kv}, 6);
  for (double& kept : inputs.kept)
    kept = (kept + 1) / 2 >= static_cast<double>(problem.dropout) ? 1 : 0;
  return inputs;
}

Results by_graphs(const Inputs& inputs, int32_t compute_capability) {
  GraphRun run(inputs, compute_capability);
  run.forward();
  run.backward();
  return run.results();
}

}  // namespace cudnn_graph_test
