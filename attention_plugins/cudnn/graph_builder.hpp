/// \file
/// Writes a graph down operation by operation, and what the forward and the backward graph have in common.
#pragma once

#include <utility>

#include "attention_plugins/cudnn/graph.hpp"

namespace cfgtool::attention::cudnn {

using Sizes = std::array<int64_t, 4>;

/// Lengths that vary from sequence to sequence, of a matrix product's rows, columns and inner dimension.
struct MatmulLengths {
  TensorIndex m = kNoTensor, n = kNoTensor, k = kNoTensor;
};

class GraphBuilder {
 public:
  explicit GraphBuilder(const attn_problem& problem);

  const attn_problem& problem() const { return problem_; }
  const Tensor& tensor(TensorIndex index) const { return graph_.tensors[static_cast<size_t>(index)]; }
  Graph finish() { return std::move(graph_); }

  Type io_type() const;                                 ///< of query and those like it
  Sizes scores_size() const;                            ///< [batch, heads_q, seq_q, seq_kv]
  TensorIndex lengths_q() const { return lengths_q_; }  ///< kNoTensor if all sequences are equally long
  TensorIndex lengths_kv() const { return lengths_kv_; }

  // Tensors.
  TensorIndex scalar(float value, Type type = Type::kFloat);
  TensorIndex in_memory(Buffer buffer, Type type, const Sizes& size, const Sizes& stride);
  TensorIndex contiguous(Buffer buffer, Type type, const Sizes& size);
  /// A tensor of the problem's rows or keys; packed where the problem is. `size` is as if it were not.
  /// \param offsets of its sequences; `rows` of all of them together
  TensorIndex of_rows(Buffer buffer, Type type, const Sizes& size, const int64_t (&stride)[4], Buffer offsets,
                      int64_t rows);
  TensorIndex query(Buffer buffer, const int64_t (&stride)[4]);   ///< query, d_query or its accumulator
  TensorIndex key(Buffer buffer, const int64_t (&stride)[4]);     ///< key or d_key
  TensorIndex value(Buffer buffer, const int64_t (&stride)[4]);   ///< value or d_value
  TensorIndex output(Buffer buffer, const int64_t (&stride)[4]);  ///< output or d_output
  TensorIndex row_numbers(Buffer buffer, bool packed);            ///< fp32, one number per row and head
  TensorIndex bias(Buffer buffer, const int64_t (&stride)[4]);    ///< size 1 where it is broadcast
  void transpose(TensorIndex tensor);                             ///< describes it so

  // Operations. Those without an output make a virtual one.
  TensorIndex matmul(TensorIndex a, TensorIndex b, const MatmulLengths& lengths, Type type = Type::kFloat);
  void matmul_into(TensorIndex a, TensorIndex b, const MatmulLengths& lengths, TensorIndex output);
  TensorIndex pointwise(Mode mode, TensorIndex a, TensorIndex b = kNoTensor, Type type = Type::kFloat);
  void pointwise_into(Mode mode, TensorIndex a, TensorIndex b, TensorIndex output);
  TensorIndex select(TensorIndex mask, TensorIndex a, TensorIndex b);
  TensorIndex index_along(int32_t axis, TensorIndex like, Type math);
  TensorIndex reduce_last(Mode mode, TensorIndex a);
  void reduce_into(Mode mode, TensorIndex a, TensorIndex output);
  TensorIndex transposed(TensorIndex a, Type type);
  TensorIndex random_kept();  ///< 1 where dropout leaves a weight

  // Parts of both graphs.
  TensorIndex scaled_scores(TensorIndex query, TensorIndex key, TensorIndex scale);  ///< with the bias
  TensorIndex masked(TensorIndex scores);  ///< -inf behind the sequences' ends and outside of the band

 private:
  TensorIndex add(const Tensor& tensor);
  TensorIndex virtual_tensor(const Sizes& size, Type type);
  TensorIndex with_alibi(TensorIndex scores);
  TensorIndex without_tails(TensorIndex scores);
  TensorIndex right_of_band(TensorIndex scores);
  TensorIndex left_of_band(TensorIndex scores);

  attn_problem problem_;
  Graph graph_;
  TensorIndex lengths_q_ = kNoTensor, lengths_kv_ = kNoTensor;
};

}  // namespace cfgtool::attention::cudnn
