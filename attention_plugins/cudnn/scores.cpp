// The scores of both graphs: scaled, biased, masked. The masks are put together as cudnn-frontend's
// attn_score_modifiers.h and CompositeDiagonalBandMaskNode do, each with index tensors of its own, which a band
// computes in fp32 and the others do not: cuDNN is given what it is known to take.
#include <limits>

#include "attention_plugins/cudnn/band.hpp"
#include "attention_plugins/cudnn/graph_builder.hpp"

namespace cfgtool::attention::cudnn {

namespace {

constexpr int32_t kRowAxis = 2;
constexpr int32_t kKeyAxis = 3;
constexpr float kMasked = -std::numeric_limits<float>::infinity();

}  // namespace

TensorIndex GraphBuilder::scaled_scores(TensorIndex query, TensorIndex key, TensorIndex scale) {
  const TensorIndex products = matmul(query, key, {.m = lengths_q_, .n = lengths_kv_});
  TensorIndex scores = pointwise(Mode::kMul, products, scale);
  if (problem_.bias == ATTN_BIAS_ADDITIVE)
    scores = pointwise(Mode::kAdd, scores, bias(Buffer::kBias, problem_.bias_stride));
  if (problem_.bias == ATTN_BIAS_ALIBI) scores = with_alibi(scores);
  return scores;
}

/// -slope * |p - j| is slope * (j - i), since the problem is causal along the top-left diagonal.
TensorIndex GraphBuilder::with_alibi(TensorIndex scores) {
  const TensorIndex row = index_along(kRowAxis, scores, Type::kInt32);
  const TensorIndex key = index_along(kKeyAxis, scores, Type::kInt32);
  const TensorIndex distance = pointwise(Mode::kSub, key, row, Type::kInt32);
  const TensorIndex slopes = contiguous(Buffer::kAlibiSlopes, Type::kFloat, {1, problem_.heads_q, 1, 1});
  return pointwise(Mode::kAdd, scores, pointwise(Mode::kMul, distance, slopes));
}

TensorIndex GraphBuilder::masked(TensorIndex scores) {
  if (problem_.varlen != ATTN_VARLEN_NONE) scores = without_tails(scores);
  const Band band = effective_band(problem_);
  if (band.right >= 0) scores = right_of_band(scores);
  if (band.left >= 0) scores = left_of_band(scores);
  return scores;
}

TensorIndex GraphBuilder::without_tails(TensorIndex scores) {
  const TensorIndex row = index_along(kRowAxis, scores, Type::kInt32);
  const TensorIndex key = index_along(kKeyAxis, scores, Type::kInt32);
  const TensorIndex is_row = pointwise(Mode::kCmpLt, row, lengths_q_, Type::kBoolean);
  const TensorIndex is_key = pointwise(Mode::kCmpLt, key, lengths_kv_, Type::kBoolean);
  return select(pointwise(Mode::kLogicalAnd, is_row, is_key, Type::kBoolean), scores, scalar(kMasked));
}

/// Visible where p + right >= j.
TensorIndex GraphBuilder::right_of_band(TensorIndex scores) {
  const Band band = effective_band(problem_);
  TensorIndex row = index_along(kRowAxis, scores, Type::kFloat);
  const TensorIndex key = index_along(kKeyAxis, scores, Type::kFloat);
  if (band.bottom_right) {
    const bool vary = lengths_q_ != kNoTensor;
    const TensorIndex keys = vary ? lengths_kv_ : scalar(static_cast<float>(problem_.seq_kv), Type::kInt32);
    row = pointwise(Mode::kAdd, row, keys, Type::kInt32);
    const TensorIndex rows = vary ? lengths_q_ : scalar(static_cast<float>(problem_.seq_q), Type::kInt32);
    row = pointwise(Mode::kSub, row, rows, Type::kInt32);
  }
  if (band.right > 0)
    row = pointwise(Mode::kAdd, row, scalar(static_cast<float>(band.right), Type::kInt32), Type::kInt32);
  return select(pointwise(Mode::kCmpGe, row, key, Type::kBoolean), scores, scalar(kMasked));
}

/// Visible where j + left + 1 > p. Where the lengths are known, they go into the constant, which is a float then.
TensorIndex GraphBuilder::left_of_band(TensorIndex scores) {
  const Band band = effective_band(problem_);
  const bool vary = band.bottom_right && lengths_q_ != kNoTensor;
  const int64_t shift = band.bottom_right && !vary ? problem_.seq_q - problem_.seq_kv : 0;
  const Type type = vary ? Type::kInt32 : Type::kFloat;
  const TensorIndex row = index_along(kRowAxis, scores, Type::kFloat);
  const TensorIndex key = index_along(kKeyAxis, scores, Type::kFloat);
  TensorIndex reach = pointwise(Mode::kAdd, key, scalar(static_cast<float>(band.left + 1 + shift), type), type);
  if (vary) {
    reach = pointwise(Mode::kSub, reach, lengths_kv_, Type::kInt32);
    reach = pointwise(Mode::kAdd, reach, lengths_q_, Type::kInt32);
  }
  return select(pointwise(Mode::kCmpGt, reach, row, Type::kBoolean), scores, scalar(kMasked));
}

}  // namespace cfgtool::attention::cudnn
