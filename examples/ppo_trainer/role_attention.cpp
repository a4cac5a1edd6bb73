#include "role_attention.hpp"

#include <algorithm>

#include "attention_plugins/host/names.hpp"

namespace ppo_trainer {

namespace {

namespace attention = cfgtool::attention;

size_t element_bytes(const attn_problem& problem) {
  return static_cast<size_t>(attention::dtype_bytes(problem.dtype));
}

int64_t qkv_width(const attn_problem& p) {
  return (p.heads_q + 2 * p.heads_kv) * p.head_dim_qk;
}

/// [batch, head, sequence, head_dim] of tensors whose positions are rows of `width` elements.
void set_rows(int64_t (&stride)[4], int64_t length, int64_t width, int64_t head_dim) {
  stride[0] = length * width;
  stride[1] = head_dim;
  stride[2] = width;
  stride[3] = 1;
}

attention::Dims dims_of(const int64_t (&stride)[4]) {
  return {stride[0], stride[1], stride[2], stride[3]};
}

attn_problem whole_sequences(attn_problem p, int64_t batch) {
  p.batch = batch;
  for (auto* stride : {&p.query_stride, &p.key_stride, &p.value_stride})
    set_rows(*stride, p.seq_q, qkv_width(p), p.head_dim_qk);
  set_rows(p.output_stride, p.seq_q, p.heads_q * p.head_dim_v, p.head_dim_v);
  if ((p.passes & ATTN_PASS_BACKWARD) == 0) return p;
  for (auto* stride : {&p.d_query_stride, &p.d_key_stride, &p.d_value_stride})
    set_rows(*stride, p.seq_q, qkv_width(p), p.head_dim_qk);
  set_rows(p.d_output_stride, p.seq_q, p.heads_q * p.head_dim_v, p.head_dim_v);
  return p;
}

/// Where query, key and value heads begin in a row.
struct Offsets {
  size_t key, value;
};

Offsets offsets_of(const attn_problem& p) {
  const auto key = static_cast<size_t>(p.heads_q * p.head_dim_qk) * element_bytes(p);
  return {key, key + static_cast<size_t>(p.heads_kv * p.head_dim_qk) * element_bytes(p)};
}

Bytes packed(const Floats& values, const attn_problem& p) {
  Bytes bytes(values.size() * element_bytes(p));
  pack(values.data(), values.size(), p.dtype, bytes.data());
  return bytes;
}

Floats unpacked(const Bytes& bytes, const attn_problem& p) {
  Floats values(bytes.size() / element_bytes(p));
  unpack(bytes.data(), values.size(), p.dtype, values.data());
  return values;
}

size_t output_bytes(const attn_problem& p) {
  return static_cast<size_t>(p.batch * p.seq_q * p.heads_q * p.head_dim_v) * element_bytes(p);
}

}  // namespace

RoleAttention::RoleAttention(const attention::RoleChoice& choice, int64_t batch,
                             std::shared_ptr<attention::ThreadPool> pool)
    : problem_(whole_sequences(choice.problem, batch)),
      kernel_(choice.chosen->plugin, choice.chosen->implementation, problem_, std::move(pool)) {}

Floats RoleAttention::forward(const Floats& qkv, AttentionTape& tape) {
  const attn_problem& p = problem_;
  const auto [key, value] = offsets_of(p);
  tape.qkv = packed(qkv, p);
  tape.output.resize(output_bytes(p));
  tape.lse.resize((p.passes & ATTN_PASS_LSE) != 0 ? static_cast<size_t>(attention::lse_count(p)) : 0);
  kernel_.forward({{tape.qkv.data(), p.dtype, attention::query_size(p), dims_of(p.query_stride)},
                   {tape.qkv.data() + key, p.dtype, attention::key_size(p), dims_of(p.key_stride)},
                   {tape.qkv.data() + value, p.dtype, attention::value_size(p), dims_of(p.value_stride)},
                   {tape.output.data(), p.dtype, attention::output_size(p), dims_of(p.output_stride)},
                   tape.lse.empty() ? nullptr : tape.lse.data()});
  return unpacked(tape.output, p);
}

Floats RoleAttention::backward(const AttentionTape& tape, const Floats& d_output) {
  const attn_problem& p = problem_;
  const auto [key, value] = offsets_of(p);
  const Bytes d_out = packed(d_output, p);
  Bytes d_qkv(tape.qkv.size());
  kernel_.backward({{tape.qkv.data(), p.dtype, attention::query_size(p), dims_of(p.query_stride)},
                    {tape.qkv.data() + key, p.dtype, attention::key_size(p), dims_of(p.key_stride)},
                    {tape.qkv.data() + value, p.dtype, attention::value_size(p), dims_of(p.value_stride)},
                    {tape.output.data(), p.dtype, attention::output_size(p), dims_of(p.output_stride)},
                    tape.lse.data(),
                    {d_out.data(), p.dtype, attention::output_size(p), dims_of(p.d_output_stride)},
                    {d_qkv.data(), p.dtype, attention::query_size(p), dims_of(p.d_query_stride)},
                    {d_qkv.data() + key, p.dtype, attention::key_size(p), dims_of(p.d_key_stride)},
                    {d_qkv.data() + value, p.dtype, attention::value_size(p), dims_of(p.d_value_stride)}});
  return unpacked(d_qkv, p);
}

CachedAttention::CachedAttention(const attention::RoleChoice& choice, int64_t batch, int64_t prompt_length,
                                 int64_t layers, const std::shared_ptr<attention::ThreadPool>& pool)
    : role_(choice.problem), batch_(batch), prompt_length_(prompt_length) {
  const auto& [plugin, implementation] = std::pair(choice.chosen->plugin, choice.chosen->implementation);
  kernels_.emplace_back(plugin, implementation, problem_for(0, prompt_length), pool);
  for (int64_t first = prompt_length; first < role_.seq_q; ++first)
    kernels_.emplace_back(plugin, implementation, problem_for(first, 1), pool);
  const int64_t row = 2 * role_.heads_kv * role_.head_dim_qk;
  caches_.resize(static_cast<size_t>(layers));
  for (Bytes& cache : caches_)
    cache.resize(static_cast<size_t>(batch * role_.seq_q * row) * element_bytes(role_));
}

attn_problem CachedAttention::problem_for(int64_t first, int64_t count) const {
  attn_problem p = role_;
  p.batch = batch_;
  p.seq_q = count;
  p.seq_kv = first + count;
  attention::make_causal(p, ATTN_DIAGONAL_BOTTOM_RIGHT);
  const int64_t cached_row = 2 * p.heads_kv * p.head_dim_qk;
  set_rows(p.query_stride, count, p.heads_q * p.head_dim_qk, p.head_dim_qk);
  set_rows(p.output_stride, count, p.heads_q * p.head_dim_v, p.head_dim_v);
  set_rows(p.key_stride, role_.seq_q, cached_row, p.head_dim_qk);
  set_rows(p.value_stride, role_.seq_q, cached_row, p.head_dim_v);
  return p;
}

void CachedAttention::append(Bytes& cache, int64_t first, int64_t count, const Floats& qkv) const {
  const attn_problem& p = role_;
  const int64_t queries = p.heads_q * p.head_dim_qk;
  const int64_t cached_row = 2 * p.heads_kv * p.head_dim_qk;
  for (int64_t b = 0; b < batch_; ++b) {
    for (int64_t i = 0; i < count; ++i) {
      const float* row = qkv.data() + (b * count + i) * qkv_width(p) + queries;
      const auto at = static_cast<size_t>((b * p.seq_q + first + i) * cached_row) * element_bytes(p);
      pack(row, static_cast<size_t>(cached_row), p.dtype, cache.data() + at);
    }
  }
}

Floats CachedAttention::forward(int64_t layer, int64_t first, int64_t count, const Floats& qkv) {
  const attn_problem p = problem_for(first, count);
  Bytes& cache = caches_[static_cast<size_t>(layer)];
  append(cache, first, count, qkv);
  const int64_t queries = p.heads_q * p.head_dim_qk;
  Bytes query(static_cast<size_t>(batch_ * count * queries) * element_bytes(p));
  for (int64_t row = 0; row < batch_ * count; ++row) {
    pack(qkv.data() + row * qkv_width(p), static_cast<size_t>(queries), p.dtype,
         query.data() + static_cast<size_t>(row * queries) * element_bytes(p));
  }
  Bytes output(output_bytes(p));
  const size_t value = static_cast<size_t>(p.heads_kv * p.head_dim_qk) * element_bytes(p);
  kernels_[static_cast<size_t>(first == 0 ? 0 : first - prompt_length_ + 1)].forward(
      {{query.data(), p.dtype, attention::query_size(p), dims_of(p.query_stride)},
       {cache.data(), p.dtype, attention::key_size(p), dims_of(p.key_stride)},
       {cache.data() + value, p.dtype, attention::value_size(p), dims_of(p.value_stride)},
       {output.data(), p.dtype, attention::output_size(p), dims_of(p.output_stride)},
       nullptr});
  return unpacked(output, p);
}

}  // namespace ppo_trainer
