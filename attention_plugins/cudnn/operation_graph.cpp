#include "attention_plugins/cudnn/operation_graph.hpp"

#include <algorithm>
#include <optional>

namespace cfgtool::attention::cudnn {

namespace {

cudnnDataType_t data_type(Type type) {
  switch (type) {
    case Type::kFloat:
      return CUDNN_DATA_FLOAT;
    case Type::kHalf:
      return CUDNN_DATA_HALF;
    case Type::kBfloat16:
      return CUDNN_DATA_BFLOAT16;
    case Type::kInt32:
      return CUDNN_DATA_INT32;
    case Type::kInt64:
      return CUDNN_DATA_INT64;
    case Type::kBoolean:
      return CUDNN_DATA_BOOLEAN;
  }
  return CUDNN_DATA_FLOAT;
}

int64_t byte_count(Type type) {
  switch (type) {
    case Type::kHalf:
    case Type::kBfloat16:
      return 2;
    case Type::kInt64:
      return 8;
    case Type::kBoolean:
      return 1;
    default:
      return 4;
  }
}

cudnnPointwiseMode_t pointwise_mode(Mode mode) {
  switch (mode) {
    case Mode::kAdd:
      return CUDNN_POINTWISE_ADD;
    case Mode::kSub:
      return CUDNN_POINTWISE_SUB;
    case Mode::kMul:
      return CUDNN_POINTWISE_MUL;
    case Mode::kDiv:
      return CUDNN_POINTWISE_DIV;
    case Mode::kExp:
      return CUDNN_POINTWISE_EXP;
    case Mode::kLog:
      return CUDNN_POINTWISE_LOG;
    case Mode::kGenIndex:
      return CUDNN_POINTWISE_GEN_INDEX;
    case Mode::kCmpGe:
      return CUDNN_POINTWISE_CMP_GE;
    case Mode::kCmpGt:
      return CUDNN_POINTWISE_CMP_GT;
    case Mode::kCmpLt:
      return CUDNN_POINTWISE_CMP_LT;
    case Mode::kLogicalAnd:
      return CUDNN_POINTWISE_LOGICAL_AND;
    case Mode::kBinarySelect:
      return CUDNN_POINTWISE_BINARY_SELECT;
    default:
      return CUDNN_POINTWISE_IDENTITY;
  }
}

/// Makes descriptors of tensors and operations; cuDNN copies what is set, so the parts can go when the whole is made.
class Builder {
 public:
  Builder(const Library& library, const Graph& graph, int64_t alignment)
      : library_(library), graph_(graph), alignment_(alignment), tensors_(graph.tensors.size()) {
    for (size_t i = 0; i < graph.tensors.size(); ++i)
      make_tensor(static_cast<TensorIndex>(i));
  }

  Descriptor operation(const Operation& operation) const {
    switch (operation.kind) {
      case OperationKind::kMatmul:
        return matmul(operation);
      case OperationKind::kPointwise:
        return pointwise(operation);
      case OperationKind::kReduction:
        return reduction(operation);
      case OperationKind::kReshape:
        return reshape(operation);
      case OperationKind::kRandom:
        break;
    }
    return random(operation);
  }

 private:
  const Descriptor& tensor(TensorIndex index) const { return *tensors_[static_cast<size_t>(index)]; }

  /// A tensor's offsets are a tensor that must be made before it, wherever it stands in the list.
  void make_tensor(TensorIndex index) {
    if (tensors_[static_cast<size_t>(index)]) return;
    const Tensor& source = graph_.tensors[static_cast<size_t>(index)];
    const bool is_constant = source.buffer == Buffer::kConstant;
    Descriptor made(library_, CUDNN_BACKEND_TENSOR_DESCRIPTOR, "a tensor");
    made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, data_type(source.type));
    made.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, source.size.data());
    made.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, source.stride.data());
    made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, unique_id(graph_, index));
    made.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, byte_alignment(source));
    made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, source.buffer == Buffer::kVirtual);
    made.set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, is_constant);
    if (source.offsets != kNoTensor) {
      make_tensor(source.offsets);
      made.set(CUDNN_ATTR_TENSOR_RAGGED_OFFSET_DESC, tensor(source.offsets));
    }
    made.finalize();
    tensors_[static_cast<size_t>(index)] = std::move(made);
  }

  /// The caller promises an alignment for query, key and the like; of small arrays that of their elements is safe.
  int64_t byte_alignment(const Tensor& source) const {
    switch (source.buffer) {
      case Buffer::kVirtual:
        return 16;
      case Buffer::kQuery:
      case Buffer::kKey:
      case Buffer::kValue:
      case Buffer::kOutput:
      case Buffer::kDOutput:
      case Buffer::kDQuery:
      case Buffer::kDKey:
      case Buffer::kDValue:
      case Buffer::kBias:
      case Buffer::kDBias:
        return std::min<int64_t>(alignment_, 16);
      case Buffer::kSoftmaxSum:
      case Buffer::kDQueryAccumulator:
        return 16;
      default:
        return byte_count(source.type);
    }
  }

  Descriptor matmul(const Operation& from) const {
    Descriptor how(library_, CUDNN_BACKEND_MATMUL_DESCRIPTOR, "a matrix product");
    how.set(CUDNN_ATTR_MATMUL_COMP_TYPE, data_type(from.math));
    const bool has_lengths = from.m_lengths != kNoTensor || from.n_lengths != kNoTensor || from.k_lengths != kNoTensor;
    if (has_lengths) {
      const double behind = 0;
      how.set(CUDNN_ATTR_MATMUL_PADDING_VALUE, CUDNN_TYPE_DOUBLE, 1, &behind);
    }
    how.finalize();
    Descriptor made(library_, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR, "a matrix product");
    made.set(CUDNN_ATTR_OPERATION_MATMUL_ADESC, tensor(from.a));
    made.set(CUDNN_ATTR_OPERATION_MATMUL_BDESC, tensor(from.b));
    made.set(CUDNN_ATTR_OPERATION_MATMUL_CDESC, tensor(from.output));
    made.set(CUDNN_ATTR_OPERATION_MATMUL_DESC, how);
    set_if_any(made, CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC, from.m_lengths);
    set_if_any(made, CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC, from.n_lengths);
    set_if_any(made, CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC, from.k_lengths);
    made.finalize();
    return made;
  }

  Descriptor pointwise(const Operation& from) const {
    Descriptor how(library_, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "a pointwise operation");
    const cudnnPointwiseMode_t mode = pointwise_mode(from.mode);
    how.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    how.set(CUDNN_ATTR_POINTWISE_MATH_PREC, data_type(from.math));
    if (from.mode == Mode::kGenIndex) how.set(CUDNN_ATTR_POINTWISE_AXIS, static_cast<int64_t>(from.axis));
    how.finalize();
    Descriptor made(library_, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "a pointwise operation");
    made.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
    made.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, tensor(from.a));
    set_if_any(made, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, from.b);
    set_if_any(made, CUDNN_ATTR_OPERATION_POINTWISE_TDESC, from.mask);
    made.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, tensor(from.output));
    made.finalize();
    return made;
  }

  Descriptor reduction(const Operation& from) const {
    Descriptor how(library_, CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "a reduction");
    const cudnnReduceTensorOp_t mode = from.mode == Mode::kMax ? CUDNN_REDUCE_TENSOR_MAX : CUDNN_REDUCE_TENSOR_ADD;
    how.set(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1, &mode);
    how.set(CUDNN_ATTR_REDUCTION_COMP_TYPE, data_type(from.math));
    how.finalize();
    Descriptor made(library_, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "a reduction");
    made.set(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, tensor(from.a));
    made.set(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, tensor(from.output));
    made.set(CUDNN_ATTR_OPERATION_REDUCTION_DESC, how);
    made.finalize();
    return made;
  }

  Descriptor reshape(const Operation& from) const {
    Descriptor made(library_, CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR, "a transposition");
    made.set(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, tensor(from.a));
    made.set(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, tensor(from.output));
    made.finalize();
    return made;
  }

  Descriptor random(const Operation& from) const {
    Descriptor how(library_, CUDNN_BACKEND_RNG_DESCRIPTOR, "dropout");
    const cudnnRngDistribution_t distribution = CUDNN_RNG_DISTRIBUTION_BERNOULLI;
    const double keep = from.keep;
    how.set(CUDNN_ATTR_RNG_DISTRIBUTION, CUDNN_TYPE_RNG_DISTRIBUTION, 1, &distribution);
    how.set(CUDNN_ATTR_RNG_BERNOULLI_DIST_PROBABILITY, CUDNN_TYPE_DOUBLE, 1, &keep);
    how.finalize();
    Descriptor made(library_, CUDNN_BACKEND_OPERATION_RNG_DESCRIPTOR, "dropout");
    made.set(CUDNN_ATTR_OPERATION_RNG_DESC, how);
    made.set(CUDNN_ATTR_OPERATION_RNG_YDESC, tensor(from.output));
    made.set(CUDNN_ATTR_OPERATION_RNG_SEED, tensor(from.a));
    made.set(CUDNN_ATTR_OPERATION_RNG_OFFSET_DESC, tensor(from.b));
    made.finalize();
    return made;
  }

  void set_if_any(Descriptor& to, cudnnBackendAttributeName_t name, TensorIndex index) const {
    if (index != kNoTensor) to.set(name, tensor(index));
  }

  const Library& library_;
  const Graph& graph_;
  int64_t alignment_;
  std::vector<std::optional<Descriptor>> tensors_;
};

}  // namespace

int64_t unique_id(const Graph& graph, TensorIndex tensor) {
  const Buffer buffer = graph.tensors[static_cast<size_t>(tensor)].buffer;
  constexpr int64_t kFirstWithoutBuffer = 1000;  // above all of Buffer
  const bool has_buffer = buffer != Buffer::kVirtual && buffer != Buffer::kConstant;
  return has_buffer ? static_cast<int64_t>(buffer) : kFirstWithoutBuffer + tensor;
}

Descriptor make_operation_graph(const Library& library, const Graph& graph, int64_t alignment) {
  const Builder builder(library, graph, alignment);
  std::vector<Descriptor> operations;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const Operation& operation : graph.operations) {
    operations.push_back(builder.operation(operation));
    raw.push_back(operations.back().raw());
  }
  Descriptor made(library, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "the graph of operations");
  made.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(raw.size()), raw.data());
  made.finalize();
  return made;
}

}  // namespace cfgtool::attention::cudnn
