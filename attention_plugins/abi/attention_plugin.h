/**
 * \file
 * The one header that an attention plugin needs: how a shared object offers attention kernels to cfgtool.
 *
 * A plugin is an ELF shared object (.so) that exports one symbol, attn_plugin_entry. It names the attention
 * implementations that it provides per kind of device ("sdpa" on CUDA devices), answers whether it can compute a given
 * attn_problem on a given device, and makes plans that compute it. attention_problem.h and attention_run.h, which this
 * file includes, explain the words; read them first.
 *
 * Order of calls:
 *   attn_plugin_entry -> open -> { query | plan -> { forward | backward | save_plan } -> free_plan } -> close
 *
 * Versions. The ABI number is major << 16 | minor. Majors must be equal. Minors only append: fields to the ends of
 * structs, functions to the end of attn_plugin, constants. A host accepts plugins with an older or newer minor and uses
 * what both know. A host checks `abi` and `size` before it touches anything else; these two stay where they are in
 * every major.
 *
 * Errors. No function lets a C++ exception or a longjmp out, exits or aborts. A status that is not OK comes with a
 * reason and a text in the answer. On failure, nothing is left to be freed. The host distrusts: it checks what it is
 * given and reports a plugin that breaks a rule by its name.
 *
 * Memory. Who allocates, frees. Tensors and workspace are the caller's; a plugin keeps no pointer to them, nor to any
 * other argument, beyond the call (for a CUDA device: beyond the work queued by the call). Exceptions are said in their
 * place.
 *
 * Threads. A plugin starts no threads; on the CPU it is given an executor. Every function may be called from any
 * thread, and any of them from several threads at the same time on the same instance or plan, except that close and
 * free_plan must have their object to themselves. So one plan may run forward and backward in two threads at once: a
 * plan does not change once it is made (or guards what does), and everything that a run changes is in that run's own
 * outputs and workspace.
 *
 * Text for people goes through attn_host.log. A plugin prints nothing.
 */
#ifndef CFGTOOL_ATTENTION_PLUGINS_ABI_ATTENTION_PLUGIN_H
#define CFGTOOL_ATTENTION_PLUGINS_ABI_ATTENTION_PLUGIN_H

#include "attention_run.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ATTN_ABI_MAJOR 1u
#define ATTN_ABI_MINOR 0u
#define ATTN_ABI ((ATTN_ABI_MAJOR << 16) | ATTN_ABI_MINOR)

#if defined(__GNUC__)
#define ATTN_EXPORT __attribute__((visibility("default")))
#else
#define ATTN_EXPORT
#endif

/** An opened plugin and a plan: defined by the plugin, opaque to the host. */
typedef struct attn_instance attn_instance;
typedef struct attn_plan attn_plan;

enum { ATTN_LOG_DEBUG = 0, ATTN_LOG_INFO = 1, ATTN_LOG_WARNING = 2 };

/** What the host offers to a plugin. The struct and all in it stay valid until close returns. */
typedef struct attn_host {
  uint32_t size;
  uint32_t abi;                                                   /**< the host's ATTN_ABI */
  void* context;                                                  /**< to be passed back */
  void (*log)(void* context, int32_t severity, const char* text); /**< from any thread; never NULL */
} attn_host;

/** Receives bytes. May be called many times; returns 0, or another number to say stop, which the caller then obeys. */
typedef struct attn_writer {
  uint32_t size;
  uint32_t reserved;
  void* context;
  int32_t (*write)(void* context, const void* bytes, uint64_t byte_count);
} attn_writer;

/** A name that configurations use, on one kind of device. No pair of name and device kind occurs twice in a plugin. */
typedef struct attn_implementation {
  uint32_t size;
  int32_t device_kind;     /**< ATTN_DEVICE_… */
  const char* name;        /**< 1 to 63 of [a-z0-9_], such as "flash_attention_2" */
  const char* description; /**< one line for people, up to 255 bytes */
} attn_implementation;

/**
 * What a plugin is. It and all that it points to are constant, and stay valid until the process ends: a host does not
 * unload a plugin that it has accepted. `implementation` is an index into `implementations`. No function is NULL unless
 * said so, and the host passes no NULL unless said so. On success a function returns ATTN_STATUS_OK, and
 * *instance or *plan is not NULL.
 */
typedef struct attn_plugin {
  uint32_t size;
  uint32_t abi;                  /**< the ATTN_ABI that it was compiled with */
  const char* name;              /**< 1 to 63 of [a-z0-9_], such as "cudnn" */
  const char* version;           /**< up to 127 bytes, such as "1.2.0" */
  const char* description;       /**< one line for people, up to 255 bytes */
  uint32_t implementation_count; /**< 1 to 64 */
  uint32_t reserved;             /**< 0 */
  const attn_implementation* const* implementations;

  /** Makes an instance. `options` is text in the plugin's own format, which it documents; "" if the user gave none.
   * What it does not understand it refuses (ATTN_REASON_OPTIONS). A missing library or driver is no failure here: it is
   * the answer to queries. May be called several times; the instances do not disturb one another. */
  attn_status (*open)(const attn_host* host, const char* options, attn_instance** instance, attn_answer* answer);
  void (*close)(attn_instance* instance);

  /** Would it run, correctly, on that device? Answers at `level` (ATTN_LEVEL_…) or the deepest lower one that it has,
   * and says which. A described device (index -1) is answered as far as its description allows. */
  attn_status (*query)(attn_instance* instance, uint32_t implementation, const attn_device* device,
                       const attn_problem* problem, int32_t level, attn_answer* answer);

  /** Builds all that is needed to run the problem's passes. A plan for a described device can be saved, not run. */
  attn_status (*plan)(attn_instance* instance, uint32_t implementation, const attn_device* device,
                      const attn_problem* problem, attn_plan** plan, attn_answer* answer);
  void (*free_plan)(attn_plan* plan); /**< before its instance is closed, and when work queued on streams is done */

  /** CPU: done on return. CUDA: the plan's device is the current one; the work is queued on the stream; nothing waits
   * for the device or allocates its memory, so that a stream can be captured; the current device is left as it was.
   * `extras` is never NULL. `backward` is NULL in a plugin that refuses ATTN_PASS_BACKWARD always. */
  attn_status (*forward)(attn_plan* plan, const attn_forward_tensors* tensors, const attn_extras* extras,
                         const attn_run* run, attn_answer* answer);
  attn_status (*backward)(attn_plan* plan, const attn_backward_tensors* tensors, const attn_extras* extras,
                          const attn_run* run, attn_answer* answer);

  /** Both NULL, or neither. Saved bytes are the plugin's own format; load_plan trusts nothing in them and refuses
   * (ATTN_REASON_STALE) what the same version did not make for an equal problem and device; the host then calls plan.
   */
  attn_status (*save_plan)(attn_plan* plan, const attn_writer* writer, attn_answer* answer);
  attn_status (*load_plan)(attn_instance* instance, uint32_t implementation, const attn_device* device,
                           const attn_problem* problem, const void* bytes, uint64_t byte_count, attn_plan** plan,
                           attn_answer* answer);

  /** May be NULL. Writes the description (JSON, one object) of device `index` of that kind on this machine. REFUSED
   * with ATTN_REASON_DEVICE if there are not that many: so a host counts devices. */
  attn_status (*describe_device)(attn_instance* instance, int32_t kind, int32_t index, const attn_writer* writer,
                                 attn_answer* answer);
} attn_plugin;

/**
 * The one exported symbol, which each plugin defines. Returns its table, or NULL if it cannot work with a host of that
 * ABI. Always gives the same pointer, and does nothing else.
 */
ATTN_EXPORT const attn_plugin* attn_plugin_entry(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif
