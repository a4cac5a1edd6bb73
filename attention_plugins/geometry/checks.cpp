#include "attention_plugins/geometry/checks.hpp"

#include <cstdarg>
#include <cstdint>
#include <cstdio>

namespace cfgtool::attention::geometry {

attn_status say(attn_status status, attn_answer* answer, int32_t reason, const char* format, ...) {
  answer->reason = reason;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(answer->text, sizeof(answer->text), format, arguments);
  va_end(arguments);
  return status;
}

namespace {

/// Extents of 1 have no rows or columns to be broadcast to.
bool bias_gradient_is_summed_over_scores(const attn_problem& p) {
  return (p.d_bias_stride[2] == 0 && p.seq_q > 1) || (p.d_bias_stride[3] == 0 && p.seq_kv > 1);
}

attn_status check_features(const attn_problem& p, attn_answer* answer) {
  constexpr uint32_t kKnownPasses = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;
  constexpr uint32_t kKnownFlags = ATTN_FLAG_DETERMINISTIC | ATTN_FLAG_D_BIAS | ATTN_FLAG_SINK;
  if ((p.passes & ~kKnownPasses) != 0 || (p.flags & ~kKnownFlags) != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "passes 0x%x or flags 0x%x are not known",
               p.passes, p.flags);
  if (p.diagonal != ATTN_DIAGONAL_TOP_LEFT && p.diagonal != ATTN_DIAGONAL_BOTTOM_RIGHT)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "the diagonal %d is not known", p.diagonal);
  if (p.varlen < ATTN_VARLEN_NONE || p.varlen > ATTN_VARLEN_PACKED)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "variable lengths of kind %d are not known",
               p.varlen);
  if (p.bias < ATTN_BIAS_NONE || p.bias > ATTN_BIAS_ALIBI)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_UNKNOWN_FEATURE, "a bias of kind %d is not known", p.bias);
  if ((p.flags & ATTN_FLAG_SINK) != 0)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_SINK, "attention sinks are not supported");
  if (p.dropout != 0.0F)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DROPOUT, "dropout %g is not supported, only 0",
               static_cast<double>(p.dropout));
  return ATTN_STATUS_OK;
}

bool is_supported_type(int32_t dtype) {
  return dtype == ATTN_DTYPE_F32 || dtype == ATTN_DTYPE_F16 || dtype == ATTN_DTYPE_BF16;
}

}  // namespace

attn_status check_problem(const attn_problem& p, attn_answer* answer) {
  if (!is_supported_type(p.dtype))
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DTYPE,
               "8-bit types are not supported, only fp32, fp16 and bf16");
  if (const attn_status status = check_features(p, answer); status != ATTN_STATUS_OK) return status;
  if (p.bias == ATTN_BIAS_ADDITIVE && !is_supported_type(p.bias_dtype))
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_BIAS,
               "an 8-bit bias is not supported, only fp32, fp16 and bf16");
  if ((p.flags & ATTN_FLAG_D_BIAS) != 0 && bias_gradient_is_summed_over_scores(p))
    return say(
        ATTN_STATUS_REFUSED, answer, ATTN_REASON_BIAS,
        "the gradient of a bias that is broadcast over rows or keys is not supported, only over batch and heads");
  return ATTN_STATUS_OK;
}

namespace {

bool lengths_fit(const int32_t* lengths, int64_t batch, int64_t longest) {
  for (int64_t b = 0; b < batch; ++b)
    if (lengths[b] < 0 || lengths[b] > longest) return false;
  return true;
}

bool offsets_fit(const int32_t* offsets, int64_t batch, int64_t longest, int64_t total) {
  if (offsets[0] != 0 || offsets[batch] != total) return false;
  for (int64_t b = 0; b < batch; ++b)
    if (offsets[b + 1] < offsets[b] || offsets[b + 1] - offsets[b] > longest) return false;
  return true;
}

}  // namespace

attn_status check_question(uint32_t implementation, uint32_t implementations, const attn_device& device,
                           const attn_problem& problem, attn_answer* answer) {
  if (implementation >= implementations || problem.size < sizeof(attn_problem) || device.size < sizeof(attn_device))
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER,
               "implementation %u does not exist, or a struct is too short", implementation);
  if (device.kind != ATTN_DEVICE_CPU)
    return say(ATTN_STATUS_REFUSED, answer, ATTN_REASON_DEVICE, "runs on the CPU only");
  return check_problem(problem, answer);
}

attn_status check_run(const attn_problem& problem, const attn_extras& extras, const attn_run& run,
                      uint64_t workspace_bytes, attn_answer* answer) {
  if (run.workspace_bytes < workspace_bytes)
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_OTHER, "the workspace is too small");
  const bool good = problem.varlen == ATTN_VARLEN_PADDED
                        ? lengths_fit(extras.lengths_q, problem.batch, problem.seq_q) &&
                              lengths_fit(extras.lengths_kv, problem.batch, problem.seq_kv)
                    : problem.varlen == ATTN_VARLEN_PACKED
                        ? offsets_fit(extras.offsets_q, problem.batch, problem.seq_q, problem.total_q) &&
                              offsets_fit(extras.offsets_kv, problem.batch, problem.seq_kv, problem.total_kv)
                        : true;
  if (!good)
    return say(ATTN_STATUS_BAD_ARGUMENT, answer, ATTN_REASON_VARLEN,
               "the lengths or offsets of the sequences do not fit the problem's sizes");
  return ATTN_STATUS_OK;
}

}  // namespace cfgtool::attention::geometry
