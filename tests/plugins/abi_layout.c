/* The interface as C11 sees it. These numbers are what compiled plugins rely on: a change here is a new major version,
 * unless it only makes a struct longer. */
#include <stddef.h>

#include "attention_plugins/abi/attention_plugin.h"

#define SAME(expression, value) _Static_assert((expression) == (value), #expression " has changed")

SAME(sizeof(attn_device), 40);
SAME(sizeof(attn_problem), 456);
SAME(offsetof(attn_problem, batch), 16);
SAME(offsetof(attn_problem, diagonal), 104);
SAME(offsetof(attn_problem, query_stride), 136);
SAME(offsetof(attn_problem, d_bias_stride), 424);
SAME(sizeof(attn_answer), 32 + 1024 + 128);
SAME(sizeof(attn_executor), 24);
SAME(sizeof(attn_run), 40);
SAME(sizeof(attn_extras), 96);
SAME(sizeof(attn_forward_tensors), 48);
SAME(sizeof(attn_backward_tensors), 80);
SAME(sizeof(attn_host), 24);
SAME(sizeof(attn_writer), 24);
SAME(sizeof(attn_implementation), 24);
SAME(sizeof(attn_plugin), 128);
SAME(offsetof(attn_plugin, size), 0);
SAME(offsetof(attn_plugin, abi), 4);
SAME(offsetof(attn_plugin, name), 8);
SAME(offsetof(attn_plugin, open), 48);
SAME(offsetof(attn_plugin, describe_device), 120);
SAME(ATTN_ABI, 0x10000);
