/// \file
/// Runs a recorded problem through a plugin.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/plan.hpp"
#include "tests/attention/reference_cases.hpp"

namespace attention_test {

/// A tensor's memory, with whatever strides, and what lies between its rows.
class TestTensor {
 public:
  /// Filled with a NaN pattern. Nothing is allocated behind the last element.
  TestTensor(int32_t dtype, const cfgtool::attention::Dims& size, const int64_t (&stride)[4]);

  cfgtool::attention::Tensor tensor();
  cfgtool::attention::ConstTensor const_tensor() const;
  void* data() { return bytes_.data(); }

  int64_t count() const;
  float get(int64_t index) const;        ///< by position in the order [batch, head, sequence, head_dim]
  void set(int64_t index, float value);  ///< rounds to the tensor's type
  std::vector<float> values() const;

  /// True unless something wrote between the rows.
  bool gaps_untouched() const;

 private:
  int64_t offset(int64_t index) const;

  int32_t dtype_;
  cfgtool::attention::Dims size_, stride_;
  std::vector<std::byte> bytes_;
};

/// The plugin "eager", loaded once.
std::shared_ptr<const cfgtool::attention::Plugin> eager_plugin();

/// The plugin "cpu_flash" on one of its paths ("avx512_bf16", "avx512", "avx2", "sse4", "portable"); nullptr, and a
/// message, if this processor has not got it.
std::shared_ptr<const cfgtool::attention::Plugin> flash_plugin(const std::string& path);

/// Not a bit is different; NaNs count as well.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b);

/// A recorded problem with its inputs, and outputs to be written.
class CaseRun {
 public:
  enum Passes { kAll, kWithoutBiasGradient };
  explicit CaseRun(const ReferenceCase& reference, Passes passes = kAll);

  /// Any problem, with numbers from a seed. Where it has sequences of different lengths they get some, without keys and
  /// without rows too, and problem() counts them. \param amplitude of queries and keys
  CaseRun(const attn_problem& problem, uint32_t seed, float amplitude);

  /// \param kernel an AttentionKernel, or what has such functions
  template <typename Kernel>
  void forward(Kernel& kernel) {
    kernel.forward(forward_tensors(), extras(false));
  }
  template <typename Kernel>
  void backward(Kernel& kernel) {  ///< after forward
    kernel.backward(backward_tensors(), extras(true));
  }

  const attn_problem& problem() const { return problem_; }
  /// Result `name` as recorded ones are named: output, lse, d_query, d_key, d_value, d_bias.
  std::vector<float> result(const std::string& name) const;
  bool gaps_untouched() const;

  TestTensor query, key, value, d_output, bias;
  int64_t dropout_seed = 5, dropout_offset = 11;  ///< used where the problem has dropout

 private:
  explicit CaseRun(const ReferenceCase& reference, const attn_problem& problem);
  cfgtool::attention::ForwardTensors forward_tensors();
  cfgtool::attention::BackwardTensors backward_tensors();
  attn_extras extras(bool backward);

  attn_problem problem_;
  TestTensor output_, d_query_, d_key_, d_value_, d_bias_;
  std::vector<float> lse_;
  std::vector<int32_t> lengths_q_, lengths_kv_;  // or offsets
  std::vector<float> slopes_;
};

}  // namespace attention_test
