#include "tests/cudnn_graph/interpreter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

namespace cudnn_graph_test {

using namespace cfgtool::attention::cudnn;

namespace {

using Sizes = std::array<int64_t, 4>;

struct Array {
  Sizes size{};
  std::vector<double> values;

  explicit Array(const Sizes& sizes)
      : size(sizes), values(static_cast<size_t>(sizes[0] * sizes[1] * sizes[2] * sizes[3])) {}

  size_t position(const Sizes& at) const {
    return static_cast<size_t>(((at[0] * size[1] + at[1]) * size[2] + at[2]) * size[3] + at[3]);
  }
  double& operator[](const Sizes& at) { return values[position(at)]; }
  double operator[](const Sizes& at) const { return values[position(at)]; }

  /// Where a size is 1, all indices mean the one element.
  double broadcast(const Sizes& at) const {
    Sizes within{};
    for (size_t i = 0; i < at.size(); ++i)
      within[i] = size[i] == 1 ? 0 : at[i];
    return values.at(position(within));
  }
};

template <typename Function>
void for_each_index(const Sizes& size, const Function& function) {
  Sizes at{};
  for (at[0] = 0; at[0] < size[0]; ++at[0])
    for (at[1] = 0; at[1] < size[1]; ++at[1])
      for (at[2] = 0; at[2] < size[2]; ++at[2])
        for (at[3] = 0; at[3] < size[3]; ++at[3])
          function(at);
}

double combine(Mode mode, double a, double b) {
  switch (mode) {
    case Mode::kAdd:
      return a + b;
    case Mode::kSub:
      return a - b;
    case Mode::kMul:
      return a * b;
    case Mode::kDiv:
      return a / b;
    case Mode::kMax:
      return std::max(a, b);
    case Mode::kExp:
      return std::exp(a);
    case Mode::kLog:
      return std::log(a);
    case Mode::kIdentity:
      return a;
    case Mode::kCmpGe:
      return a >= b ? 1 : 0;
    case Mode::kCmpGt:
      return a > b ? 1 : 0;
    case Mode::kCmpLt:
      return a < b ? 1 : 0;
    case Mode::kLogicalAnd:
      return a != 0 && b != 0 ? 1 : 0;
    default:
      throw std::runtime_error("not a pointwise mode of two numbers");
  }
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, const std::vector<double>& kept, Memory& memory)
      : graph_(graph),
        kept_(kept),
        memory_(memory),
        made_(graph.tensors.size()),
        behind_the_end_(graph.find(Buffer::kDBias) ? 1e4 : std::numeric_limits<double>::quiet_NaN()) {}

  void run() {
    for (const Operation& operation : graph_.operations) {
      Array result = compute(operation);
      const Tensor& output = tensor(operation.output);
      auto& made = made_.at(static_cast<size_t>(operation.output));
      if (made) throw std::runtime_error("a tensor is made twice");
      if (output.buffer == Buffer::kConstant) throw std::runtime_error("a constant is written");
      if (output.buffer != Buffer::kVirtual) write(output, result);
      made = std::move(result);
    }
  }

 private:
  const Tensor& tensor(TensorIndex index) const { return graph_.tensors.at(static_cast<size_t>(index)); }

  Array compute(const Operation& operation) {
    Array result(tensor(operation.output).size);
    switch (operation.kind) {
      case OperationKind::kMatmul:
        matmul(operation, result);
        break;
      case OperationKind::kPointwise:
        pointwise(operation, result);
        break;
      case OperationKind::kReduction:
        reduce(operation, result);
        break;
      case OperationKind::kReshape: {
        const Array a = read(operation.a);
        for_each_index(result.size, [&](const Sizes& at) { result[at] = a[{at[0], at[1], at[3], at[2]}]; });
        break;
      }
      case OperationKind::kRandom:
        if (kept_.size() != result.values.size()) throw std::runtime_error("no numbers for kRandom");
        result.values = kept_;
        break;
    }
    return result;
  }

  void matmul(const Operation& operation, Array& result) {
    const Array a = read(operation.a);
    const Array b = read(operation.b);
    if (a.size[3] != b.size[2]) throw std::runtime_error("a matrix product of sizes that do not fit");
    const auto length = [&](TensorIndex lengths, int64_t batch, int64_t all) {
      return lengths == kNoTensor ? all : static_cast<int64_t>(read(lengths)[{batch, 0, 0, 0}]);
    };
    const int64_t group = a.size[1] / b.size[1];
    for (int64_t batch = 0; batch < a.size[0]; ++batch) {
      const Sizes count{1, a.size[1], length(operation.m_lengths, batch, a.size[2]),
                        length(operation.n_lengths, batch, b.size[3])};
      const int64_t inner = length(operation.k_lengths, batch, a.size[3]);
      for_each_index(count, [&](const Sizes& at) {
        double sum = 0;
        for (int64_t k = 0; k < inner; ++k)
          sum += a[{batch, at[1], at[2], k}] * b[{batch, at[1] / group, k, at[3]}];
        result[{batch, at[1], at[2], at[3]}] = sum;
      });
    }
  }

  void pointwise(const Operation& operation, Array& result) {
    const Array a = read(operation.a);
    if (operation.mode == Mode::kGenIndex) {
      const auto axis = static_cast<size_t>(operation.axis);
      for_each_index(result.size, [&](const Sizes& at) { result[at] = static_cast<double>(at.at(axis)); });
      return;
    }
    const Array b = operation.b == kNoTensor ? Array({1, 1, 1, 1}) : read(operation.b);
    if (operation.mode == Mode::kBinarySelect) {
      const Array mask = read(operation.mask);
      for_each_index(result.size, [&](const Sizes& at) {
        result[at] = mask.broadcast(at) != 0 ? a.broadcast(at) : b.broadcast(at);
      });
      return;
    }
    for_each_index(result.size,
                   [&](const Sizes& at) { result[at] = combine(operation.mode, a.broadcast(at), b.broadcast(at)); });
  }

  void reduce(const Operation& operation, Array& result) {
    const Array a = read(operation.a);
    const double neutral = operation.mode == Mode::kMax ? -std::numeric_limits<double>::infinity() : 0;
    std::ranges::fill(result.values, neutral);
    for_each_index(a.size, [&](const Sizes& at) {
      Sizes to{};
      for (size_t i = 0; i < at.size(); ++i)
        to[i] = at[i] / (a.size[i] / result.size[i]);
      result[to] = combine(operation.mode, result[to], a[at]);
    });
  }

  Array read(TensorIndex index) {
    const Tensor& t = tensor(index);
    const auto& made = made_.at(static_cast<size_t>(index));
    if (made) return *made;
    if (t.buffer == Buffer::kVirtual) throw std::runtime_error("a virtual tensor is read before it is made");
    Array array(t.size);
    if (t.buffer == Buffer::kConstant) {
      array.values.assign(1, static_cast<double>(t.constant.value()));
      return array;
    }
    const auto found = memory_.find(t.buffer);
    if (found == memory_.end()) throw std::runtime_error("an input is missing");
    for_each_index(t.size, [&](const Sizes& at) {
      const auto place = place_of(t, at);
      array[at] = place ? found->second.at(*place) : behind_the_end_;
    });
    return array;
  }

  void write(const Tensor& t, const Array& array) {
    auto& values = memory_[t.buffer];
    values.resize(static_cast<size_t>(t.span), std::numeric_limits<double>::quiet_NaN());
    for_each_index(t.size, [&](const Sizes& at) {
      if (const auto place = place_of(t, at)) values.at(*place) = array[at];
    });
  }

  /// Nothing behind the end of a packed sequence.
  std::optional<size_t> place_of(const Tensor& t, const Sizes& at) const {
    int64_t place = at[1] * t.stride[1] + at[2] * t.stride[2] + at[3] * t.stride[3];
    if (t.offsets == kNoTensor) return static_cast<size_t>(place + at[0] * t.stride[0]);
    const auto& offsets = memory_.at(tensor(t.offsets).buffer);
    const auto batch = static_cast<size_t>(at[0]);
    const size_t row_axis = t.stride[3] == 1 ? 2 : 3;
    const auto length = static_cast<int64_t>(offsets.at(batch + 1) - offsets[batch]);
    if (at.at(row_axis) * t.stride.at(row_axis) >= length) return std::nullopt;
    return static_cast<size_t>(place + static_cast<int64_t>(offsets[batch]));
  }

  const Graph& graph_;
  const std::vector<double>& kept_;
  Memory& memory_;
  std::vector<std::optional<Array>> made_;  // by tensor
  double behind_the_end_;
};

}  // namespace

void interpret(const Graph& graph, const std::vector<double>& kept, Memory& memory) {
  Interpreter(graph, kept, memory).run();
}

}  // namespace cudnn_graph_test
