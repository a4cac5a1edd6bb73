/// \file
/// An attention problem as the graph of primitive operations that cuDNN recognises and fuses: plain data, which
/// forward_graph.cpp and backward_graph.cpp make and descriptors.cpp turns into cuDNN's descriptors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention::cudnn {

enum class Type : uint8_t { kFloat, kHalf, kBfloat16, kInt32, kInt64, kBoolean };

/// What memory a tensor of a graph lies in when it runs. Its number is the tensor's unique id for cuDNN, so that no two
/// tensors of a graph have the same, but for kVirtual and kConstant.
enum class Buffer : uint8_t {
  kVirtual,   ///< none: it exists within the fused kernel only
  kConstant,  ///< passed by value: Tensor::constant
  kQuery,
  kKey,
  kValue,
  kOutput,
  kStats,  ///< log-sum-exp, fp32 [batch, heads_q, seq_q, 1]
  kDOutput,
  kDQuery,
  kDKey,
  kDValue,
  kBias,
  kDBias,
  kAlibiSlopes,
  kLengthsQ,  ///< int32 [batch, 1, 1, 1]
  kLengthsKv,
  kOffsetsQuery,  ///< PACKED: element offset of each sequence, [batch + 1, 1, 1, 1], of that tensor and those like it
  kOffsetsKey,
  kOffsetsValue,
  kOffsetsOutput,
  kOffsetsStats,
  kDropoutSeed,
  kDropoutOffset,
  kSoftmaxSum,         ///< workspace of the backward pass, fp32: rowwise sum of d_output * output
  kDQueryAccumulator,  ///< workspace of the backward pass, fp32, 0 before each run
};

/// Index into Graph::tensors.
using TensorIndex = int32_t;
constexpr TensorIndex kNoTensor = -1;

struct Tensor {
  Buffer buffer = Buffer::kVirtual;
  Type type = Type::kFloat;
  std::array<int64_t, 4> size{};
  std::array<int64_t, 4> stride{};     ///< in elements
  TensorIndex offsets = kNoTensor;     ///< PACKED: the tensor with the offsets of its sequences ("ragged offset")
  std::optional<float> constant;       ///< of kConstant
};

enum class OperationKind : uint8_t {
  kMatmul,     ///< output = a x b, over the last two dimensions; b's heads may be fewer (GQA)
  kPointwise,  ///< mode, with broadcast where a size is 1
  kReduction,  ///< mode, over the dimensions that are smaller in the output; heads by groups (GQA)
  kReshape,    ///< the output's sizes and strides over the same elements; here always a transposition of the last two
  kRandom,     ///< 1 with probability `keep`, else 0, from the seed (a) and the offset (b)
};

enum class Mode : uint8_t {
  kNone,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kExp,
  kLog,
  kIdentity,
  kGenIndex,  ///< the index along `axis`, of a's shape
  kCmpGe,
  kCmpGt,
  kCmpLt,
  kCmpLe,
  kLogicalAnd,
  kBinarySelect,  ///< mask ? a : b
  kMax,           ///< reduction
};

struct Operation {
  OperationKind kind = OperationKind::kPointwise;
  Mode mode = Mode::kNone;
  TensorIndex a = kNoTensor;
  TensorIndex b = kNoTensor;
  TensorIndex mask = kNoTensor;  ///< of kBinarySelect
  TensorIndex output = kNoTensor;
  int32_t axis = -1;                ///< of kGenIndex
  Type math = Type::kFloat;         ///< what it is computed in
  float keep = 1;                   ///< of kRandom
  /// Lengths of the matrix product's rows, columns and inner dimension where they vary from sequence to sequence.
  TensorIndex m_lengths = kNoTensor, n_lengths = kNoTensor, k_lengths = kNoTensor;
};

struct Graph {
  std::vector<Tensor> tensors;
  std::vector<Operation> operations;

  /// The tensor that lies in `buffer`; nothing if the graph has none.
  std::optional<TensorIndex> find(Buffer buffer) const;
  uint64_t bytes(TensorIndex tensor) const;  ///< that it spans
};

/// output and, always, the log-sum-exp: virtual unless the problem has ATTN_PASS_LSE, since cuDNN 9.19 recognises no
/// graph without it. The problem has passed the rules of rules.hpp.
Graph make_forward_graph(const attn_problem& problem);

/// d_query, d_key, d_value and, if asked for, d_bias. Deterministic problems, and those with d_bias, have no
/// kDQueryAccumulator: cuDNN then takes an algorithm that sums in a fixed order.
Graph make_backward_graph(const attn_problem& problem);

}  // namespace cfgtool::attention::cudnn
