/// \file
/// A role's attention as a layer of a transformer: floats in, floats out, and between them the plugin that was chosen,
/// in the role's own type. All functions throw cfgtool::attention::KernelError.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/role_choice.hpp"
#include "number_formats.hpp"

namespace ppo_trainer {

/// What the backward pass needs of a forward pass.
struct AttentionTape {
  Bytes qkv, output;
  Floats lse;
};

/// Whole sequences, all of the role's length. A row is one position: its query heads, then its key heads, then its
/// value heads, as one projection leaves them.
class RoleAttention {
 public:
  /// `choice` must have chosen a plugin. \param batch sequences of one call
  RoleAttention(const cfgtool::attention::RoleChoice& choice, int64_t batch,
                std::shared_ptr<cfgtool::attention::ThreadPool> pool);

  int64_t batch() const { return problem_.batch; }
  int64_t length() const { return problem_.seq_q; }
  /// \return [batch * length, query heads * head dimension]
  Floats forward(const Floats& qkv, AttentionTape& tape);
  /// \return the gradient of qkv
  Floats backward(const AttentionTape& tape, const Floats& d_output);

 private:
  attn_problem problem_;
  cfgtool::attention::AttentionKernel kernel_;
};

/// Sequences that grow: keys and values of earlier positions are kept, for each layer of the model.
class CachedAttention {
 public:
  CachedAttention(const cfgtool::attention::RoleChoice& choice, int64_t batch, int64_t prompt_length, int64_t layers,
                  const std::shared_ptr<cfgtool::attention::ThreadPool>& pool);

  int64_t batch() const { return batch_; }
  /// The rows of `count` new positions of each sequence, of which `first` is the first: the whole prompt (first 0),
  /// then one position after the other. \return as RoleAttention::forward, for the new positions
  Floats forward(int64_t layer, int64_t first, int64_t count, const Floats& qkv);

 private:
  attn_problem problem_for(int64_t first, int64_t count) const;
  void append(Bytes& cache, int64_t first, int64_t count, const Floats& qkv) const;

  attn_problem role_;  ///< heads, head dimension, type and greatest length
  int64_t batch_;
  int64_t prompt_length_;
  std::vector<cfgtool::attention::AttentionKernel> kernels_;  ///< for the prompt, then for each later position
  std::vector<Bytes> caches_;                                 ///< for each layer: rows of key heads, then value heads
};

}  // namespace ppo_trainer
