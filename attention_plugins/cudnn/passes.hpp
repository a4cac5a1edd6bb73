/// \file
/// One pass (forward or backward) of a problem: the problem that cuDNN gets for it, and the workspace that it needs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attention_plugins/cudnn/graph.hpp"
#include "attention_plugins/cudnn/sequences.hpp"

namespace cfgtool::attention::cudnn {

constexpr size_t kBufferCount = static_cast<size_t>(Buffer::kDQueryAccumulator) + 1;

enum class Pass : uint8_t { kForward, kBackward };

const char* name_of(Pass pass);  ///< "forward"
std::vector<Pass> passes_of(const attn_problem& problem);

/// The problem as cuDNN computes it. PADDED: what lies in the tails may be anything, and a weight of 0 times a NaN is a
/// NaN, so tensors whose tails cuDNN could read are copied with zeros there; here they have their copies' strides.
attn_problem inner_problem(const attn_problem& problem, Pass pass);

/// Whether the pass reads a copy of what the caller has in `buffer`.
bool is_copied(const attn_problem& problem, Pass pass, Buffer buffer);

Graph make_graph(const attn_problem& problem, Pass pass, int32_t compute_capability);

/// Sizes and masks, without the pointers of a run.
Sequences sequences_of(const attn_problem& problem);

/// Whether there can be rows that see no key; keys that no row sees.
bool may_have_empty_rows(const attn_problem& problem);
bool may_have_unseen_keys(const attn_problem& problem);

/// Where in the caller's workspace each buffer lies that is not the caller's; cuDNN's own lies at 0.
class Workspace {
 public:
  Workspace(const Graph& graph, const attn_problem& problem, Pass pass, uint64_t plan_bytes);

  uint64_t bytes() const { return bytes_; }
  std::optional<uint64_t> offset(Buffer buffer) const { return offsets_[static_cast<size_t>(buffer)]; }

 private:
  uint64_t bytes_ = 0;
  std::array<std::optional<uint64_t>, kBufferCount> offsets_;
};

}  // namespace cfgtool::attention::cudnn
