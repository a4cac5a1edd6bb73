#!/bin/sh
# sanitize.sh PROGRAM: runs it under compute-sanitizer. 77 where there is none; what PROGRAM returns without a GPU is 77 too.
sanitizer=$(command -v compute-sanitizer || command -v /usr/local/cuda/bin/compute-sanitizer) || {
  echo "SKIPPED: no compute-sanitizer on this machine"
  exit 77
}
"$1" --count > /dev/null
[ $? = 77 ] && { "$1"; exit 77; }
"$sanitizer" --tool memcheck --error-exitcode 1 "$1"
