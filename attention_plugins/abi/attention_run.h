/**
 * \file
 * What one run of an attention plan gets from the host: threads, workspace, stream, and the tensors. Included by
 * attention_plugin.h; the rules at the top of attention_problem.h hold here too. "Device memory" is, on a CPU, memory.
 */
#ifndef CFGTOOL_ATTENTION_PLUGINS_ABI_ATTENTION_RUN_H
#define CFGTOOL_ATTENTION_PLUGINS_ABI_ATTENTION_RUN_H

#include "attention_problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Runs tasks in the host's threads. parallel_for calls task(task_context, index, worker) once for each index in
 * [0, count), in any order, at most worker_count of them at the same time, and returns when all are done. The calling
 * thread takes part. `worker` is in [0, worker_count), and no two tasks of one parallel_for that run at the same time
 * have the same, so that it can choose a piece of the workspace. What a finished task wrote is visible after the
 * return. A task must not call parallel_for. Results should not depend on which worker ran what, nor on worker_count.
 */
typedef struct attn_executor {
  uint32_t size;
  uint32_t worker_count; /**< >= 1 and <= attn_device.max_workers of the plan */
  void* context;         /**< to be passed to parallel_for */
  void (*parallel_for)(void* context, uint64_t count, void (*task)(void* task_context, uint64_t index, uint32_t worker),
                       void* task_context);
} attn_executor;

/** Where a run happens. */
typedef struct attn_run {
  uint32_t size;
  uint32_t reserved;             /**< 0 */
  const attn_executor* executor; /**< CPU: never NULL. CUDA: may be NULL */
  void* workspace;               /**< device memory, aligned to 64 (CPU) or 256 (CUDA) bytes; contents undefined; nobody
                                      else uses it until the run's work is done; NULL if the plan needs 0 bytes */
  uint64_t workspace_bytes;      /**< at least what the plan's answer said */
  void* stream; /**< CUDA: a cudaStream_t of the current device (NULL: the default stream). CPU: NULL */
} attn_run;

/** Inputs and outputs that few problems have, in device memory. NULL exactly where the problem does not call for it. */
typedef struct attn_extras {
  uint32_t size;
  uint32_t reserved;
  const int32_t* lengths_q;      /**< PADDED: [batch], each 0 … seq_q */
  const int32_t* lengths_kv;     /**< PADDED: [batch], each 0 … seq_kv */
  const int32_t* offsets_q;      /**< PACKED: [batch + 1], not descending, first 0, last total_q ("cu_seqlens") */
  const int32_t* offsets_kv;     /**< PACKED: [batch + 1], last total_kv */
  const void* bias;              /**< ADDITIVE: bias_dtype, with the problem's strides */
  const float* alibi_slopes;     /**< ALIBI: [heads_q] */
  const int64_t* dropout_seed;   /**< dropout > 0: one number. Equal seed and offset drop the same weights, */
  const int64_t* dropout_offset; /**< forward and backward; another plugin or version may drop others */
  const float* sink;             /**< SINK: [heads_q] */
  void* d_bias;                  /**< backward with D_BIAS: bias_dtype; overwritten */
  float* d_sink;                 /**< backward with SINK: [heads_q]; overwritten */
} attn_extras;

/**
 * Tensors have the problem's dtype, sizes and strides; with PACKED, batch is 1 and the sequence total_q or total_kv.
 * lse is fp32, natural logarithm, contiguous [batch, heads_q, seq_q], with PACKED [heads_q, total_q]. Outputs are
 * overwritten wholly, never added to; only the elements that sizes and strides span are touched. No output overlaps
 * another tensor.
 */
typedef struct attn_forward_tensors {
  uint32_t size;
  uint32_t reserved;
  const void *query, *key, *value;
  void* output;
  float* lse; /**< NULL unless the problem has ATTN_PASS_LSE */
} attn_forward_tensors;

/** output and lse are those of a forward pass over the same query, key, value and extras, perhaps by another plugin. */
typedef struct attn_backward_tensors {
  uint32_t size;
  uint32_t reserved;
  const void *query, *key, *value, *output;
  const float* lse;
  const void* d_output; /**< the gradient of a scalar loss with respect to output */
  void *d_query, *d_key, *d_value;
} attn_backward_tensors;

#ifdef __cplusplus
}
#endif

#endif
