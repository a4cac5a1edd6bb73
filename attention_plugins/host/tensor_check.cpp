#include "attention_plugins/host/tensor_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "attention_plugins/host/names.hpp"

namespace cfgtool::attention {
namespace {

template <typename Void>
std::string tensor_fault(const char* name, const BasicTensor<Void>& tensor, const attn_problem& problem,
                         const Dims& size, const int64_t (&stride)[4]) {
  if (tensor.data == nullptr) return fmt::format("{} is null", name);
  if (tensor.dtype != problem.dtype)
    return fmt::format("{} is {}, the plan is for {}", name, dtype_name(tensor.dtype), dtype_name(problem.dtype));
  if (tensor.size != size)
    return fmt::format("{} has the size [{}], the plan is for [{}]", name, fmt::join(tensor.size, ", "),
                       fmt::join(size, ", "));
  for (size_t i = 0; i < 4; ++i)  // the stride of a single element says nothing
    if (size[i] > 1 && tensor.stride[i] != stride[i])
      return fmt::format("{} has the strides [{}], the plan is for [{}]", name, fmt::join(tensor.stride, ", "),
                         fmt::join(stride, ", "));
  if (reinterpret_cast<std::uintptr_t>(tensor.data) % problem.alignment != 0)
    return fmt::format("the address of {} is not a multiple of {} bytes", name, problem.alignment);
  return {};
}

std::string presence_fault(const char* name, bool there, bool wanted) {
  if (there == wanted) return {};
  return wanted ? fmt::format("{} is null but the problem calls for it", name)
                : fmt::format("{} is given but the problem has none", name);
}

/// The first that is not empty.
template <typename... Checks>
std::string first_fault(const Checks&... checks) {
  std::string fault;
  ((fault = checks(), !fault.empty()) || ...);
  return fault;
}

}  // namespace

std::string tensors_fault(const attn_problem& p, const ForwardTensors& t) {
  if ((p.passes & ATTN_PASS_FORWARD) == 0) return "the plan is not for the forward pass";
  return first_fault([&] { return tensor_fault("query", t.query, p, query_size(p), p.query_stride); },
                     [&] { return tensor_fault("key", t.key, p, key_size(p), p.key_stride); },
                     [&] { return tensor_fault("value", t.value, p, value_size(p), p.value_stride); },
                     [&] { return tensor_fault("output", t.output, p, output_size(p), p.output_stride); },
                     [&] { return presence_fault("lse", t.lse != nullptr, (p.passes & ATTN_PASS_LSE) != 0); });
}

std::string tensors_fault(const attn_problem& p, const BackwardTensors& t) {
  if ((p.passes & ATTN_PASS_BACKWARD) == 0) return "the plan is not for the backward pass";
  return first_fault([&] { return tensor_fault("query", t.query, p, query_size(p), p.query_stride); },
                     [&] { return tensor_fault("key", t.key, p, key_size(p), p.key_stride); },
                     [&] { return tensor_fault("value", t.value, p, value_size(p), p.value_stride); },
                     [&] { return tensor_fault("output", t.output, p, output_size(p), p.output_stride); },
                     [&] { return tensor_fault("d_output", t.d_output, p, output_size(p), p.d_output_stride); },
                     [&] { return tensor_fault("d_query", t.d_query, p, query_size(p), p.d_query_stride); },
                     [&] { return tensor_fault("d_key", t.d_key, p, key_size(p), p.d_key_stride); },
                     [&] { return tensor_fault("d_value", t.d_value, p, value_size(p), p.d_value_stride); },
                     [&] { return presence_fault("lse", t.lse != nullptr, true); });
}

std::string extras_fault(const attn_problem& p, const attn_extras& e, bool backward) {
  if (e.size != sizeof(attn_extras)) return "the size of the extras is not filled in";
  const bool padded = p.varlen == ATTN_VARLEN_PADDED;
  const bool packed = p.varlen == ATTN_VARLEN_PACKED;
  const bool additive = p.bias == ATTN_BIAS_ADDITIVE;
  const bool sink = (p.flags & ATTN_FLAG_SINK) != 0;
  const struct {
    const char* name;
    const void* pointer;
    bool wanted;
  } pointers[] = {{"lengths_q", e.lengths_q, padded},
                  {"lengths_kv", e.lengths_kv, padded},
                  {"offsets_q", e.offsets_q, packed},
                  {"offsets_kv", e.offsets_kv, packed},
                  {"bias", e.bias, additive},
                  {"alibi_slopes", e.alibi_slopes, p.bias == ATTN_BIAS_ALIBI},
                  {"dropout_seed", e.dropout_seed, p.dropout > 0.0F},
                  {"dropout_offset", e.dropout_offset, p.dropout > 0.0F},
                  {"sink", e.sink, sink},
                  {"d_bias", e.d_bias, backward && (p.flags & ATTN_FLAG_D_BIAS) != 0},
                  {"d_sink", e.d_sink, backward && sink}};
  for (const auto& [name, pointer, wanted] : pointers)
    if (auto fault = presence_fault(name, pointer != nullptr, wanted); !fault.empty()) return fault;
  for (const void* pointer : {e.bias, static_cast<const void*>(e.d_bias)})
    if (reinterpret_cast<std::uintptr_t>(pointer) % p.alignment != 0)
      return fmt::format("the address of the bias or its gradient is not a multiple of {} bytes", p.alignment);
  return {};
}

}  // namespace cfgtool::attention
