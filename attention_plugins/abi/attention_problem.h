/**
 * \file
 * The words that host and attention plugins share: what an attention problem is, on which device, and what an answer
 * is. A plugin includes attention_plugin.h, which includes this file; read this one first, then attention_run.h.
 *
 * Pure C (C11) and valid C++. Rules that hold in all three files:
 *  - Every struct begins with `size`, which whoever fills the struct sets to its sizeof. A reader uses only fields that
 *    lie within `size`. Later minor versions append fields only, and a zero there means "as before", so a field that is
 *    missing counts as zero. The host asks nothing of a plugin that the plugin's minor version does not know.
 *  - Constants are int32_t or bit sets of uint32_t. A plugin refuses a value or a bit that it does not know
 *    (ATTN_REASON_UNKNOWN_FEATURE); it never ignores one.
 *  - Sizes are counts of elements and strides are in elements, unless a name says bytes. Indices are 0-based.
 *  - Text is UTF-8, one sentence without a newline, and ends with a NUL.
 */
#ifndef CFGTOOL_ATTENTION_PLUGINS_ABI_ATTENTION_PROBLEM_H
#define CFGTOOL_ATTENTION_PLUGINS_ABI_ATTENTION_PROBLEM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Element types. There is no type 0. */
enum { ATTN_DTYPE_F32 = 1, ATTN_DTYPE_F16 = 2, ATTN_DTYPE_BF16 = 3, ATTN_DTYPE_F8_E4M3 = 4, ATTN_DTYPE_F8_E5M2 = 5 };

enum { ATTN_DEVICE_CPU = 1, ATTN_DEVICE_CUDA = 2 };

/** A device: one of this machine, or the description of one that is elsewhere. Valid during the call that gets it. */
typedef struct attn_device {
  uint32_t size;
  int32_t kind;               /**< ATTN_DEVICE_… */
  int32_t index;              /**< its number here (CUDA ordinal; 0 for the CPU); -1: described only, it is not here */
  int32_t compute_capability; /**< CUDA: major * 10 + minor, such as 90; 0: ask the machine. CPU: 0 */
  const char* name;           /**< for messages, such as "h100"; never NULL */
  const char* description;    /**< JSON in the form that describe_device gives; NULL: ask the machine */
  uint32_t max_workers;       /**< CPU: the most workers that any executor of a run will have, >= 1. CUDA: 0 */
  uint32_t reserved;          /**< 0 */
} attn_device;

/** What will be computed: bits of attn_problem.passes. FORWARD or BACKWARD is always among them. */
enum {
  ATTN_PASS_FORWARD = 1, /**< the output */
  ATTN_PASS_LSE = 2,     /**< the forward pass gives the log-sum-exp too; only together with FORWARD */
  ATTN_PASS_BACKWARD = 4 /**< gradients of query, key and value, from a forward pass's output and log-sum-exp */
};

/**
 * Where the diagonal of the score matrix lies, when seq_q and seq_kv differ. The aligned position of query row i is
 * p = i (TOP_LEFT) or p = i + seq_kv - seq_q (BOTTOM_RIGHT; the last row faces the last key, as decoding needs it).
 * With variable lengths, seq_q and seq_kv are here those of the sequence in question.
 */
enum { ATTN_DIAGONAL_TOP_LEFT = 0, ATTN_DIAGONAL_BOTTOM_RIGHT = 1 };

/**
 * Sequences of different lengths in one batch; the lengths themselves are in attn_extras.
 * PADDED: tensors as without; sequence b uses its first lengths_q[b] rows and lengths_kv[b] keys. What lies in the
 * tails is not used; tail rows come out as empty rows, tail gradients as 0.
 * PACKED ("THD"): the sequences lie end to end. A tensor is [1, heads, total_q or total_kv, head_dim], sequence b is
 * the rows offsets[b] to offsets[b+1]; seq_q and seq_kv are the longest lengths.
 */
enum { ATTN_VARLEN_NONE = 0, ATTN_VARLEN_PADDED = 1, ATTN_VARLEN_PACKED = 2 };

enum {
  ATTN_BIAS_NONE = 0,
  ATTN_BIAS_ADDITIVE = 1, /**< a tensor [batch, heads_q, seq_q, seq_kv] is added to the scaled scores; -inf masks */
  ATTN_BIAS_ALIBI = 2     /**< -slope[head] * |p - j| is added to the scaled score of row i (aligned p) and key j */
};

/** Bits of attn_problem.flags. */
enum {
  ATTN_FLAG_DETERMINISTIC = 1, /**< equal inputs, device and number of workers must give equal bits each time */
  ATTN_FLAG_D_BIAS = 2,        /**< the backward pass also gives the gradient of the additive bias */
  ATTN_FLAG_SINK = 4           /**< each softmax has one more term exp(sink[head]), with no value; the lse contains it,
                                    an empty row's too. BACKWARD also gives its gradient */
};

/**
 * One attention problem. For each sequence of the batch, query head h and row i:
 *
 *   score[j] = scale * dot(query[h][i], key[h / (heads_q / heads_kv)][j]) + bias[h][i][j]     for each visible key j
 *   lse      = ln(sum over visible j of exp(score[j]))
 *   output   = sum over visible j of exp(score[j] - lse) * value[h / (heads_q / heads_kv)][j]
 *
 * Key j is visible to row i with aligned position p if  p - window_left <= j <= p + window_right. A bound of -1 is no
 * bound: full attention is (-1, -1), causal (-1, 0), causal over the W newest keys, itself included, (W - 1, 0).
 * An empty row, one that sees no key at all (or only keys with a bias of -inf), has output 0, lse -infinity, and adds
 * nothing to any gradient. What a masked key or value holds must not matter as long as it is finite.
 * Sums are accumulated in fp32 or better. Plans depend on every field.
 *
 * The host has checked before it asks a plugin: all sizes >= 1; heads_q is a multiple of heads_kv; the stride of the
 * head dimension is 1; no stride is negative, output and gradient rows do not overlap; dropout is in [0, 1), scale is
 * finite; enumerations and bits are ones that this version knows; fields of things that are not asked for are 0.
 */
typedef struct attn_problem {
  uint32_t size;
  uint32_t passes;                   /**< ATTN_PASS_… bits */
  int32_t dtype;                     /**< of query, key, value, output, and the gradients of these four */
  float scale;                       /**< often 1 / sqrt(head_dim_qk), but always given */
  int64_t batch;                     /**< number of sequences */
  int64_t heads_q, heads_kv;         /**< grouped-query attention where they differ; heads_kv 1 is multi-query */
  int64_t seq_q, seq_kv;             /**< lengths; the longest ones with variable lengths */
  int64_t head_dim_qk, head_dim_v;   /**< head dimension of query and key; of value and output */
  int64_t total_q, total_kv;         /**< PACKED: rows of all sequences together; else 0 */
  int64_t window_left, window_right; /**< see above; >= -1 */
  int32_t diagonal;                  /**< ATTN_DIAGONAL_… */
  int32_t varlen;                    /**< ATTN_VARLEN_… */
  int32_t bias;                      /**< ATTN_BIAS_… */
  int32_t bias_dtype;                /**< ADDITIVE: its type, and that of its gradient; else 0 */
  float dropout;      /**< probability that a weight becomes 0, the others being divided by 1 - dropout */
  uint32_t flags;     /**< ATTN_FLAG_… bits */
  uint32_t alignment; /**< bytes; every tensor's address is a multiple of it (bias too), >= element size */
  uint32_t reserved;  /**< 0 */
  int64_t query_stride[4], key_stride[4], value_stride[4], output_stride[4]; /**< [batch, head, sequence, head_dim] */
  int64_t d_output_stride[4], d_query_stride[4], d_key_stride[4], d_value_stride[4]; /**< 0 without BACKWARD */
  int64_t bias_stride[4];   /**< [batch, head, seq_q, seq_kv]; 0 broadcasts. All 0 without an additive bias */
  int64_t d_bias_stride[4]; /**< 0 exactly where bias_stride is (the gradient is summed there); 0 without D_BIAS */
} attn_problem;

/** What a function returns. Of query, plan and load_plan the first three say yes, no and "cannot tell". */
typedef int32_t attn_status;
enum {
  ATTN_STATUS_OK = 0,
  ATTN_STATUS_REFUSED = 1,      /**< not supported; the answer says why. Asking again gives the same */
  ATTN_STATUS_CANNOT_TELL = 2,  /**< a library or driver is missing that is needed to know: never a false no */
  ATTN_STATUS_BAD_ARGUMENT = 3, /**< the caller broke a rule of these headers */
  ATTN_STATUS_OUT_OF_MEMORY = 4,
  ATTN_STATUS_BACKEND_FAILED = 5 /**< it should have worked: the device or a library reported an error, or a bug */
};

/** Why not. A program steers on the reason; a person reads the text. */
enum {
  ATTN_REASON_NONE = 0,
  ATTN_REASON_DEVICE = 1,       /**< this kind of device, or not on this machine */
  ATTN_REASON_ARCHITECTURE = 2, /**< the device is too old, too new or lacks an instruction set */
  ATTN_REASON_DTYPE = 3,
  ATTN_REASON_HEAD_DIM = 4,
  ATTN_REASON_HEADS = 5,    /**< the numbers of heads */
  ATTN_REASON_SEQUENCE = 6, /**< sequence lengths, batch, or sizes too large */
  ATTN_REASON_MASK = 7,     /**< window or diagonal */
  ATTN_REASON_VARLEN = 8,
  ATTN_REASON_BIAS = 9,
  ATTN_REASON_DROPOUT = 10,
  ATTN_REASON_SINK = 11,
  ATTN_REASON_STRIDES = 12,
  ATTN_REASON_ALIGNMENT = 13,
  ATTN_REASON_PASS = 14, /**< for instance, no backward pass */
  ATTN_REASON_DETERMINISM = 15,
  ATTN_REASON_RESOURCES = 16,       /**< memory, shared memory, registers */
  ATTN_REASON_RUNTIME_MISSING = 17, /**< a library or driver is missing or of the wrong version */
  ATTN_REASON_KNOWN_BUG = 18,       /**< it would run and give wrong results; the text says where that is documented */
  ATTN_REASON_UNKNOWN_FEATURE = 19, /**< a constant or bit that this plugin does not know */
  ATTN_REASON_OPTIONS = 20,         /**< the plugin's options string */
  ATTN_REASON_STALE = 21,           /**< a saved plan is of another version, device or problem, or damaged */
  ATTN_REASON_OTHER = 22
};

/** How closely a question is looked at, and how long that may take. */
enum {
  ATTN_LEVEL_RULES = 0,      /**< the plugin's own rules; microseconds; touches neither device nor library */
  ATTN_LEVEL_HEURISTICS = 1, /**< asks the library that would do the work; milliseconds */
  ATTN_LEVEL_COMPILE = 2     /**< builds the kernel as for running it; up to seconds */
};

enum { ATTN_TEXT_BYTES = 1024, ATTN_ENGINE_BYTES = 128 };

/**
 * The words that go with a status. The host owns it, zeroes it, sets `size`, and never passes NULL; a plugin fills what
 * it has to say. Whatever is not OK needs a reason and a text that names the value found and those supported:
 * "head_dim 300 is not a multiple of 8". With OK, a text is optional (which engine and why).
 */
typedef struct attn_answer {
  uint32_t size;
  int32_t reason;                   /**< ATTN_REASON_… */
  int32_t level;                    /**< query: the level really reached, not above the one asked for */
  uint32_t documented;              /**< query: 1 if a yes is within what the maker documents as supported */
  uint64_t forward_workspace_bytes; /**< what a run needs; set by plan and load_plan, and by query where it is known */
  uint64_t backward_workspace_bytes;
  char text[ATTN_TEXT_BYTES];     /**< ends with a NUL within the array */
  char engine[ATTN_ENGINE_BYTES]; /**< the kernel or engine that would run, such as "cudnn engine 2"; may be empty */
} attn_answer;

#ifdef __cplusplus
}
#endif

#endif
