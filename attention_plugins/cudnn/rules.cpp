#include "attention_plugins/cudnn/rules.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "attention_plugins/cudnn/band.hpp"

// Sources, in brackets at each rule:
//  [fe] cudnn-frontend 1.32.0, include/cudnn_frontend/node/sdpa_support_surface.h (forward) and
//       scaled_dot_product_flash_attention.h (backward: CompositeSDPABackwardNode::pre_validate_node)
//  [doc] https://docs.nvidia.com/deeplearning/cudnn/frontend/latest/operations/Attention.html, for cuDNN 9.18.1
//  [asked] the answer of cuDNN 9.19.0 itself: tests/oracle/cudnn_answers
//  [ours] what this plugin does not offer, whatever cuDNN does
namespace cfgtool::attention::cudnn {

namespace {

/// The kernels' families. A device that is in none of them is left to cuDNN's heuristics.
enum class Family { kTooOld, kAmpere, kHopper, kBlackwell, kBlackwellConsumer, kOther };

Family family_of(int32_t compute_capability) {
  if (compute_capability < 80) return Family::kTooOld;
  switch (compute_capability / 10) {
    case 8:
      return Family::kAmpere;  // and Ada
    case 9:
      return Family::kHopper;
    case 10:
      return Family::kBlackwell;
    case 12:
      return Family::kBlackwellConsumer;
    default:
      return Family::kOther;
  }
}

struct Question {
  const attn_problem& problem;
  Band band;  ///< as the graphs have it
  Family family;
  std::string where;  ///< "a100 (compute capability 8.0)"

  bool backward() const { return (problem.passes & ATTN_PASS_BACKWARD) != 0; }
  bool has(uint32_t flag) const { return (problem.flags & flag) != 0; }
  bool packed() const { return problem.varlen == ATTN_VARLEN_PACKED; }
  bool bottom_right_mask() const { return band.bottom_right && band.right >= 0; }
  /// The kernels of these two families are alike, and have the same gaps.
  bool ampere_kernels() const { return family == Family::kAmpere || family == Family::kBlackwellConsumer; }
};

using Answer = std::optional<Refusal>;

Answer refuse(int32_t reason, std::string text) {
  return Refusal{reason, std::move(text)};
}

std::string number(int64_t value) {
  return std::to_string(value);
}

std::string head_dims(const attn_problem& p) {
  const std::string qk = number(p.head_dim_qk);
  return p.head_dim_qk == p.head_dim_v ? qk : qk + ":" + number(p.head_dim_v);
}

Answer check_architecture(const Question& q) {
  // [fe] "SDPA FP16/BF16 requires SM80 (Ampere) or newer architecture"; [doc] the same.
  if (q.family == Family::kTooOld)
    return refuse(ATTN_REASON_ARCHITECTURE,
                  "cuDNN's fused attention needs compute capability 8.0 (Ampere) or newer, not " + q.where);
  return std::nullopt;
}

Answer check_dtype(const Question& q) {
  const attn_problem& p = q.problem;
  if (p.dtype == ATTN_DTYPE_F16 || p.dtype == ATTN_DTYPE_BF16) return std::nullopt;
  // [ours] cuDNN takes fp32 in the forward pass of inference, but NVIDIA documents it nowhere; [asked] no backward
  // pass.
  if (p.dtype == ATTN_DTYPE_F32)
    return refuse(ATTN_REASON_DTYPE,
                  "fused attention is for fp16 and bf16, not fp32; eager computes fp32 on " + q.where);
  return refuse(ATTN_REASON_DTYPE, "fp8 is not offered by this plugin, only fp16 and bf16, on " + q.where);  // [ours]
}

/// What a later version of the interface may bring.
Answer check_known(const Question& q) {
  const attn_problem& p = q.problem;
  constexpr uint32_t kPasses = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;
  constexpr uint32_t kFlags = ATTN_FLAG_DETERMINISTIC | ATTN_FLAG_D_BIAS | ATTN_FLAG_SINK;
  if ((p.passes & ~kPasses) != 0 || (p.flags & ~kFlags) != 0)
    return refuse(ATTN_REASON_UNKNOWN_FEATURE,
                  "passes " + number(p.passes) + " or flags " + number(p.flags) + " are not known to this plugin");
  const struct {
    const char* name;
    int32_t value, last;
  } kinds[] = {{"diagonal", p.diagonal, ATTN_DIAGONAL_BOTTOM_RIGHT},
               {"varlen", p.varlen, ATTN_VARLEN_PACKED},
               {"bias", p.bias, ATTN_BIAS_ALIBI}};
  for (const auto& kind : kinds)
    if (kind.value < 0 || kind.value > kind.last)
      return refuse(ATTN_REASON_UNKNOWN_FEATURE,
                    std::string(kind.name) + " " + number(kind.value) + " is not known to this plugin");
  return std::nullopt;
}

Answer check_sink(const Question& q) {
  if (q.has(ATTN_FLAG_SINK))  // [ours]
    return refuse(ATTN_REASON_SINK, "attention sinks are not offered by this plugin, on " + q.where);
  return std::nullopt;
}

/// Largest head dimension of the backward pass; both at once: 192:128 is looked at beside it.
int64_t largest_backward_head_dim(Family family) {
  return family == Family::kHopper ? 256 : 128;  // [fe]; [doc] has the same limits
}

Answer check_head_dim(const Question& q) {
  const attn_problem& p = q.problem;
  for (const int64_t dim : {p.head_dim_qk, p.head_dim_v})  // [fe] "hidden_dim should be multiple of 8"; [doc] note 2
    if (dim % 8 != 0)
      return refuse(ATTN_REASON_HEAD_DIM, "head_dim " + number(dim) + " is not a multiple of 8, which " + q.where +
                                              " needs with fp16 and bf16");
  if (!q.backward()) return std::nullopt;  // [asked] the forward pass has no limit; what is documented has
  const int64_t largest = largest_backward_head_dim(q.family);
  const bool latent = p.head_dim_qk == 192 && p.head_dim_v == 128;  // of DeepSeek
  const bool takes_latent = q.family == Family::kHopper || q.family == Family::kBlackwell;
  if ((p.head_dim_qk <= largest && p.head_dim_v <= largest) || (latent && takes_latent)) return std::nullopt;
  std::string text = "the backward pass takes head_dim up to " + number(largest);
  if (q.family == Family::kBlackwell) text += ", and 192:128,";
  text += " on " + q.where + ", not " + head_dims(p);
  if (q.family != Family::kHopper && p.head_dim_qk <= 256 && p.head_dim_v <= 256)
    text += "; a device of compute capability 9.0 takes up to 256";
  return refuse(ATTN_REASON_HEAD_DIM, text);
}

/// [fe] for all in it, in both passes.
Answer check_mask(const Question& q) {
  const attn_problem& p = q.problem;
  const std::string lengths = number(p.seq_q) + " queries and " + number(p.seq_kv) + " keys";
  if (q.bottom_right_mask() && p.varlen == ATTN_VARLEN_NONE && p.seq_q > p.seq_kv)
    return refuse(ATTN_REASON_MASK,
                  "a bottom-right diagonal needs at least as many keys as queries on " + q.where + ", not " + lengths);
  if (q.band.left >= 0 && p.varlen == ATTN_VARLEN_NONE && p.seq_q > p.seq_kv)
    return refuse(ATTN_REASON_MASK,
                  "a sliding window needs at least as many keys as queries on " + q.where + ", not " + lengths);
  if (q.bottom_right_mask() && (p.bias != ATTN_BIAS_NONE || p.dropout > 0))
    return refuse(ATTN_REASON_MASK,
                  std::string("a bottom-right diagonal does not go together with ") +
                      (p.dropout > 0 ? "dropout" : "a bias") + " on " + q.where +
                      (p.varlen == ATTN_VARLEN_NONE
                           ? "; a top-left one does, or equal lengths of queries and keys"
                           : "; a top-left one does, which is the same for sequences with as many keys as queries"));
  return std::nullopt;
}

Answer check_bias(const Question& q) {
  const attn_problem& p = q.problem;
  if (p.bias == ATTN_BIAS_ALIBI && p.window_right != 0)  // [fe] "diagonal_band_right_bound needs to be set to 0"
    return refuse(ATTN_REASON_BIAS, "alibi needs a causal mask (a window to the right of 0) on " + q.where + ", not " +
                                        (p.window_right < 0 ? "an open one" : number(p.window_right)));
  // The graph's distance of a key is that from the top-left diagonal.
  if (p.bias == ATTN_BIAS_ALIBI && q.band.bottom_right)
    return refuse(ATTN_REASON_BIAS,
                  "alibi needs a top-left diagonal, or equal lengths of queries and keys, on " + q.where);
  if (p.bias != ATTN_BIAS_ADDITIVE) return std::nullopt;
  if (p.bias_dtype == ATTN_DTYPE_F8_E4M3 || p.bias_dtype == ATTN_DTYPE_F8_E5M2)  // [ours]
    return refuse(ATTN_REASON_BIAS, "the bias may be fp32, fp16 or bf16 on " + q.where + ", not fp8");
  if (!q.has(ATTN_FLAG_D_BIAS)) return std::nullopt;
  if (p.bias_dtype != p.dtype)  // [asked] fp32 beside bf16 has no engine, on no device
    return refuse(ATTN_REASON_BIAS,
                  "the gradient of a bias needs a bias of the queries' type on " + q.where + "; it has another");
  // [fe] "dbias with ragged is not supported for SM Major version 10"; [asked] nor has it an engine on 8.x and 12.x
  if (q.packed() && (q.family == Family::kBlackwell || q.ampere_kernels()))
    return refuse(ATTN_REASON_BIAS, "the gradient of a bias does not go together with packed sequences on " + q.where +
                                        ", only on compute capability 9.0");
  if (q.family == Family::kBlackwell && p.dropout > 0)  // [asked] no engine
    return refuse(ATTN_REASON_BIAS, "the gradient of a bias does not go together with dropout on " + q.where);
  return std::nullopt;
}

Answer check_backward(const Question& q) {
  const attn_problem& p = q.problem;
  if (!q.backward()) return std::nullopt;
  if (p.seq_q == 1 && p.seq_kv == 1)  // [fe] "s_q = s_kv = 1 is not supported."
    return refuse(ATTN_REASON_SEQUENCE, "the backward pass of 1 query and 1 key is not supported, on " + q.where +
                                            " nor elsewhere; from 2 of either on it is");
  // [fe] "Deterministic algorithm is not supported for bprop thd on SM8X and SM12X GPUs"
  if (q.has(ATTN_FLAG_DETERMINISTIC) && q.packed() && q.ampere_kernels())
    return refuse(ATTN_REASON_DETERMINISM, "a deterministic backward pass of packed sequences is not supported on " +
                                               q.where +
                                               ", only on compute capability 9.0 and 10.x; of padded ones it is");
  // [asked] the engine that is deterministic there takes the graph with a bias, and does not compile
  if (q.has(ATTN_FLAG_DETERMINISTIC) && q.family == Family::kBlackwell && p.bias == ATTN_BIAS_ADDITIVE)
    return refuse(ATTN_REASON_DETERMINISM,
                  "a deterministic backward pass does not go together with a bias on " + q.where);
  // [fe] "not supported on blackwell architecture when dbias, rng/dropout, alibi is enabled"
  const bool adds = q.has(ATTN_FLAG_D_BIAS) || p.dropout > 0 || p.bias == ATTN_BIAS_ALIBI;
  if (q.has(ATTN_FLAG_DETERMINISTIC) && q.family == Family::kBlackwell && adds)
    return refuse(
        ATTN_REASON_DETERMINISM,
        "a deterministic backward pass does not go together with dropout, alibi or the gradient of a bias on " +
            q.where);
  return std::nullopt;
}

/// [fe] validate_sdpa_operand_stride_alignment: the kernels read 16 bytes at a time and check nothing; compute
/// capability 8.x stops with a misaligned address, 9.0 and 10.x give wrong results (cudnn-frontend #1571).
constexpr int64_t kAlignment = 16;
constexpr int64_t kElementBytes = 2;

Answer check_stride(const Question& q, const char* name, int64_t rows, int64_t heads, const int64_t (&stride)[4]) {
  const int64_t extents[] = {q.packed() ? 1 : q.problem.batch, heads, rows};
  constexpr const char* kNames[] = {"batch", "head", "sequence"};
  for (size_t i = 0; i < std::size(extents); ++i)
    if (extents[i] > 1 && stride[i] * kElementBytes % kAlignment != 0)
      return refuse(ATTN_REASON_STRIDES,
                    std::string("the ") + kNames[i] + " stride of " + name + ", " + number(stride[i]) +
                        ", is not a multiple of 8 elements (16 bytes), which " + q.where + " needs");
  return std::nullopt;
}

/// [ours] The graphs tell cuDNN where a packed sequence begins by offsets that a tensor shares with its gradient.
Answer check_packed_gradients(const Question& q) {
  const attn_problem& p = q.problem;
  if (!q.packed() || !q.backward()) return std::nullopt;
  const struct {
    const char *name, *gradient;
    int64_t stride, gradient_stride;
  } pairs[] = {{"query", "d_query", p.query_stride[2], p.d_query_stride[2]},
               {"key", "d_key", p.key_stride[2], p.d_key_stride[2]},
               {"value", "d_value", p.value_stride[2], p.d_value_stride[2]},
               {"output", "d_output", p.output_stride[2], p.d_output_stride[2]}};
  for (const auto& pair : pairs)
    if (pair.stride != pair.gradient_stride)
      return refuse(ATTN_REASON_STRIDES, std::string("of packed sequences, the sequence strides of ") + pair.name +
                                             " and " + pair.gradient + " must be equal on " + q.where + ", not " +
                                             number(pair.stride) + " and " + number(pair.gradient_stride));
  return std::nullopt;
}

/// [fe] "The stride for the last dimension … should be 1"; positions are compared as numbers of 24 bits (graph.hpp).
Answer check_sizes(const Question& q) {
  const attn_problem& p = q.problem;
  constexpr int64_t kMostRows = int64_t{1} << 24;
  const int64_t longest = std::max(p.seq_q, p.seq_kv);
  if (longest >= kMostRows)
    return refuse(ATTN_REASON_SEQUENCE,
                  "sequences may be shorter than " + number(kMostRows) + " on " + q.where + ", not " + number(longest));
  if (p.bias == ATTN_BIAS_ADDITIVE && p.seq_kv > 1 && p.bias_stride[3] != 1)
    return refuse(ATTN_REASON_BIAS, "a bias must have its keys beside each other (a stride of 1) on " + q.where +
                                        ", not " + number(p.bias_stride[3]) + " apart");
  return std::nullopt;
}

Answer check_tensors(const Question& q) {
  const attn_problem& p = q.problem;
  if (p.alignment % kAlignment != 0)
    return refuse(ATTN_REASON_ALIGNMENT, "tensors aligned to " + number(p.alignment) +
                                             " bytes are not enough, they must be to 16 on " + q.where);
  const int64_t rows_q = q.packed() ? p.total_q : p.seq_q;
  const int64_t rows_kv = q.packed() ? p.total_kv : p.seq_kv;
  const struct {
    const char* name;
    int64_t rows, heads;
    const int64_t (&stride)[4];
    bool backward;
  } tensors[] = {{"query", rows_q, p.heads_q, p.query_stride, false},
                 {"key", rows_kv, p.heads_kv, p.key_stride, false},
                 {"value", rows_kv, p.heads_kv, p.value_stride, false},
                 {"output", rows_q, p.heads_q, p.output_stride, false},
                 {"d_output", rows_q, p.heads_q, p.d_output_stride, true},
                 {"d_query", rows_q, p.heads_q, p.d_query_stride, true},
                 {"d_key", rows_kv, p.heads_kv, p.d_key_stride, true},
                 {"d_value", rows_kv, p.heads_kv, p.d_value_stride, true}};
  for (const auto& tensor : tensors)
    if (!tensor.backward || q.backward())
      if (Answer answer = check_stride(q, tensor.name, tensor.rows, tensor.heads, tensor.stride)) return answer;
  return std::nullopt;
}

}  // namespace

std::string name_device(const std::string& device, int32_t compute_capability) {
  return device + " (compute capability " + std::to_string(compute_capability / 10) + "." +
         std::to_string(compute_capability % 10) + ")";
}

std::optional<Refusal> refuse_by_rules(const attn_problem& problem, int32_t compute_capability,
                                       const std::string& device) {
  const Question question{problem, effective_band(problem), family_of(compute_capability),
                          name_device(device, compute_capability)};
  for (const auto check : {check_known, check_architecture, check_dtype, check_sink, check_head_dim, check_mask,
                           check_bias, check_backward, check_sizes, check_packed_gradients, check_tensors})
    if (Answer answer = check(question)) return answer;
  return std::nullopt;
}

bool is_documented(const attn_problem& problem, int32_t compute_capability) {
  // [doc] the support matrix. Of head dimensions that differ it names 192:128 alone; its footnote 5 excludes others.
  const Family family = family_of(compute_capability);
  if (problem.dtype != ATTN_DTYPE_F16 && problem.dtype != ATTN_DTYPE_BF16) return false;
  struct Row {
    Family family;
    int64_t prefill, decode, backward;                    ///< largest head dimension
    bool latent_prefill, latent_decode, latent_backward;  ///< 192:128
  };
  constexpr Row kRows[] = {{Family::kAmpere, 256, 128, 128, false, false, false},
                           {Family::kHopper, 256, 256, 256, true, true, true},
                           {Family::kBlackwell, 256, 128, 128, true, true, true},
                           {Family::kBlackwellConsumer, 256, 128, 128, false, true, false}};
  const auto* const row = std::ranges::find(kRows, family, &Row::family);
  if (row == std::end(kRows)) return false;
  const bool latent = problem.head_dim_qk == 192 && problem.head_dim_v == 128;
  const auto covers = [&](int64_t largest, bool takes_latent) {
    if (problem.head_dim_qk != problem.head_dim_v) return latent && takes_latent;
    return problem.head_dim_qk <= largest;
  };
  const bool backward = (problem.passes & ATTN_PASS_BACKWARD) != 0;
  const bool forward = (problem.passes & ATTN_PASS_FORWARD) != 0;
  if (backward && !covers(row->backward, row->latent_backward)) return false;
  if (!forward) return true;
  return problem.seq_q == 1 ? covers(row->decode, row->latent_decode) : covers(row->prefill, row->latent_prefill);
}

}  // namespace cfgtool::attention::cudnn
