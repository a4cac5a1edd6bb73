#include "attention_plugins/cudnn/graph_builder.hpp"

#include <algorithm>
#include <utility>

namespace cfgtool::attention::cudnn {

namespace {

Sizes contiguous_strides(const Sizes& size) {
  return {size[1] * size[2] * size[3], size[2] * size[3], size[3], 1};
}

int64_t span_of(const Sizes& size, const Sizes& stride) {
  int64_t last = 0;
  for (size_t i = 0; i < size.size(); ++i)
    last += (size[i] - 1) * stride[i];
  return last + 1;
}

Sizes broadcast(const Sizes& a, const Sizes& b) {
  Sizes size{};
  std::ranges::transform(a, b, size.begin(), [](int64_t x, int64_t y) { return std::max(x, y); });
  return size;
}

Type type_of(int32_t dtype) {
  if (dtype == ATTN_DTYPE_F16) return Type::kHalf;
  return dtype == ATTN_DTYPE_BF16 ? Type::kBfloat16 : Type::kFloat;
}

}  // namespace

GraphBuilder::GraphBuilder(const attn_problem& problem) : problem_(problem) {
  if (problem.varlen == ATTN_VARLEN_NONE) return;
  lengths_q_ = contiguous(Buffer::kLengthsQ, Type::kInt32, {problem.batch, 1, 1, 1});
  lengths_kv_ = contiguous(Buffer::kLengthsKv, Type::kInt32, {problem.batch, 1, 1, 1});
}

Type GraphBuilder::io_type() const {
  return type_of(problem_.dtype);
}

Sizes GraphBuilder::scores_size() const {
  return {problem_.batch, problem_.heads_q, problem_.seq_q, problem_.seq_kv};
}

TensorIndex GraphBuilder::add(const Tensor& tensor) {
  graph_.tensors.push_back(tensor);
  return static_cast<TensorIndex>(graph_.tensors.size() - 1);
}

TensorIndex GraphBuilder::virtual_tensor(const Sizes& size, Type type) {
  return add({.type = type, .size = size, .stride = contiguous_strides(size)});
}

TensorIndex GraphBuilder::scalar(float value, Type type) {
  return add(
      {.buffer = Buffer::kConstant, .type = type, .size = {1, 1, 1, 1}, .stride = {1, 1, 1, 1}, .constant = value});
}

TensorIndex GraphBuilder::in_memory(Buffer buffer, Type type, const Sizes& size, const Sizes& stride) {
  // Along a size of 1 a stride says nothing; a 0 there is replaced, so that nothing takes it for a broadcast.
  Sizes strides = stride;
  for (size_t i = 0; i < size.size(); ++i)
    if (size[i] == 1 && stride[i] == 0) strides[i] = contiguous_strides(size)[i];
  return add({.buffer = buffer, .type = type, .size = size, .stride = strides, .span = span_of(size, strides)});
}

TensorIndex GraphBuilder::contiguous(Buffer buffer, Type type, const Sizes& size) {
  return in_memory(buffer, type, size, contiguous_strides(size));
}

TensorIndex GraphBuilder::of_rows(Buffer buffer, Type type, const Sizes& size, const int64_t (&stride)[4],
                                  Buffer offsets, int64_t rows) {
  const Sizes strides = std::to_array(stride);
  if (problem_.varlen != ATTN_VARLEN_PACKED) return in_memory(buffer, type, size, strides);
  TensorIndex begins = graph_.find(offsets).value_or(kNoTensor);
  if (begins == kNoTensor) begins = contiguous(offsets, Type::kInt64, {problem_.batch + 1, 1, 1, 1});
  Tensor packed{.buffer = buffer, .type = type, .size = size, .stride = strides, .offsets = begins};
  packed.stride[0] = size[2] * strides[2];  // not used, but it must not look as if sequences overlapped
  packed.span = span_of({1, size[1], rows, size[3]}, strides);
  return add(packed);
}

TensorIndex GraphBuilder::query(Buffer buffer, const int64_t (&stride)[4]) {
  const Type type = buffer == Buffer::kDQueryAccumulator ? Type::kFloat : io_type();
  return of_rows(buffer, type, {problem_.batch, problem_.heads_q, problem_.seq_q, problem_.head_dim_qk}, stride,
                 Buffer::kOffsetsQuery, problem_.total_q);
}

TensorIndex GraphBuilder::key(Buffer buffer, const int64_t (&stride)[4]) {
  return of_rows(buffer, io_type(), {problem_.batch, problem_.heads_kv, problem_.seq_kv, problem_.head_dim_qk}, stride,
                 Buffer::kOffsetsKey, problem_.total_kv);
}

TensorIndex GraphBuilder::value(Buffer buffer, const int64_t (&stride)[4]) {
  return of_rows(buffer, io_type(), {problem_.batch, problem_.heads_kv, problem_.seq_kv, problem_.head_dim_v}, stride,
                 Buffer::kOffsetsValue, problem_.total_kv);
}

TensorIndex GraphBuilder::output(Buffer buffer, const int64_t (&stride)[4]) {
  return of_rows(buffer, io_type(), {problem_.batch, problem_.heads_q, problem_.seq_q, problem_.head_dim_v}, stride,
                 Buffer::kOffsetsOutput, problem_.total_q);
}

TensorIndex GraphBuilder::row_numbers(Buffer buffer, bool packed) {
  const Sizes size{problem_.batch, problem_.heads_q, problem_.seq_q, 1};
  if (!packed) return contiguous(buffer, Type::kFloat, size);
  const int64_t by_rows[4] = {0, 1, problem_.heads_q, 1};
  return of_rows(buffer, Type::kFloat, size, by_rows, Buffer::kOffsetsStats, problem_.total_q);
}

TensorIndex GraphBuilder::bias(Buffer buffer, const int64_t (&stride)[4]) {
  Sizes size = scores_size();
  for (size_t i = 0; i < size.size(); ++i)
    if (stride[i] == 0) size[i] = 1;
  return in_memory(buffer, type_of(problem_.bias_dtype), size, std::to_array(stride));
}

void GraphBuilder::transpose(TensorIndex tensor) {
  Tensor& t = graph_.tensors[static_cast<size_t>(tensor)];
  std::swap(t.size[2], t.size[3]);
  std::swap(t.stride[2], t.stride[3]);
}

void GraphBuilder::matmul_into(TensorIndex a, TensorIndex b, const MatmulLengths& lengths, TensorIndex output) {
  graph_.operations.push_back({.kind = OperationKind::kMatmul,
                               .a = a,
                               .b = b,
                               .output = output,
                               .m_lengths = lengths.m,
                               .n_lengths = lengths.n,
                               .k_lengths = lengths.k});
}

TensorIndex GraphBuilder::matmul(TensorIndex a, TensorIndex b, const MatmulLengths& lengths, Type type) {
  const Sizes& rows = tensor(a).size;
  const TensorIndex output = virtual_tensor({rows[0], rows[1], rows[2], tensor(b).size[3]}, type);
  matmul_into(a, b, lengths, output);
  return output;
}

void GraphBuilder::pointwise_into(Mode mode, TensorIndex a, TensorIndex b, TensorIndex output) {
  const Type type = tensor(output).type;
  const bool whole = type == Type::kInt32 || type == Type::kBoolean;
  graph_.operations.push_back({.kind = OperationKind::kPointwise,
                               .mode = mode,
                               .a = a,
                               .b = b,
                               .output = output,
                               .math = whole ? type : Type::kFloat});
}

TensorIndex GraphBuilder::pointwise(Mode mode, TensorIndex a, TensorIndex b, Type type) {
  const Sizes size = b == kNoTensor ? tensor(a).size : broadcast(tensor(a).size, tensor(b).size);
  const TensorIndex output = virtual_tensor(size, type);
  pointwise_into(mode, a, b, output);
  return output;
}

TensorIndex GraphBuilder::select(TensorIndex mask, TensorIndex a, TensorIndex b) {
  const TensorIndex output = pointwise(Mode::kBinarySelect, a, b);
  graph_.operations.back().mask = mask;
  return output;
}

TensorIndex GraphBuilder::index_along(int32_t axis, TensorIndex like, Type math) {
  const TensorIndex output = pointwise(Mode::kGenIndex, like, kNoTensor, Type::kInt32);
  graph_.operations.back().axis = axis;
  graph_.operations.back().math = math;
  return output;
}

void GraphBuilder::reduce_into(Mode mode, TensorIndex a, TensorIndex output) {
  graph_.operations.push_back({.kind = OperationKind::kReduction, .mode = mode, .a = a, .output = output});
}

TensorIndex GraphBuilder::reduce_last(Mode mode, TensorIndex a) {
  const Sizes& size = tensor(a).size;
  const TensorIndex output = virtual_tensor({size[0], size[1], size[2], 1}, Type::kFloat);
  reduce_into(mode, a, output);
  return output;
}

TensorIndex GraphBuilder::transposed(TensorIndex a, Type type) {
  Tensor output = tensor(a);
  output.buffer = Buffer::kVirtual;
  output.type = type;
  output.span = 0;
  const TensorIndex index = add(output);
  transpose(index);
  graph_.operations.push_back({.kind = OperationKind::kReshape, .a = a, .output = index});
  return index;
}

TensorIndex GraphBuilder::random_kept() {
  const TensorIndex seed = contiguous(Buffer::kDropoutSeed, Type::kInt64, {1, 1, 1, 1});
  const TensorIndex offset = contiguous(Buffer::kDropoutOffset, Type::kInt64, {1, 1, 1, 1});
  const TensorIndex kept = virtual_tensor(scores_size(), Type::kFloat);
  graph_.operations.push_back(
      {.kind = OperationKind::kRandom, .a = seed, .b = offset, .output = kept, .keep = 1 - problem_.dropout});
  return kept;
}

}  // namespace cfgtool::attention::cudnn
