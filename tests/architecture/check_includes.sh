#!/bin/sh
# check_includes.sh ROOT: every #include of the product's own folders against arrows.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
find config_engine schemas attention_plugins cfgtool examples -name '*.[ch]pp' -o -name '*.[ch]' |
  sort | xargs awk -f "$here/check_includes.awk" "$here/arrows.txt"
