#include <algorithm>

#include "attention_plugins/cudnn/band.hpp"
#include "attention_plugins/cudnn/rules.hpp"

namespace cfgtool::attention::cudnn {

namespace {

constexpr int64_t kNoFix = INT64_MAX;  ///< none is announced

bool forward(const attn_problem& p) {
  return (p.passes & ATTN_PASS_FORWARD) != 0;
}
bool backward(const attn_problem& p) {
  return (p.passes & ATTN_PASS_BACKWARD) != 0;
}
bool grouped(const attn_problem& p) {
  return p.heads_q != p.heads_kv;
}

/// A mask is in the graph: not one that hides no key.
bool masked(const attn_problem& p) {
  const Band band = effective_band(p);
  return band.left >= 0 || band.right >= 0;
}

/// Keys behind the last one would be visible to some row if the mask alone decided.
bool mask_leaves_tail(const attn_problem& p) {
  const Band band = effective_band(p);
  const int64_t last_position = (band.bottom_right ? p.seq_kv : p.seq_q) - 1;
  return band.right < 0 || last_position + band.right >= p.seq_kv;
}

bool always(const attn_problem& /*problem*/) {
  return true;
}

/// The kernel goes through the keys in steps of 128 rows but asks in steps of 64 whether a step has a tail. Of a last
/// step that is half empty it takes the scores of keys that do not exist, 0, into exp(0 - lse): infinite where the lse
/// is below -88.7. A causal mask or lengths hide these keys. #196678 had a mask tensor; #628 names the cause.
bool half_empty_key_tile(const attn_problem& p) {
  return backward(p) && p.varlen == ATTN_VARLEN_NONE && p.seq_kv % 128 == 64 &&
         (p.bias == ATTN_BIAS_ADDITIVE || mask_leaves_tail(p));
}

/// Seen at 1 query and 128 keys, not at 97 keys, and not with lengths.
bool backward_of_one_query(const attn_problem& p) {
  return backward(p) && p.varlen == ATTN_VARLEN_NONE && p.seq_q == 1 && p.seq_kv % 64 == 0;
}

bool backward_of_one_row(const attn_problem& p) {
  return backward(p) && p.batch == 1 && p.heads_q == 1 && p.seq_q == 1;
}

/// Seen with 2 and 4 key-value heads and head_dim 128; not with 8, nor with 4 and head_dim 64. Which step of the
/// generation is wrong is not known.
bool few_key_value_heads(const attn_problem& p) {
  return forward(p) && grouped(p) && p.heads_kv < 8 && p.head_dim_qk == 128 && p.head_dim_v == 128;
}

bool packed_lse_of_one_query(const attn_problem& p) {
  return (p.passes & ATTN_PASS_LSE) != 0 && p.varlen == ATTN_VARLEN_PACKED && p.seq_q == 1 && grouped(p);
}

/// The release notes say it of causal masks; kernels for one query are likely to take every mask the same way, since
/// they put the query heads of one key-value head where others have rows.
bool masked_decoding(const attn_problem& p) {
  return forward(p) && p.seq_q == 1 && grouped(p) && masked(p);
}

bool window_without_causal(const attn_problem& p) {
  const Band band = effective_band(p);
  return band.left >= 0 && band.right < 0 && p.seq_kv > 1024;
}

/// cudnn-frontend gives such a problem lengths, which are those of all sequences, in versions up to 9.15.
bool backward_with_a_tail(const attn_problem& p) {
  return backward(p) && p.varlen == ATTN_VARLEN_NONE && p.seq_kv % 128 != 0;
}

bool deterministic_backward(const attn_problem& p) {
  return backward(p) && (p.flags & ATTN_FLAG_DETERMINISTIC) != 0;
}

/// cuDNN from `first` up to but not including `fixed`, on compute capabilities `lowest` to `highest`.
struct Bug {
  int64_t first, fixed;
  int32_t lowest, highest;
  bool (*applies)(const attn_problem& problem);
  const char* what;  ///< goes wrong, and since when
  const char* remedy;
  const char* link;
};

// Where it is open whether an older or newer version has the bug, the range holds it: a refusal costs less than a wrong
// result. The sentence says which versions it was seen in.
constexpr Bug kBugs[] = {
    {90000, 92600, 90, 90, half_empty_key_tile,
     "d_query can be NaN where the number of keys is 64 more than a multiple of 128, and neither a causal mask nor "
     "lengths hide what lies behind them (seen in 9.19.0 and 9.20.0; NVIDIA mentions a fix in 9.26)",
     "another number of keys, sequences declared as padded, cuDNN 9.26 or newer, or eager",
     "https://github.com/pytorch/pytorch/issues/196678 and https://github.com/NVIDIA/cudnn-frontend/pull/628"},
    {90000, kNoFix, 90, 90, backward_of_one_query,
     "d_key and d_value can be NaN with 1 query (seen in 9.25.1 and 9.26.0; older ones were not tried, no fix is "
     "known)",
     "sequences declared as padded, or eager", "https://github.com/NVIDIA/cudnn-frontend/issues/1072"},
    {92600, kNoFix, 90, 90, backward_of_one_row,
     "the process crashes while the backward pass of 1 head with 1 query is planned (seen in 9.26.0, no fix is known)",
     "cuDNN 9.25 or older, or eager", "https://github.com/NVIDIA/cudnn-frontend/issues/1071"},
    {91900, kNoFix, 100, 109, few_key_value_heads,
     "generated text is corrupted with fewer than 8 key-value heads of head_dim 128 (seen in 9.19.0 and 9.20.0; no fix "
     "is known)",
     "a device of another architecture, or eager", "https://github.com/pytorch/pytorch/issues/193893"},
    {90000, kNoFix, 80, INT32_MAX, packed_lse_of_one_query,
     "of packed sequences of 1 query, the log-sum-exp is written for the first query head of each key-value head only "
     "(seen in 9.26.0 and 9.27.0 on compute capability 8.0, 9.0 and 10.0; no fix is known)",
     "padded sequences, as many key-value heads as query heads, or eager",
     "https://github.com/NVIDIA/cudnn-frontend/issues/1083"},
    {91000, kNoFix, 80, INT32_MAX, masked_decoding,
     "NVIDIA's release notes warn of masks over 1 query where query heads share key-value heads (known issues of "
     "9.18.1; "
     "no fix is known)",
     "no mask (a last query sees every key without one), or eager",
     "https://docs.nvidia.com/deeplearning/cudnn/backend/latest/release-notes.html"},
    {91000, 91002, 80, INT32_MAX, always,
     "attention has bugs for which NVIDIA's own frontend refuses 9.10.0 and 9.10.1", "cuDNN 9.10.2 or newer, or eager",
     "https://github.com/NVIDIA/cudnn-frontend"},
    {91000, 91501, 80, INT32_MAX, backward_with_a_tail,
     "the backward pass may be wrong where the number of keys is no multiple of 128 (NVIDIA's own frontend declares "
     "all "
     "such sequences as padded, up to 9.15.0)",
     "sequences declared as padded, cuDNN 9.15.1 or newer, or eager", "https://github.com/NVIDIA/cudnn-frontend"},
    {91000, 91800, 100, 109, deterministic_backward,
     "a backward pass that was asked to be deterministic is not, before 9.18.0", "cuDNN 9.18.0 or newer, or eager",
     "https://github.com/NVIDIA/cudnn-frontend"},
    {91400, 91401, 80, INT32_MAX, window_without_causal,
     "a sliding window that is open to the right is wrong over more than 1024 keys in 9.14.0 (NVIDIA's own frontend "
     "refuses it)",
     "cuDNN 9.14.1 or newer, or eager", "https://github.com/NVIDIA/cudnn-frontend"},
};

std::string version_text(int64_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

}  // namespace

std::optional<Refusal> find_known_bug(const attn_problem& problem, int32_t compute_capability, int64_t cudnn_version,
                                      const std::string& device) {
  const auto* const bug = std::ranges::find_if(kBugs, [&](const Bug& b) {
    return cudnn_version >= b.first && cudnn_version < b.fixed && compute_capability >= b.lowest &&
           compute_capability <= b.highest && b.applies(problem);
  });
  if (bug == std::end(kBugs)) return std::nullopt;
  return Refusal{ATTN_REASON_KNOWN_BUG, "cuDNN " + version_text(cudnn_version) + " has a known bug on " +
                                            name_device(device, compute_capability) + ": " + bug->what + "; use " +
                                            bug->remedy + "; see " + bug->link};
}

}  // namespace cfgtool::attention::cudnn
