#include "pattern.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK, PATTERN, LOCAL, STRIDE, OPTION_COUNT };
static const char* const option_names[OPTION_COUNT] = {"block", "pattern", "local", "stride"};

/* A piece of the options' text. */
typedef struct {
  const char* begin;
  size_t length;
} piece;

static bool equals(piece text, const char* word) {
  return text.length == strlen(word) && memcmp(text.begin, word, text.length) == 0;
}

/* How much of a piece a message shows. */
static int shown(piece text) {
  return text.length > 60 ? 60 : (int)text.length;
}

static bool parse_number(piece text, int64_t most, int64_t* number) {
  int64_t value = 0;
  for (size_t i = 0; i < text.length; ++i) {
    const char digit = text.begin[i];
    if (digit < '0' || digit > '9') return false;
    value = 10 * value + (digit - '0');
    if (value > most) return false;
  }
  *number = value;
  return value > 0;
}

/* Splits "NAME=VALUE,…" into one value for each option; those that are not given stay NULL. */
static bool split(const char* options, piece values[OPTION_COUNT], char* why, size_t why_bytes) {
  const char* rest = options;
  while (*rest != '\0') {
    const piece item = {rest, strcspn(rest, ",")};
    rest += item.length;
    if (*rest == ',' && *++rest == '\0') {
      snprintf(why, why_bytes, "the options end with a comma");
      return false;
    }
    const size_t name_length = strcspn(item.begin, "=,");
    const piece name = {item.begin, name_length};
    int option = 0;
    while (option < OPTION_COUNT && !equals(name, option_names[option]))
      ++option;
    if (option == OPTION_COUNT || name_length == item.length) {
      snprintf(why, why_bytes,
               "the option '%.*s' is not known: there are block=, pattern=, local= and stride=", shown(item),
               item.begin);
      return false;
    }
    if (values[option].begin != NULL) {
      snprintf(why, why_bytes, "the option %s is given twice", option_names[option]);
      return false;
    }
    values[option] = (piece){item.begin + name_length + 1, item.length - name_length - 1};
  }
  return true;
}

/* An option that is a number; one that was not given keeps what it is. */
static bool take_number(int option, piece text, int64_t most, int64_t* number, char* why, size_t why_bytes) {
  if (text.begin == NULL || parse_number(text, most, number)) return true;
  snprintf(why, why_bytes, "%s=%.*s is not a number from 1 to %lld", option_names[option], shown(text), text.begin,
           (long long)most);
  return false;
}

static bool take_pattern(piece text, bool* local, bool* strided, char* why, size_t why_bytes) {
  *local = text.begin == NULL || equals(text, "local") || equals(text, "local+strided");
  *strided = text.begin == NULL || equals(text, "strided") || equals(text, "local+strided");
  if (*local || *strided || equals(text, "all")) return true;
  snprintf(why, why_bytes, "pattern=%.*s is none of local, strided, local+strided and all", shown(text), text.begin);
  return false;
}

/* What would not be used is more likely a mistake than meant so. */
static bool refuse_unused(int option, piece pattern, char* why, size_t why_bytes) {
  snprintf(why, why_bytes, "%s= has no meaning with pattern=%.*s", option_names[option], shown(pattern), pattern.begin);
  return false;
}

bool parse_pattern(const char* options, block_pattern* pattern, char* why, size_t why_bytes) {
  enum { MOST_BLOCKS = 1 << 30 };
  piece values[OPTION_COUNT] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  block_pattern result = {64, 4, 8};
  bool local = false;
  bool strided = false;
  if (!split(options, values, why, why_bytes) || !take_pattern(values[PATTERN], &local, &strided, why, why_bytes) ||
      !take_number(BLOCK, values[BLOCK], PATTERN_MOST_BLOCK, &result.block, why, why_bytes) ||
      !take_number(LOCAL, values[LOCAL], MOST_BLOCKS, &result.local, why, why_bytes) ||
      !take_number(STRIDE, values[STRIDE], MOST_BLOCKS, &result.stride, why, why_bytes)) {
    return false;
  }
  if (!local && values[LOCAL].begin != NULL) return refuse_unused(LOCAL, values[PATTERN], why, why_bytes);
  if (!strided && values[STRIDE].begin != NULL) return refuse_unused(STRIDE, values[PATTERN], why, why_bytes);
  if (!local) result.local = 0;
  if (!strided) result.stride = local ? 0 : 1;
  *pattern = result;
  return true;
}

void describe_pattern(const block_pattern* pattern, char* text, size_t text_bytes) {
  const long long block = pattern->block;
  const long long local = pattern->local;
  const long long stride = pattern->stride;
  if (stride == 1) {
    snprintf(text, text_bytes, "block %lld, all", block);
  } else if (stride == 0) {
    snprintf(text, text_bytes, "block %lld, local %lld", block, local);
  } else if (local == 0) {
    snprintf(text, text_bytes, "block %lld, stride %lld", block, stride);
  } else {
    snprintf(text, text_bytes, "block %lld, local %lld, stride %lld", block, local, stride);
  }
}

bool selects(const block_pattern* pattern, int64_t row_block, int64_t key_block) {
  const int64_t distance = row_block > key_block ? row_block - key_block : key_block - row_block;
  return distance < pattern->local || (pattern->stride != 0 && key_block % pattern->stride == 0);
}
