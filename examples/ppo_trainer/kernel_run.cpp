#include "kernel_run.hpp"

#include <algorithm>
#include <cassert>

#include "attention_plugins/host/names.hpp"

namespace ppo_trainer {

namespace {

namespace attention = cfgtool::attention;
using attention::ConstTensor;
using attention::Dims;
using attention::Tensor;

/// Memory as a kernel reads and writes it.
class Buffer {
 public:
  Buffer(const Dims& size, const int64_t (&stride)[4], int32_t dtype) : size_(size), dtype_(dtype) {
    std::copy(std::begin(stride), std::end(stride), stride_.begin());
    count_ = static_cast<size_t>(size[0] * size[1] * size[2] * size[3]);
    bytes_.resize(count_ * static_cast<size_t>(attention::dtype_bytes(dtype)));
  }
  Buffer(const Dims& size, const int64_t (&stride)[4], int32_t dtype, const Floats& values)
      : Buffer(size, stride, dtype) {
    assert(values.size() == count_);
    pack(values.data(), count_, dtype_, bytes_.data());
  }

  Tensor writable() { return {bytes_.data(), dtype_, size_, stride_}; }
  ConstTensor readable() const { return {bytes_.data(), dtype_, size_, stride_}; }

  Floats load() const {
    Floats values(count_);
    unpack(bytes_.data(), count_, dtype_, values.data());
    return values;
  }

 private:
  Dims size_;
  Dims stride_{};
  int32_t dtype_;
  size_t count_ = 0;
  Bytes bytes_;
};

}  // namespace

KernelRun::KernelRun(const attention::Candidate& chosen, const attn_problem& problem,
                     std::shared_ptr<attention::ThreadPool> pool)
    : problem_(problem), kernel_(chosen.plugin, chosen.implementation, problem, std::move(pool)) {}

Forward KernelRun::forward(const Inputs& inputs) {
  const attn_problem& p = problem_;
  const Buffer query(attention::query_size(p), p.query_stride, p.dtype, inputs.query);
  const Buffer key(attention::key_size(p), p.key_stride, p.dtype, inputs.key);
  const Buffer value(attention::value_size(p), p.value_stride, p.dtype, inputs.value);
  Buffer output(attention::output_size(p), p.output_stride, p.dtype);
  Forward result;
  if ((p.passes & ATTN_PASS_LSE) != 0) result.lse.resize(static_cast<size_t>(attention::lse_count(p)));
  float* lse = result.lse.empty() ? nullptr : result.lse.data();
  kernel_.forward({query.readable(), key.readable(), value.readable(), output.writable(), lse});
  result.output = output.load();
  return result;
}

Gradients KernelRun::backward(const Inputs& inputs, const Forward& forward, const Floats& d_output) {
  const attn_problem& p = problem_;
  const Buffer query(attention::query_size(p), p.query_stride, p.dtype, inputs.query);
  const Buffer key(attention::key_size(p), p.key_stride, p.dtype, inputs.key);
  const Buffer value(attention::value_size(p), p.value_stride, p.dtype, inputs.value);
  const Buffer output(attention::output_size(p), p.output_stride, p.dtype, forward.output);
  const Buffer d_out(attention::output_size(p), p.d_output_stride, p.dtype, d_output);
  Buffer d_query(attention::query_size(p), p.d_query_stride, p.dtype);
  Buffer d_key(attention::key_size(p), p.d_key_stride, p.dtype);
  Buffer d_value(attention::value_size(p), p.d_value_stride, p.dtype);
  kernel_.backward({query.readable(), key.readable(), value.readable(), output.readable(), forward.lse.data(),
                    d_out.readable(), d_query.writable(), d_key.writable(), d_value.writable()});
  return {d_query.load(), d_key.load(), d_value.load()};
}

}  // namespace ppo_trainer
