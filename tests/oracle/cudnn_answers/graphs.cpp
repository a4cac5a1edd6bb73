#include "graphs.hpp"

#include <cmath>
#include <stdexcept>

namespace fe = cudnn_frontend;
using Tensor = std::shared_ptr<fe::graph::Tensor_attributes>;
using Sizes = std::vector<int64_t>;

namespace {

fe::DataType_t type_of(const std::string& name) {
  if (name == "bf16") return fe::DataType_t::BFLOAT16;
  if (name == "fp16") return fe::DataType_t::HALF;
  if (name == "fp32") return fe::DataType_t::FLOAT;
  if (name == "fp8_e4m3") return fe::DataType_t::FP8_E4M3;
  throw std::invalid_argument("no such dtype: " + name);
}

/// What the forward and the backward pass have in common.
class Builder {
 public:
  /// An operation copies the graph's device when it is added.
  Builder(const Problem& problem, int compute_capability)
      : p_(problem), capability_(compute_capability), graph_(std::make_unique<Graph>()) {
    graph_->set_sm_version(compute_capability)
        .set_io_data_type(type_of(p_.dtype))
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT);
    q_size_ = {p_.batch, p_.heads.first, p_.seq.first, p_.head_dim.first};
    k_size_ = {p_.batch, p_.heads.second, p_.seq.second, p_.head_dim.first};
    v_size_ = {p_.batch, p_.heads.second, p_.seq.second, p_.head_dim.second};
    o_size_ = {p_.batch, p_.heads.first, p_.seq.first, p_.head_dim.second};
    stats_size_ = {p_.batch, p_.heads.first, p_.seq.first, 1};
  }

  Sizes strides(const Sizes& size) const {
    const int64_t row = size[3] + p_.row_padding;
    if (p_.layout == "bshd" || packed()) return {size[1] * size[2] * row, row, size[1] * row, 1};
    return {size[1] * size[2] * row, size[2] * row, row, 1};
  }

  Tensor describe(Tensor tensor, const char* name, const Sizes& size, bool ragged = true) {
    tensor->set_name(name).set_dim(size).set_stride(strides(size)).set_alignment(p_.alignment);
    if (packed() && ragged) tensor->set_ragged_offset(offsets(name));
    return tensor;
  }

  Tensor input(const char* name, const Sizes& size, bool ragged = true) {
    return describe(graph_->tensor(fe::graph::Tensor_attributes().set_data_type(type_of(p_.dtype))), name, size,
                    ragged);
  }

  Tensor output(Tensor tensor, const char* name, const Sizes& size) {
    tensor->set_output(true).set_data_type(type_of(p_.dtype));
    return describe(std::move(tensor), name, size);
  }

  Tensor plain(const char* name, const Sizes& size, fe::DataType_t type) {
    Sizes stride(size.size(), 1);
    for (size_t i = size.size() - 1; i-- > 0;)
      stride[i] = stride[i + 1] * size[i + 1];
    return graph_->tensor(
        fe::graph::Tensor_attributes().set_name(name).set_dim(size).set_stride(stride).set_data_type(type));
  }

  /// Mask, bias, lengths and dropout: the two passes' attributes have the same names for them.
  template <typename Attributes>
  void set_common(Attributes& attributes) {
    attributes.set_attn_scale(1.0F / std::sqrt(static_cast<float>(p_.head_dim.first)));
    if (p_.window.first >= 0 || p_.window.second >= 0)
      attributes.set_diagonal_alignment(p_.top_left ? fe::DiagonalAlignment_t::TOP_LEFT
                                                    : fe::DiagonalAlignment_t::BOTTOM_RIGHT);
    // The frontend's left bound counts the row's own key.
    if (p_.window.first >= 0) attributes.set_diagonal_band_left_bound(static_cast<int>(p_.window.first) + 1);
    if (p_.window.second >= 0) attributes.set_diagonal_band_right_bound(static_cast<int>(p_.window.second));
    if (p_.bias == "alibi") attributes.set_alibi_mask(true);
    if (p_.bias == "additive") attributes.set_bias(plain("bias", bias_size(), type_of(p_.bias_dtype)));
    if (p_.varlen != "none" || p_.paged)
      attributes.set_padding_mask(true)
          .set_seq_len_q(plain("lengths_q", {p_.batch, 1, 1, 1}, fe::DataType_t::INT32))
          .set_seq_len_kv(plain("lengths_kv", {p_.batch, 1, 1, 1}, fe::DataType_t::INT32));
    if (p_.dropout > 0)
      attributes.set_dropout(static_cast<float>(p_.dropout), plain("seed", {1, 1, 1, 1}, fe::DataType_t::INT64),
                             plain("offset", {1, 1, 1, 1}, fe::DataType_t::INT64));
    if (p_.sink) attributes.set_sink_token(plain("sink", {1, p_.heads.first, 1, 1}, fe::DataType_t::FLOAT));
  }

  Sizes bias_size() const {
    const auto size = [this](char dimension, int64_t whole) {
      return p_.bias_broadcast.find(dimension) == std::string::npos ? whole : 1;
    };
    return {size('b', p_.batch), size('h', p_.heads.first), size('q', p_.seq.first), size('k', p_.seq.second)};
  }

  std::unique_ptr<Graph> make_forward() {
    if (p_.paged) return make_paged();
    if (p_.dtype.starts_with("fp8")) return make_fp8();
    fe::graph::SDPA_attributes attributes;
    attributes.set_name("forward").set_generate_stats(p_.lse);
    set_common(attributes);
    const auto [out, stats] =
        graph_->sdpa(input("query", q_size_), input("key", k_size_), input("value", v_size_), attributes);
    finish_forward(out, stats);
    return std::move(graph_);
  }

  std::unique_ptr<Graph> make_backward() {
    fe::graph::SDPA_backward_attributes attributes;
    attributes.set_name("backward").set_deterministic_algorithm(p_.deterministic);
    set_common(attributes);
    if (p_.d_bias) {
      auto d_bias = plain("d_bias", bias_size(), type_of(p_.bias_dtype));
      attributes.set_dbias(d_bias);
      d_bias->set_output(true);
    }
    if (packed()) {
      attributes.set_max_total_seq_len_q(p_.batch * p_.seq.first);
      attributes.set_max_total_seq_len_kv(p_.batch * p_.seq.second);
    }
    auto stats = plain("stats", stats_size_, fe::DataType_t::FLOAT);
    if (packed()) make_packed_stats(stats);
    const auto [dq, dk, dv] =
        graph_->sdpa_backward(input("query", q_size_), input("key", k_size_), input("value", v_size_),
                              input("output", o_size_), input("d_output", o_size_), stats, attributes);
    output(dq, "d_query", q_size_);
    output(dk, "d_key", k_size_);
    output(dv, "d_value", v_size_);
    return std::move(graph_);
  }

 private:
  bool packed() const { return p_.varlen == "packed"; }

  Tensor offsets(const std::string& of) {
    return plain((of + "_offsets").c_str(), {p_.batch + 1, 1, 1, 1}, fe::DataType_t::INT64);
  }

  /// In rows of heads, as TransformerEngine has it. The backward pass on compute capability 8.x and 12.x reads no
  /// packed log-sum-exp, says cudnn-frontend; there each sequence's is padded.
  void make_packed_stats(const Tensor& stats) {
    const int family = capability_ / 10;
    if (p_.backward && (family == 8 || family == 12)) return;
    stats->set_stride({p_.heads.first * p_.seq.first, 1, p_.heads.first, 1}).set_ragged_offset(offsets("stats"));
  }

  void finish_forward(const Tensor& out, const Tensor& stats) {
    output(out, "output", o_size_);
    if (!stats) return;
    stats->set_output(true).set_data_type(fe::DataType_t::FLOAT).set_name("stats");
    stats->set_dim(stats_size_).set_stride({p_.heads.first * p_.seq.first, p_.seq.first, 1, 1});
    if (packed()) make_packed_stats(stats);
  }

  std::unique_ptr<Graph> make_fp8() {
    fe::graph::SDPA_fp8_attributes attributes;
    attributes.set_name("forward").set_generate_stats(p_.lse);
    attributes.set_attn_scale(1.0F / std::sqrt(static_cast<float>(p_.head_dim.first)));
    if (p_.window.second == 0) attributes.set_causal_mask(true);
    const auto factor = [&](const char* name) { return plain(name, {1, 1, 1, 1}, fe::DataType_t::FLOAT); };
    const auto [out, stats, amax_s, amax_o] =
        graph_->sdpa_fp8(input("query", q_size_), input("key", k_size_), input("value", v_size_), factor("descale_q"),
                         factor("descale_k"), factor("descale_v"), factor("descale_s"), factor("scale_s"),
                         factor("scale_o"), attributes);
    for (const Tensor& amax : {amax_s, amax_o})
      amax->set_output(true).set_dim({1, 1, 1, 1}).set_stride({1, 1, 1, 1}).set_data_type(fe::DataType_t::FLOAT);
    finish_forward(out, stats);
    return std::move(graph_);
  }

  /// Keys and values in blocks of 64 rows that tables point to.
  std::unique_ptr<Graph> make_paged() {
    constexpr int64_t kBlock = 64;
    const int64_t blocks = (p_.seq.second + kBlock - 1) / kBlock;
    fe::graph::SDPA_attributes attributes;
    attributes.set_name("forward").set_generate_stats(p_.lse);
    set_common(attributes);
    attributes.set_paged_attention_k_table(plain("key_table", {p_.batch, 1, blocks, 1}, fe::DataType_t::INT32))
        .set_paged_attention_v_table(plain("value_table", {p_.batch, 1, blocks, 1}, fe::DataType_t::INT32))
        .set_paged_attention_max_seq_len_kv(static_cast<int>(p_.seq.second));
    const auto [out, stats] = graph_->sdpa(
        input("query", q_size_), input("key", {p_.batch * blocks, p_.heads.second, kBlock, p_.head_dim.first}),
        input("value", {p_.batch * blocks, p_.heads.second, kBlock, p_.head_dim.second}), attributes);
    finish_forward(out, stats);
    return std::move(graph_);
  }

  const Problem& p_;
  int capability_;
  std::unique_ptr<Graph> graph_;
  Sizes q_size_, k_size_, v_size_, o_size_, stats_size_;
};

}  // namespace

std::unique_ptr<Graph> make_forward(const Problem& problem, int compute_capability) {
  return Builder(problem, compute_capability).make_forward();
}

std::unique_ptr<Graph> make_backward(const Problem& problem, int compute_capability) {
  return Builder(problem, compute_capability).make_backward();
}
