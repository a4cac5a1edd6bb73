/// \file
/// An attention problem as the graph of primitive operations that cuDNN recognises and fuses: plain data, which
/// forward_graph.cpp and backward_graph.cpp make and descriptors.cpp turns into cuDNN's descriptors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention::cudnn {

enum class Type : uint8_t { kFloat, kHalf, kBfloat16, kInt32, kInt64, kBoolean };

/// What memory a tensor of a graph lies in when it runs. Its number is the tensor's unique id for cuDNN, so that no two
/// tensors of a graph have the same, but for kVirtual and kConstant.
///
/// kKey, and in the backward pass kValue too, are described transposed: sizes [batch, heads, head_dim, seq], with the
/// strides exchanged likewise. Nothing is moved.
///
/// PACKED: kQuery and the others have the sizes of a batch whose sequences all have the longest length, and each
/// sequence begins at its element offset. Offsets are of int64, [batch + 1, 1, 1, 1]: row offset (offsets_q or
/// offsets_kv of the problem) times the row stride. One tensor of them serves two: kOffsetsQuery also d_query,
/// kOffsetsKey d_key, kOffsetsValue d_value, kOffsetsOutput d_output. So a problem in which a gradient has another row
/// stride than its tensor has no graph: the rules refuse it.
enum class Buffer : uint8_t {
  kVirtual,   ///< none: it exists within the fused kernel only
  kConstant,  ///< passed by value: Tensor::constant
  kQuery,
  kKey,
  kValue,
  kOutput,
  kStats,  ///< log-sum-exp, fp32: see below
  kDOutput,
  kDQuery,
  kDKey,
  kDValue,
  kBias,
  kDBias,
  kAlibiSlopes,
  kLengthsQ,  ///< PADDED and PACKED: int32 [batch, 1, 1, 1]
  kLengthsKv,
  kOffsetsQuery,  ///< PACKED: see above
  kOffsetsKey,
  kOffsetsValue,
  kOffsetsOutput,
  kOffsetsStats,       ///< row offset times heads_q
  kDropoutSeed,        ///< int64, one number
  kDropoutOffset,      ///< the same
  kSoftmaxSum,         ///< workspace of the backward pass, fp32: rowwise sum of d_output * output, times 1 - dropout
  kDQueryAccumulator,  ///< workspace of the backward pass, fp32, 0 before each run
};

// The log-sum-exp, kStats, has sizes [batch, heads_q, seq_q, 1]. Not packed it is contiguous, as in the interface. With
// PACKED, it lies in rows ("TH1": element row * heads_q + head), if the tensor has offsets: that is the layout that
// cudnn-frontend and TransformerEngine use. If it has none (the backward pass on compute capability 8.x and 12.x, where
// cudnn-frontend allows no other, although cuDNN's heuristics do), it is contiguous, each sequence padded to seq_q. The
// interface's [heads_q, total_q] is copied to and from either.
//
// Empty rows. The forward graph yields NaN in output and log-sum-exp for a row that sees no key; who runs it puts 0 and
// -infinity there. The backward graph wants +infinity as the log-sum-exp of such a row, so that its weights are 0: -inf
// would make NaN of a score that a bias of -inf masks. What it does with the rows behind a sequence's end (PADDED) is
// not said; who runs it puts the empty rows and zeros there that the interface wants.

/// Index into Graph::tensors.
using TensorIndex = int32_t;
constexpr TensorIndex kNoTensor = -1;

struct Tensor {
  Buffer buffer = Buffer::kVirtual;
  Type type = Type::kFloat;
  std::array<int64_t, 4> size{};
  std::array<int64_t, 4> stride{};  ///< in elements
  TensorIndex offsets = kNoTensor;  ///< PACKED: the tensor with the offsets of its sequences ("ragged offset")
  std::optional<float> constant = std::nullopt;  ///< of kConstant; a whole number if the type is kInt32
  int64_t span = 0;  ///< elements of memory from the first to behind the last; 0 if it has none
};

enum class OperationKind : uint8_t {
  kMatmul,     ///< output = a x b, over the last two dimensions; b's heads may be fewer (GQA). What lies behind the
               ///< lengths is 0 in the output and not read in a and b
  kPointwise,  ///< mode, with broadcast where a size is 1
  kReduction,  ///< mode, over the dimensions that are smaller in the output; heads by groups (GQA)
  kReshape,    ///< output = a with its last two dimensions exchanged
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
  int32_t axis = -1;         ///< of kGenIndex
  Type math = Type::kFloat;  ///< what it is computed in
  float keep = 1;            ///< of kRandom
  /// Lengths of the matrix product's rows, columns and inner dimension where they vary from sequence to sequence.
  TensorIndex m_lengths = kNoTensor, n_lengths = kNoTensor, k_lengths = kNoTensor;
};

struct Graph {
  std::vector<Tensor> tensors;
  std::vector<Operation> operations;

  /// The tensor that lies in `buffer`; nothing if the graph has none.
  std::optional<TensorIndex> find(Buffer buffer) const;
  uint64_t bytes(TensorIndex tensor) const;  ///< of memory that it spans, packed sequences taken together
};

// Both makers want a problem that has passed the rules of rules.hpp. They follow the topology that cudnn-frontend
// builds (CompositeSDPANode and CompositeSDPABackwardNode, https://github.com/NVIDIA/cudnn-frontend). cuDNN's
// heuristics accept more than that, a mask the wrong way round too: that they accept a graph does not show that its
// kernels compute it, so nothing is built here that cudnn-frontend does not. What these graphs cannot say, and the
// rules refuse:
//  - ALiBi but for causal attention along a top-left diagonal (effective_band in band.hpp): the graph adds
//    slope * (j - p), without the absolute value;
//  - lengths of 2^24 and more: constants of masks are kept as fp32;
//  - sinks, fp8, and gradients of packed tensors with other row strides than theirs.

/// output and, always, the log-sum-exp: virtual unless the problem has ATTN_PASS_LSE, since cuDNN 9.19 recognises no
/// graph without it.
Graph make_forward_graph(const attn_problem& problem);

/// d_query, d_key, d_value and, if asked for, d_bias. Deterministic problems, and those with d_bias, have no
/// kDQueryAccumulator: cuDNN then takes an algorithm that sums in a fixed order.
/// \param compute_capability major * 10 + minor: decides whether the workspace of packed sequences is packed too
Graph make_backward_graph(const attn_problem& problem, int32_t compute_capability);

}  // namespace cfgtool::attention::cudnn
