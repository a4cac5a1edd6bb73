/* For LD_PRELOAD: dlopen finds nothing whose name fits a pattern of HIDE_LIBRARIES (as in a shell, separated by
 * colons), unless the process has already loaded it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

typedef void* (*Open)(const char*, int);

static int is_hidden(const char* name) {
  char patterns[1024] = "";
  const char* given = getenv("HIDE_LIBRARIES");
  if (given == NULL || name == NULL) return 0;
  strncpy(patterns, given, sizeof(patterns) - 1);
  char* rest = NULL;
  for (const char* pattern = strtok_r(patterns, ":", &rest); pattern != NULL; pattern = strtok_r(NULL, ":", &rest))
    if (fnmatch(pattern, name, 0) == 0) return 1;
  return 0;
}

__attribute__((visibility("default"))) void* dlopen(const char* name, int flags) {
  Open real = NULL;
  void* found = dlsym(RTLD_NEXT, "dlopen");
  memcpy(&real, &found, sizeof(real));
  if (!is_hidden(name)) return real(name, flags);
  void* loaded = real(name, flags | RTLD_NOLOAD);
  return loaded != NULL ? loaded : real("/hidden by the test/it.so", flags);
}
