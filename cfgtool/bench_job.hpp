/// \file
/// A problem's tensors on the host, filled with numbers, for kernels to be measured with.
#pragma once

#include <vector>

#include "attention_plugins/host/plan.hpp"

namespace cfgtool {

/// Memory of a tensor with contiguous rows, filled with numbers from a seed.
class BenchBuffer {
 public:
  BenchBuffer(int32_t dtype, const attention::Dims& size, const int64_t (&stride)[4], uint32_t seed);

  attention::Tensor tensor() { return {data_, dtype_, size_, stride_}; }
  attention::ConstTensor const_tensor() const { return {data_, dtype_, size_, stride_}; }

 private:
  void fill(int64_t count, uint32_t seed);

  int32_t dtype_;
  attention::Dims size_;
  attention::Dims stride_{};
  std::vector<char> bytes_;
  char* data_ = nullptr;
};

class BenchJob {
 public:
  explicit BenchJob(const attn_problem& problem);

  /// All passes that the problem has. \param kernel an AttentionKernel, or what has such functions
  template <typename Kernel>
  void run(Kernel& kernel) {
    const attn_extras extras = this->extras();
    float* const lse = (problem_.passes & ATTN_PASS_LSE) != 0 ? lse_.data() : nullptr;
    kernel.forward({query_.const_tensor(), key_.const_tensor(), value_.const_tensor(), output_.tensor(), lse}, extras);
    if (!is_backward()) return;
    kernel.backward(
        {query_.const_tensor(), key_.const_tensor(), value_.const_tensor(), output_.const_tensor(), lse,
         gradients_[0].const_tensor(), gradients_[1].tensor(), gradients_[2].tensor(), gradients_[3].tensor()},
        extras);
  }

 private:
  bool is_backward() const { return (problem_.passes & ATTN_PASS_BACKWARD) != 0; }
  attn_extras extras();

  attn_problem problem_;
  BenchBuffer query_, key_, value_, output_;
  std::vector<float> lse_;
  std::vector<BenchBuffer> gradients_;  // of output, query, key, value
  std::vector<BenchBuffer> bias_;
  std::vector<float> slopes_;
  std::vector<int32_t> lengths_q_, lengths_kv_;
  int64_t dropout_seed_ = 1, dropout_offset_ = 0;
};

}  // namespace cfgtool
