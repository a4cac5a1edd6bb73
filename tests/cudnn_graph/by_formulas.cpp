#include <algorithm>
#include <cmath>
#include <limits>

#include "attention_plugins/host/problem.hpp"
#include "tests/cudnn_graph/attention_case.hpp"

namespace cudnn_graph_test {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// One row of one head.
struct Row {
  int64_t batch, head, row;
};

class Formulas {
 public:
  explicit Formulas(const Inputs& inputs) : in_(inputs), p_(inputs.problem), bias_size_(stored_bias_size()) {
    results_.output.assign(count(cfgtool::attention::output_size(p_)), 0);
    results_.lse.assign(static_cast<size_t>(cfgtool::attention::lse_count(p_)), -kInfinity);
    results_.d_query.assign(in_.query.size(), 0);
    results_.d_key.assign(in_.key.size(), 0);
    results_.d_value.assign(in_.value.size(), 0);
    results_.d_bias.assign((p_.flags & ATTN_FLAG_D_BIAS) != 0 ? in_.bias.size() : 0, 0);
  }

  Results all() {
    for (int64_t batch = 0; batch < p_.batch; ++batch)
      for (int64_t head = 0; head < p_.heads_q; ++head)
        for (int64_t row = 0; row < in_.lengths_q[static_cast<size_t>(batch)]; ++row)
          one({batch, head, row});
    return results_;
  }

 private:
  static size_t count(const cfgtool::attention::Dims& size) {
    return static_cast<size_t>(size[0] * size[1] * size[2] * size[3]);
  }

  cfgtool::attention::Dims stored_bias_size() const {
    cfgtool::attention::Dims size = cfgtool::attention::bias_size(p_);
    for (size_t i = 0; i < size.size(); ++i)
      if (p_.bias_stride[i] == 0) size[i] = 1;
    return size;
  }

  size_t query_at(const Row& r) const { return rows_at(r, cfgtool::attention::query_size(p_)); }
  size_t output_at(const Row& r) const { return rows_at(r, cfgtool::attention::output_size(p_)); }
  size_t rows_at(const Row& r, const cfgtool::attention::Dims& size) const {
    const int64_t row = in_.first_row(r.batch) + r.row;
    return static_cast<size_t>(((in_.tensor_batch(r.batch) * size[1] + r.head) * size[2] + row) * size[3]);
  }
  size_t keys_at(const Row& r, int64_t key, const cfgtool::attention::Dims& size) const {
    const int64_t head = r.head / (p_.heads_q / p_.heads_kv);
    return static_cast<size_t>(((in_.tensor_batch(r.batch) * size[1] + head) * size[2] + in_.first_key(r.batch) + key) *
                               size[3]);
  }
  size_t bias_at(const Row& r, int64_t key) const {
    const auto at = [&](size_t axis, int64_t index) { return bias_size_[axis] == 1 ? 0 : index; };
    return static_cast<size_t>(
        ((at(0, r.batch) * bias_size_[1] + at(1, r.head)) * bias_size_[2] + at(2, r.row)) * bias_size_[3] + at(3, key));
  }
  double kept(const Row& r, int64_t key) const {
    if (in_.kept.empty()) return 1;
    return in_.kept[static_cast<size_t>(((r.batch * p_.heads_q + r.head) * p_.seq_q + r.row) * p_.seq_kv + key)];
  }

  int64_t position(const Row& r) const {
    const auto batch = static_cast<size_t>(r.batch);
    return p_.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? r.row + in_.lengths_kv[batch] - in_.lengths_q[batch] : r.row;
  }

  /// -infinity for a key that is not visible.
  double score(const Row& r, int64_t key) const {
    const int64_t distance = key - position(r);
    if (p_.window_left >= 0 && distance < -p_.window_left) return -kInfinity;
    if (p_.window_right >= 0 && distance > p_.window_right) return -kInfinity;
    const size_t q = query_at(r);
    const size_t k = keys_at(r, key, cfgtool::attention::key_size(p_));
    double dot = 0;
    for (size_t d = 0; d < static_cast<size_t>(p_.head_dim_qk); ++d)
      dot += in_.query[q + d] * in_.key[k + d];
    double score = static_cast<double>(p_.scale) * dot;
    if (p_.bias == ATTN_BIAS_ADDITIVE) score += in_.bias[bias_at(r, key)];
    if (p_.bias == ATTN_BIAS_ALIBI)
      score -= in_.slopes[static_cast<size_t>(r.head)] * static_cast<double>(std::abs(distance));
    return score;
  }

  void one(const Row& r) {
    const int64_t keys = in_.lengths_kv[static_cast<size_t>(r.batch)];
    std::vector<double> weights;
    for (int64_t key = 0; key < keys; ++key)
      weights.push_back(score(r, key));
    const double largest = keys == 0 ? -kInfinity : *std::ranges::max_element(weights);
    if (largest == -kInfinity) return;
    double sum = 0;
    for (double& weight : weights)
      sum += weight = std::exp(weight - largest);
    for (double& weight : weights)
      weight /= sum;
    results_.lse[rows_at(r, {p_.varlen == ATTN_VARLEN_PACKED ? 1 : p_.batch, p_.heads_q,
                             p_.varlen == ATTN_VARLEN_PACKED ? p_.total_q : p_.seq_q, 1})] = largest + std::log(sum);
    gradients(r, weights);
  }

  /// Output, and with dP the gradient of the weights: dS = P (dP - sum of P dP).
  void gradients(const Row& r, const std::vector<double>& weights) {
    const double keep_scale = 1 / (1 - static_cast<double>(p_.dropout));
    const auto dv = static_cast<size_t>(p_.head_dim_v);
    const size_t o = output_at(r);
    std::vector<double> d_weights(weights.size());
    double delta = 0;
    for (size_t j = 0; j < weights.size(); ++j) {
      const auto key = static_cast<int64_t>(j);
      const size_t v = keys_at(r, key, cfgtool::attention::value_size(p_));
      const double factor = kept(r, key) * keep_scale;
      for (size_t d = 0; d < dv; ++d) {
        results_.output[o + d] += weights[j] * factor * in_.value[v + d];
        results_.d_value[v + d] += weights[j] * factor * in_.d_output[o + d];
        d_weights[j] += factor * in_.d_output[o + d] * in_.value[v + d];
      }
      delta += weights[j] * d_weights[j];
    }
    for (size_t j = 0; j < weights.size(); ++j)
      score_gradient(r, static_cast<int64_t>(j), weights[j] * (d_weights[j] - delta));
  }

  void score_gradient(const Row& r, int64_t key, double gradient) {
    const size_t q = query_at(r);
    const size_t k = keys_at(r, key, cfgtool::attention::key_size(p_));
    const double scaled = gradient * static_cast<double>(p_.scale);
    for (size_t d = 0; d < static_cast<size_t>(p_.head_dim_qk); ++d) {
      results_.d_query[q + d] += scaled * in_.key[k + d];
      results_.d_key[k + d] += scaled * in_.query[q + d];
    }
    if (!results_.d_bias.empty()) results_.d_bias[bias_at(r, key)] += gradient;
  }

  const Inputs& in_;
  const attn_problem& p_;
  cfgtool::attention::Dims bias_size_;
  Results results_;
};

}  // namespace

Results by_formulas(const Inputs& inputs) {
  return Formulas(inputs).all();
}

}  // namespace cudnn_graph_test
