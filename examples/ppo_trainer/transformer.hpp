/// \file
/// A small decoder-only transformer with learnt positions, and its backward pass derived by hand:
///
///     x = embedding[token] + position[i]
///     x = x + attention(norm(x) Wqkv) Wo        for each layer
///     x = x + silu(norm(x) Wup) Wdown
///     outputs = norm(x) Whead
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "linear.hpp"
#include "role_attention.hpp"

namespace ppo_trainer {

struct ModelSizes {
  int64_t vocabulary = 0;
  int64_t positions = 0;
  int64_t hidden = 0;
  int64_t layers = 0;
  int64_t intermediate = 0;
  int64_t heads_q = 0, heads_kv = 0, head_dim = 0;
  int64_t outputs = 0;  ///< of each position: the vocabulary's size for a policy, 1 for a critic
  float norm_epsilon = 1e-6F;

  int64_t qkv_width() const { return (heads_q + 2 * heads_kv) * head_dim; }
  int64_t attended_width() const { return heads_q * head_dim; }
  double parameter_count() const;
};

struct Parameter {
  std::string name;
  Floats value, gradient;
};

/// Which positions of each sequence give outputs: [first, first + count).
struct OutputRange {
  int64_t first = 0;
  int64_t count = 0;
};

class Transformer {
 public:
  /// What a backward pass needs of the forward pass before it.
  struct LayerTape {
    Floats input, normed, attended;
    AttentionTape attention;
    Floats middle, middle_normed, wide, active;
  };
  struct Tape {
    std::vector<int32_t> tokens;
    OutputRange range;
    std::vector<LayerTape> layers;
    Floats last, last_normed;
  };

  /// Weights are drawn from the seed; equal seeds and sizes give equal weights.
  Transformer(const ModelSizes& sizes, uint64_t seed);

  const ModelSizes& sizes() const { return sizes_; }
  std::vector<Parameter>& parameters() { return parameters_; }
  void clear_gradients();

  /// \param tokens attention.batch() sequences of attention.length() \return [batch * range.count, outputs]
  Floats forward(RoleAttention& attention, ThreadPool& pool, const std::vector<int32_t>& tokens, OutputRange range,
                 Tape& tape) const;
  /// Adds to the gradients. \param tape of a forward pass with the same attention and weights
  void backward(RoleAttention& attention, ThreadPool& pool, const Tape& tape, const Floats& d_outputs);

  /// The outputs of the last of `count` new positions of each sequence. \param tokens [batch, count]
  Floats next_outputs(CachedAttention& attention, ThreadPool& pool, const std::vector<int32_t>& tokens, int64_t first,
                      int64_t count) const;

 private:
  enum Weight : uint8_t { kNorm, kQkv, kAttended, kMiddleNorm, kUp, kDown, kWeightsOfLayer };
  static constexpr size_t kTokens = 0, kPositions = 1, kFirstLayer = 2;

  const Floats& weight(size_t layer, Weight which) const;
  Floats& gradient(size_t layer, Weight which);
  Floats embed(const std::vector<int32_t>& tokens, int64_t first, int64_t count) const;
  Floats qkv_of(ThreadPool& pool, size_t layer, const Floats& x, Floats& normed) const;
  /// x + silu(norm(x) Wup) Wdown, in place
  void add_mlp(ThreadPool& pool, size_t layer, Floats& x, LayerTape& tape) const;
  Floats outputs_of(ThreadPool& pool, const Floats& x, Floats& normed) const;
  Floats layer_backward(RoleAttention& attention, ThreadPool& pool, size_t layer, const LayerTape& tape, Floats d_x);

  ModelSizes sizes_;
  std::vector<Parameter> parameters_;  ///< embeddings, each layer's in the order of Weight, norm and head
};

}  // namespace ppo_trainer
