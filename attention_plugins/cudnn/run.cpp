#include "attention_plugins/cudnn/run.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "attention_plugins/cudnn/kernels.hpp"
#include "attention_plugins/cudnn/operation_graph.hpp"

namespace cfgtool::attention::cudnn {

namespace {

void check_queued(int error, const char* what) {
  if (error != 0)
    throw Failure(ATTN_STATUS_BACKEND_FAILED, ATTN_REASON_OTHER,
                  std::string(what) + " could not be queued: " + cudaGetErrorString(static_cast<cudaError_t>(error)));
}

/// cuDNN takes pointers to what it reads as pointers to what it writes.
void* untyped(const void* pointer) {
  return const_cast<void*>(pointer);
}

/// What is set never changes what the caller has, and nothing of it is kept beyond the run.
class Run {
 public:
  Run(const CompiledPlan& compiled, Pass pass, const attn_extras& extras, const attn_run& run)
      : compiled_(compiled), problem_(compiled.problem), pass_(find(compiled, pass)), run_(run) {
    if (run.workspace_bytes < pass_.workspace.bytes())
      throw Failure(ATTN_STATUS_BAD_ARGUMENT, ATTN_REASON_RESOURCES,
                    "the workspace has " + std::to_string(run.workspace_bytes) + " bytes, but the plan needs " +
                        std::to_string(pass_.workspace.bytes()));
    sequences_ = sequences_of(problem_);
    sequences_.lengths_q = extras.lengths_q;
    sequences_.lengths_kv = extras.lengths_kv;
    sequences_.offsets_q = extras.offsets_q;
    sequences_.offsets_kv = extras.offsets_kv;
    sequences_.bias = extras.bias;
    set(Buffer::kBias, extras.bias);
    set(Buffer::kDBias, extras.d_bias);
    set(Buffer::kAlibiSlopes, extras.alibi_slopes);
    set(Buffer::kLengthsQ, extras.lengths_q);
    set(Buffer::kLengthsKv, extras.lengths_kv);
    set(Buffer::kDropoutSeed, extras.dropout_seed);
    set(Buffer::kDropoutOffset, extras.dropout_offset);
  }

  void set(Buffer buffer, const void* pointer) { callers_[static_cast<size_t>(buffer)] = untyped(pointer); }

  /// Where cuDNN finds a buffer; null if the run has none.
  void* place(Buffer buffer) const {
    const std::optional<uint64_t> offset = pass_.workspace.offset(buffer);
    return offset ? static_cast<char*>(run_.workspace) + *offset : callers_[static_cast<size_t>(buffer)];
  }
  bool has_own(Buffer buffer) const { return pass_.workspace.offset(buffer).has_value(); }
  void* callers(Buffer buffer) const { return callers_[static_cast<size_t>(buffer)]; }

  const Sequences& sequences() const { return sequences_; }
  const PassPlan& pass() const { return pass_; }
  void* stream() const { return run_.stream; }

  /// A tensor of the caller's, or with `inner` as cuDNN gets it.
  RowTensor rows(Buffer buffer, bool inner = false) const {
    const attn_problem& problem = problem_;
    const attn_problem described = inner ? inner_problem(problem, pass_.pass) : problem;
    const int64_t* stride = nullptr;
    RowTensor tensor{inner ? place(buffer) : callers(buffer), {}, problem.heads_q, problem.head_dim_qk, false};
    switch (buffer) {
      case Buffer::kQuery:
        stride = described.query_stride;
        break;
      case Buffer::kDQuery:
        stride = described.d_query_stride;
        break;
      case Buffer::kKey:
        stride = described.key_stride;
        break;
      case Buffer::kDKey:
        stride = described.d_key_stride;
        break;
      case Buffer::kValue:
        stride = described.value_stride;
        break;
      case Buffer::kDValue:
        stride = described.d_value_stride;
        break;
      case Buffer::kDOutput:
        stride = described.d_output_stride;
        break;
      default:
        stride = described.output_stride;
        break;
    }
    std::copy_n(stride, 3, tensor.stride);
    tensor.is_key =
        buffer == Buffer::kKey || buffer == Buffer::kDKey || buffer == Buffer::kValue || buffer == Buffer::kDValue;
    if (tensor.is_key) tensor.heads = problem.heads_kv;
    if (buffer == Buffer::kValue || buffer == Buffer::kDValue || buffer == Buffer::kOutput ||
        buffer == Buffer::kDOutput)
      tensor.head_dim = problem.head_dim_v;
    return tensor;
  }

  /// What must be there before cuDNN's work.
  void prepare() const {
    if (problem_.varlen == ATTN_VARLEN_PACKED) prepare_offsets();
    for (const Buffer buffer : {Buffer::kQuery, Buffer::kKey, Buffer::kValue, Buffer::kOutput, Buffer::kDOutput})
      if (has_own(buffer))
        check_queued(queue_copy_without_tails(sequences_, rows(buffer), rows(buffer, true), stream()),
                     "a copy of a padded tensor");
    if (has_own(Buffer::kDQueryAccumulator)) {
      const uint64_t bytes = pass_.graph.bytes(*pass_.graph.find(Buffer::kDQueryAccumulator));
      check_queued(cudaMemsetAsync(place(Buffer::kDQueryAccumulator), 0, bytes, static_cast<cudaStream_t>(stream())),
                   "clearing a sum");
    }
    if (callers(Buffer::kDBias) != nullptr) {
      const int64_t size[4] = {problem_.batch, problem_.heads_q, problem_.seq_q, problem_.seq_kv};
      const int64_t bytes = problem_.bias_dtype == ATTN_DTYPE_F32 ? 4 : 2;
      check_queued(queue_zeros(callers(Buffer::kDBias), bytes, size, problem_.d_bias_stride, stream()),
                   "clearing the gradient of the bias");
    }
  }

  void execute() const {
    std::vector<int64_t> ids;
    std::vector<void*> pointers;
    for (size_t i = 0; i < pass_.graph.tensors.size(); ++i) {
      const Tensor& tensor = pass_.graph.tensors[i];
      if (tensor.buffer == Buffer::kVirtual) continue;
      ids.push_back(unique_id(pass_.graph, static_cast<TensorIndex>(i)));
      pointers.push_back(tensor.buffer == Buffer::kConstant ? untyped(&pass_.constants[i]) : place(tensor.buffer));
    }
    const Library& library = compiled_.library;
    Descriptor pack(library, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "the tensors of a run");
    const auto count = static_cast<int64_t>(ids.size());
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids.data());
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, pointers.data());
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &run_.workspace);
    pack.finalize();
    const std::lock_guard lock(compiled_.handle->running());
    const cudnnHandle_t handle = compiled_.handle->raw();
    library.check(library.set_stream(handle, static_cast<cudaStream_t>(stream())), "taking the stream");
    library.check(library.execute(handle, pass_.plan.descriptor.raw(), pack.raw()), "running the plan");
  }

 private:
  static const PassPlan& find(const CompiledPlan& compiled, Pass pass) {
    const PassPlan* found = compiled.find(pass);
    if (found == nullptr)
      throw Failure(ATTN_STATUS_BAD_ARGUMENT, ATTN_REASON_PASS,
                    std::string("the plan was made without the ") + name_of(pass) + " pass");
    if (compiled.handle == nullptr)
      throw Failure(ATTN_STATUS_BAD_ARGUMENT, ATTN_REASON_DEVICE,
                    "the plan is of a described device; it can be saved, not run");
    return *found;
  }

  void prepare_offsets() const {
    const auto place64 = [&](Buffer buffer) {
      return has_own(buffer) ? static_cast<int64_t*>(place(buffer)) : nullptr;
    };
    const auto place32 = [&](Buffer buffer) {
      return has_own(buffer) ? static_cast<int32_t*>(place(buffer)) : nullptr;
    };
    const PackedOffsets q{
        sequences_.offsets_q,
        place32(Buffer::kLengthsQ),
        {place64(Buffer::kOffsetsQuery), place64(Buffer::kOffsetsOutput), place64(Buffer::kOffsetsStats)},
        {problem_.query_stride[2], problem_.output_stride[2], problem_.heads_q}};
    const PackedOffsets kv{sequences_.offsets_kv,
                           place32(Buffer::kLengthsKv),
                           {place64(Buffer::kOffsetsKey), place64(Buffer::kOffsetsValue), nullptr},
                           {problem_.key_stride[2], problem_.value_stride[2], 0}};
    for (const PackedOffsets& packed : {q, kv})
      check_queued(queue_packed_offsets(packed, problem_.batch, stream()), "the offsets of packed sequences");
  }

  const CompiledPlan& compiled_;
  const attn_problem& problem_;
  const PassPlan& pass_;
  const attn_run& run_;
  Sequences sequences_;
  std::array<void*, kBufferCount> callers_{};
};

}  // namespace

void run_forward(const CompiledPlan& compiled, const attn_forward_tensors& tensors, const attn_extras& extras,
                 const attn_run& run) {
  Run pass(compiled, Pass::kForward, extras, run);
  pass.set(Buffer::kQuery, tensors.query);
  pass.set(Buffer::kKey, tensors.key);
  pass.set(Buffer::kValue, tensors.value);
  pass.set(Buffer::kOutput, tensors.output);
  pass.set(Buffer::kStats, tensors.lse);
  pass.prepare();
  pass.execute();
  if (!may_have_empty_rows(compiled.problem)) return;
  const auto* packed_stats =
      pass.has_own(Buffer::kStats) ? static_cast<const float*>(pass.place(Buffer::kStats)) : nullptr;
  check_queued(
      queue_clear_empty(pass.sequences(), pass.rows(Buffer::kOutput), packed_stats, tensors.lse, pass.stream()),
      "clearing empty rows");
}

void run_backward(const CompiledPlan& compiled, const attn_backward_tensors& tensors, const attn_extras& extras,
                  const attn_run& run) {
  Run pass(compiled, Pass::kBackward, extras, run);
  pass.set(Buffer::kQuery, tensors.query);
  pass.set(Buffer::kKey, tensors.key);
  pass.set(Buffer::kValue, tensors.value);
  pass.set(Buffer::kOutput, tensors.output);
  pass.set(Buffer::kStats, tensors.lse);
  pass.set(Buffer::kDOutput, tensors.d_output);
  pass.set(Buffer::kDQuery, tensors.d_query);
  pass.set(Buffer::kDKey, tensors.d_key);
  pass.set(Buffer::kDValue, tensors.d_value);
  pass.prepare();
  if (pass.has_own(Buffer::kStats)) {
    const Graph& graph = pass.pass().graph;
    const bool in_rows = graph.tensors[static_cast<size_t>(*graph.find(Buffer::kStats))].offsets != kNoTensor;
    check_queued(queue_stats(pass.sequences(), tensors.lse, in_rows, static_cast<float*>(pass.place(Buffer::kStats)),
                             pass.stream()),
                 "a copy of the log-sum-exp");
  }
  pass.execute();
  if (may_have_empty_rows(compiled.problem))
    check_queued(queue_clear_empty(pass.sequences(), pass.rows(Buffer::kDQuery), nullptr, nullptr, pass.stream()),
                 "clearing the gradients of empty rows");
  if (may_have_unseen_keys(compiled.problem))
    for (const Buffer buffer : {Buffer::kDKey, Buffer::kDValue})
      check_queued(queue_clear_empty(pass.sequences(), pass.rows(buffer), nullptr, nullptr, pass.stream()),
                   "clearing the gradients of unseen keys");
}

}  // namespace cfgtool::attention::cudnn
