#include "attention_plugins/cudnn/graph.hpp"

#include <algorithm>

namespace cfgtool::attention::cudnn {

namespace {

int64_t element_bytes(Type type) {
  switch (type) {
    case Type::kBoolean:
      return 1;
    case Type::kHalf:
    case Type::kBfloat16:
      return 2;
    case Type::kFloat:
    case Type::kInt32:
      return 4;
    case Type::kInt64:
      return 8;
  }
  return 0;
}

}  // namespace

std::optional<TensorIndex> Graph::find(Buffer buffer) const {
  const auto found = std::ranges::find(tensors, buffer, &Tensor::buffer);
  if (found == tensors.end()) return std::nullopt;
  return static_cast<TensorIndex>(found - tensors.begin());
}

uint64_t Graph::bytes(TensorIndex tensor) const {
  const Tensor& t = tensors.at(static_cast<size_t>(tensor));
  return static_cast<uint64_t>(t.span * element_bytes(t.type));
}

}  // namespace cfgtool::attention::cudnn
