/**
 * \file
 * Which blocks of keys a block of rows sees, as the plugin's options say it.
 */
#ifndef BLOCK_SPARSE_PATTERN_H
#define BLOCK_SPARSE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Positions are cut into blocks of `block`: key j is in block j / block, row i in that of its aligned position. A row
 * sees the keys of block k, as far as the problem's window allows, if its own block is less than `local` blocks away
 * from k, or if k is a multiple of `stride`.
 */
typedef struct block_pattern {
  int64_t block;
  int64_t local;  /**< 0: no such part; 1: the row's own block only */
  int64_t stride; /**< 0: no such part; 1: every block, which is full attention */
} block_pattern;

enum { PATTERN_MOST_BLOCK = 256 };

/**
 * Options are NAME=VALUE, separated by commas, each at most once; "" is "block=64,pattern=local+strided,local=4,
 * stride=8". Returns whether they were understood; if not, `why` gets a sentence that says what is.
 */
bool parse_pattern(const char* options, block_pattern* pattern, char* why, size_t why_bytes);

/** Such as "block 64, local 4, stride 8". */
void describe_pattern(const block_pattern* pattern, char* text, size_t text_bytes);

bool selects(const block_pattern* pattern, int64_t row_block, int64_t key_block);

#endif
