#include "cfgtool/bench_job.hpp"

#include <algorithm>
#include <cstring>

#include "attention_plugins/host/names.hpp"

namespace cfgtool {

using namespace attention;

namespace {

constexpr size_t kAlignment = 64;

}  // namespace

BenchBuffer::BenchBuffer(int32_t dtype, const Dims& size, const int64_t (&stride)[4], uint32_t seed)
    : dtype_(dtype), size_(size) {
  std::copy(std::begin(stride), std::end(stride), stride_.begin());
  int64_t count = 1;
  for (size_t i = 0; i < 4; ++i)
    count += (size[i] - 1) * stride[i];
  bytes_.resize(static_cast<size_t>(count * dtype_bytes(dtype)) + kAlignment);
  const auto address = reinterpret_cast<uintptr_t>(bytes_.data());
  data_ = bytes_.data() + (kAlignment - address % kAlignment) % kAlignment;
  fill(count, seed);
}

/// Numbers of magnitude 1/8 to 1, of both signs.
void BenchBuffer::fill(int64_t count, uint32_t seed) {
  uint32_t state = seed * 2654435761U + 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    const uint32_t random = state >> 8;
    if (dtype_ == ATTN_DTYPE_F32) {
      const float value =
          (0.125F + 0.875F * static_cast<float>(random % 65536) / 65536.0F) * ((random & 65536) ? 1.0F : -1.0F);
      std::memcpy(data_ + i * 4, &value, 4);
    } else {
      const uint32_t magnitude = dtype_ == ATTN_DTYPE_F16 ? 0x3000 + random % 0x0c00 : 0x3e00 + random % 0x0180;
      const auto bits = static_cast<uint16_t>(magnitude | (random & 0x8000));
      std::memcpy(data_ + i * 2, &bits, 2);
    }
  }
}

BenchJob::BenchJob(const attn_problem& p)
    : problem_(p),
      query_(p.dtype, query_size(p), p.query_stride, 1),
      key_(p.dtype, key_size(p), p.key_stride, 2),
      value_(p.dtype, value_size(p), p.value_stride, 3),
      output_(p.dtype, output_size(p), p.output_stride, 4),
      lse_(static_cast<size_t>(lse_count(p))) {
  if (is_backward()) {
    gradients_.emplace_back(p.dtype, output_size(p), p.d_output_stride, 5);
    gradients_.emplace_back(p.dtype, query_size(p), p.d_query_stride, 6);
    gradients_.emplace_back(p.dtype, key_size(p), p.d_key_stride, 7);
    gradients_.emplace_back(p.dtype, value_size(p), p.d_value_stride, 8);
  }
  slopes_.assign(static_cast<size_t>(p.heads_q), 0.5F);
  if (p.bias == ATTN_BIAS_ADDITIVE) bias_.emplace_back(p.bias_dtype, bias_size(p), p.bias_stride, 9);
  for (int64_t b = 0; b <= p.batch; ++b) {
    lengths_q_.push_back(static_cast<int32_t>(p.varlen == ATTN_VARLEN_PACKED ? b * p.seq_q : p.seq_q));
    lengths_kv_.push_back(static_cast<int32_t>(p.varlen == ATTN_VARLEN_PACKED ? b * p.seq_kv : p.seq_kv));
  }
}

attn_extras BenchJob::extras() {
  attn_extras extras = no_extras();
  if (problem_.varlen == ATTN_VARLEN_PADDED) extras.lengths_q = lengths_q_.data();
  if (problem_.varlen == ATTN_VARLEN_PADDED) extras.lengths_kv = lengths_kv_.data();
  if (problem_.varlen == ATTN_VARLEN_PACKED) extras.offsets_q = lengths_q_.data();
  if (problem_.varlen == ATTN_VARLEN_PACKED) extras.offsets_kv = lengths_kv_.data();
  if (problem_.bias == ATTN_BIAS_ADDITIVE) extras.bias = bias_.front().const_tensor().data;
  if (problem_.bias == ATTN_BIAS_ALIBI) extras.alibi_slopes = slopes_.data();
  if (problem_.dropout > 0) extras.dropout_seed = &dropout_seed_;
  if (problem_.dropout > 0) extras.dropout_offset = &dropout_offset_;
  return extras;
}

}  // namespace cfgtool
